package dev.graft.product;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** {@code graft doctor} as a process: however it ends, the account is left as it was. */
class DoctorProcessTest {
  private static final String KEY = "5a4db0c5-de30-4000-8000-c0ffee000001";

  @Test
  void aVisitThatIsInterruptedTidiesUpAndOneThatIsKilledIsTidiedUpAfter() throws Exception {
    try (GraftProcess sandbox = GraftProcess.start(Map.of(), "sandbox", "--port", "0")) {
      URI vapi = sandbox.url();
      latency(vapi, 60);
      try (GraftProcess visit = visit(vapi)) {
        awaitObjects(vapi);
        visit.terminate();
        assertThat(visit.exit()).isEqualTo(143);
      }
      assertThat(objects(vapi)).isZero();
      try (GraftProcess visit = visit(vapi)) {
        awaitObjects(vapi);
        visit.kill();
      }
      assertThat(objects(vapi)).isPositive();
      latency(vapi, 0);
      try (GraftProcess visit = visit(vapi, "--yes")) {
        assertThat(visit.exit()).as(visit.output()).isZero();
        assertThat(visit.output())
            .contains("A visit that was cut off", "Removed.", "| question |")
            .doesNotContain(KEY);
      }
      assertThat(objects(vapi)).isZero();
    }
  }

  private static GraftProcess visit(URI vapi, String... more) {
    var arguments = new java.util.ArrayList<>(List.of("doctor", "--live"));
    arguments.addAll(List.of(more));
    return GraftProcess.start(
        Map.of("VAPI_API_KEY", KEY, "GRAFT_VAPI_BASE_URL", vapi.toString()),
        arguments.toArray(String[]::new));
  }

  private static void latency(URI vapi, int millis) throws IOException {
    Http.send(
        HttpRequest.newBuilder(vapi.resolve("/_sandbox/options"))
            .header("Content-Type", "application/json")
            .method("PATCH", BodyPublishers.ofString("{\"latency-ms\":" + millis + "}")));
  }

  private static void awaitObjects(URI vapi) throws Exception {
    Instant until = Instant.now().plus(Duration.ofSeconds(60));
    while (objects(vapi) < 3) {
      assertThat(Instant.now()).isBefore(until);
      Thread.sleep(50);
    }
  }

  private static int objects(URI vapi) throws IOException {
    int count = 0;
    for (String kind : List.of("assistant", "tool", "squad", "structured-output")) {
      count += Http.objects(vapi, "Demo%20customer", kind).size();
    }
    return count;
  }
}
