package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SqliteAuditServerTest extends AuditServerContract {
  @Override
  Map<String, String> with(Map<String, String> environment) {
    return environment;
  }

  @Override
  Connection past(Map<String, String> environment, Path dataDir) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:sqlite:" + dataDir.resolve("graft.db") + "?busy_timeout=10000");
  }

  @Override
  List<String> refusingRecords() {
    return List.of(
        "CREATE TRIGGER refusing BEFORE INSERT ON audit_pending BEGIN SELECT RAISE(ABORT, 'no'); END");
  }

  @Override
  List<String> takingRecords() {
    return List.of("DROP TRIGGER refusing");
  }

  @Override
  List<String> withoutTriggers() {
    return List.of("DROP TRIGGER audit_record_kept", "DROP TRIGGER audit_checkpoint_kept");
  }

  @Test
  void aBackupThatIsPutBackIsNoticedByTheOutsideCheckpointAlone() throws IOException {
    linked(newUser());
    server.close();
    Path file = folder.resolve("data/graft.db");
    Path backup = folder.resolve("backup.db");
    Files.copy(file, backup);
    server = RunningServer.start(environment);
    linked(newUser());
    server.close();
    Files.copy(backup, file, StandardCopyOption.REPLACE_EXISTING);
    server = RunningServer.start(environment);
    assertThat(server.get("/health/ready").json().at("/checks/audit").stringValue())
        .contains("the database was restored from an older backup", "graft audit restored");
    assertThat(verified(records("")).isSound()).isFalse();
    assertThat(server.post("/v1/audit/restored", "{}").status()).isEqualTo(200);
    linked(newUser());
    assertThat(verified(records("")).faults()).isEmpty();
  }
}
