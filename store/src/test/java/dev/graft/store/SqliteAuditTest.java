package dev.graft.store;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class SqliteAuditTest implements AuditContract {
  @TempDir private Path folder;
  private int files;

  @Override
  public Database fresh() {
    files++;
    return Database.sqlite(file());
  }

  private Path file() {
    return folder.resolve("graft" + files + ".db");
  }

  @Override
  public Database again(Database database) {
    database.close();
    return Database.sqlite(file());
  }

  /** A file belongs to one process, in which all share one handle. */
  @Override
  public Database another(Database database) {
    return database;
  }

  @Override
  public List<String> withoutTriggers() {
    return List.of(
        "DROP TRIGGER audit_record_unchanged",
        "DROP TRIGGER audit_record_kept",
        "DROP TRIGGER audit_pending_unchanged");
  }
}
