package dev.graft.store;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class PostgresCountsTest implements CountsContract {
  private Database database;

  @BeforeEach
  void open() {
    database = Database.postgres(TestPostgres.freshDatabase(), 4);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Override
  public Database database() {
    return database;
  }
}
