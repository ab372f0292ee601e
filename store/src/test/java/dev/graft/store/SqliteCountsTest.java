package dev.graft.store;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

class SqliteCountsTest implements CountsContract {
  @TempDir private Path folder;
  private Database database;

  @BeforeEach
  void open() {
    database = Database.sqlite(folder.resolve("graft.db"));
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
