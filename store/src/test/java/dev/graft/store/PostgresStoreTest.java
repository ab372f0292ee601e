package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresStoreTest implements StoreContract, CrashContract {
  private static Database database;
  private static Database another;

  @BeforeAll
  static void open() {
    URI url = TestPostgres.freshDatabase();
    database = Database.postgres(url, 20);
    another = Database.postgres(url, 5);
  }

  @AfterAll
  static void close() {
    database.close();
    another.close();
  }

  @Override
  public Database database() {
    return database;
  }

  @Override
  public Database another() {
    return another;
  }

  @Test
  void bothDatabasesHaveTheSameTablesAndColumns(@TempDir Path folder) {
    List<String> postgres =
        database.read(sql ->
            sql.list(
                row -> row.text("c"),
                """
                SELECT table_name || '.' || column_name || ' ' || data_type || ' '
                                     || is_nullable AS c
                                   FROM information_schema.columns WHERE table_schema = 'public'
                                     AND table_name <> 'graft_migration' ORDER BY 1
                """));
    try (Database file = Database.sqlite(folder.resolve("graft.db"))) {
      List<String> sqlite =
          file.read(sql ->
              sql.list(
                  row -> row.text("c"),
                  """
                  SELECT m.name || '.' || c.name || ' ' || c.type || ' '
                                         || CASE WHEN c."notnull" = 1 THEN 'NO' ELSE 'YES' END AS c
                                       FROM sqlite_master m JOIN pragma_table_info(m.name) c
                                       WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
                                         AND m.name <> 'graft_migration' ORDER BY 1
                  """));
      assertThat(sqlite.stream().map(PostgresStoreTest::inPostgresWords).sorted())
          .containsExactlyElementsOf(postgres.stream().sorted().toList());
    }
  }

  private static String inPostgresWords(String column) {
    return column
        .replace(" INTEGER ", " bigint ")
        .replace(" BLOB ", " bytea ")
        .replace(" TEXT ", " text ")
        .toLowerCase(Locale.ROOT)
        .replace(" no", " NO")
        .replace(" yes", " YES");
  }

  @Test
  void aServerThatIsNotThereIsToldInASentence() {
    assertThatThrownBy(
            () -> Database.postgres(URI.create("postgresql://u:hidden@127.0.0.1:1/x"), 2))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("cannot be reached")
        .hasMessageNotContaining("hidden");
  }
}
