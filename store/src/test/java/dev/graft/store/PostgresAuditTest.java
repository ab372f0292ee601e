package dev.graft.store;

import java.net.URI;
import java.util.List;

class PostgresAuditTest implements AuditContract {
  private URI url = TestPostgres.freshDatabase();

  @Override
  public Database fresh() {
    url = TestPostgres.freshDatabase();
    return Database.postgres(url, 10);
  }

  @Override
  public Database again(Database database) {
    return Database.postgres(url, 10);
  }

  @Override
  public List<String> withoutTriggers() {
    return List.of(
        "ALTER TABLE audit_record DISABLE TRIGGER USER",
        "ALTER TABLE audit_pending DISABLE TRIGGER USER");
  }
}
