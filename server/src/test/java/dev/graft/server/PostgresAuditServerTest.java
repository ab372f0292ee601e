package dev.graft.server;

import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

class PostgresAuditServerTest extends AuditServerContract {
  @Override
  Map<String, String> with(Map<String, String> environment) {
    return RunningServer.withPostgres(environment);
  }

  @Override
  Connection past(Map<String, String> environment, Path dataDir) throws SQLException {
    URI url = URI.create(environment.get("GRAFT_DATABASE_URL"));
    return DriverManager.getConnection(
        "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + url.getPath(),
        "postgres",
        "postgres");
  }

  @Override
  List<String> refusingRecords() {
    return List.of(
        "CREATE TRIGGER refusing BEFORE INSERT ON audit_pending FOR EACH ROW EXECUTE FUNCTION"
            + " graft_refuse()");
  }

  @Override
  List<String> takingRecords() {
    return List.of("DROP TRIGGER refusing ON audit_pending");
  }

  @Override
  List<String> withoutTriggers() {
    return List.of(
        "ALTER TABLE audit_record DISABLE TRIGGER USER",
        "ALTER TABLE audit_checkpoint DISABLE TRIGGER USER");
  }
}
