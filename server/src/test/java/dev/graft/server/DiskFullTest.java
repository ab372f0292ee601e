package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Sandbox;
import dev.graft.store.Database;
import dev.graft.store.FullDisk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk under the SQLite file is full: nothing is half done, and room is all that it takes. */
class DiskFullTest {
  @TempDir private Path folder;

  @Test
  void withoutRoomNothingIsSentAndWithRoomItGoesOnByItself() {
    try (Sandbox sandbox = Sandbox.start();
        RunningServer server = RunningServer.start(RunningServer.environment(folder, sandbox))) {
      Database database = server.bean(Database.class);
      List<Work.Customer> customers = Work.customers(sandbox, server, "customer", 40);
      var codes = new ArrayList<String>();
      int refused = 0;
      // A bit more room each time: it runs out before, within and after each of the steps.
      for (Work.Customer customer : customers) {
        FullDisk.leave(database, refused % 4);
        RunningServer.Answer answer = server.clone(customer.userId());
        codes.add(answer.status() == 200 ? "ok" : answer.code());
        if (answer.status() != 200) {
          refused++;
          assertThat(answer.status()).as(answer.body()).isEqualTo(503);
          assertThat(answer.code()).isEqualTo("STORAGE_UNAVAILABLE");
          assertThat(answer.body()).contains("disk", "full");
          assertThat(answer.header("Retry-After")).isNotEmpty();
          assertThat(server.get("/health").status()).as("it lives").isEqualTo(200);
          assertThat(server.get("/v1/accounts").status()).as("reading goes on").isEqualTo(200);
          FullDisk.makeRoom(database);
        }
      }
      FullDisk.makeRoom(database);
      assertThat(refused).as("clones without room, of " + codes).isGreaterThan(3);
      Work.untilNothingRuns(server, Duration.ofSeconds(30));
      assertThat(Work.cloneAll(server, customers)).allMatch(answer -> answer.status() == 200);
      assertThat(customers).allMatch(Work.Customer::hasOnePair);
    }
  }
}
