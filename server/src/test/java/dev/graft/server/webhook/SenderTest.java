package dev.graft.server.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SenderTest {
  private static final Duration LIMIT = Duration.ofMillis(700);
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress PUBLIC = InetAddress.ofLiteral("8.8.8.8");

  private final Receiver receiver = new Receiver();

  @AfterEach
  void close() {
    receiver.close();
  }

  private static Sender.Outcome send(Reach reach, URI url) {
    try (var sender = new Sender(reach, LIMIT)) {
      return sender.send(
          url,
          Map.of("webhook-id", "evt_1"),
          "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
  }

  private Sender.Outcome send() {
    return send(Reach.allowing("127.0.0.1").orElseThrow(), receiver.url());
  }

  @Test
  void whatIsAllowedArrives() {
    assertThat(send()).isEqualTo(new Sender.Outcome.Accepted(204));
    Receiver.Got got = receiver.got().getFirst();
    assertThat(got.body()).isEqualTo("{}");
    assertThat(got.header("webhook-id")).isEqualTo("evt_1");
    assertThat(got.header("content-type")).startsWith("application/json");
  }

  /** Also when nobody looked at the address before it came here. */
  @Test
  void anAddressInTheUrlIsCheckedLikeAnyOther() {
    assertThat(send(Reach.PUBLIC, receiver.url()))
        .isInstanceOfSatisfying(
            Sender.Outcome.Failed.class,
            failed -> assertThat(failed.reason()).contains("127.0.0.1", "no public address"));
    assertThat(send(Reach.PUBLIC, URI.create("https://127.0.0.1:" + receiver.port() + "/")))
        .isInstanceOf(Sender.Outcome.Failed.class);
    assertThat(send(Reach.PUBLIC, URI.create("https://[::ffff:127.0.0.1]:" + receiver.port())))
        .isInstanceOf(Sender.Outcome.Failed.class);
    assertThat(receiver.got()).isEmpty();
  }

  /** The name was public when it was looked at, and is this machine when it is connected to. */
  @Test
  void aNameThatChangesItsAddressLeadsNowhere() throws Exception {
    URI url = URI.create("https://rebinding.example:" + receiver.port() + "/");
    Reach reach = Reach.PUBLIC.resolvedBy(Answers.of(List.of(PUBLIC), List.of(LOOPBACK)));
    assertThat(reach.address(url.toString())).isEqualTo(url);
    assertThat(send(reach, url))
        .isInstanceOfSatisfying(
            Sender.Outcome.Failed.class,
            failed -> assertThat(failed.reason()).contains("no public address"));
    assertThat(receiver.got()).isEmpty();
  }

  /**
   * What was checked is what is connected to: a later answer of the name server is not asked for.
   */
  @Test
  void aConnectionGoesToTheAddressThatWasChecked() {
    Reach reach =
        Reach.allowing("127.0.0.1")
            .orElseThrow()
            .resolvedBy(Answers.of(List.of(LOOPBACK), List.of(InetAddress.ofLiteral("192.0.2.1"))));
    assertThat(send(reach, URI.create("http://pinned.example:" + receiver.port() + "/")))
        .isEqualTo(new Sender.Outcome.Accepted(204));
    assertThat(receiver.got().getFirst().header("host"))
        .isEqualTo("pinned.example:" + receiver.port());
  }

  @Test
  void aRedirectIsNotFollowed() {
    try (var elsewhere = new Receiver()) {
      receiver.answers(exchange -> {
        exchange.getResponseHeaders().add("Location", elsewhere.url().toString());
        exchange.sendResponseHeaders(307, -1);
      });
      assertThat(send())
          .isInstanceOfSatisfying(
              Sender.Outcome.Failed.class,
              failed -> assertThat(failed.reason()).contains("redirects"));
      assertThat(elsewhere.got()).isEmpty();
    }
  }

  @Test
  void oneThatDoesNotAnswerIsGivenUpInTime() {
    receiver.answers(exchange -> sleep(20_000));
    long begun = System.nanoTime();
    assertThat(send())
        .isInstanceOfSatisfying(
            Sender.Outcome.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo("no answer in time"));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
  }

  /** The status has come; a body without end, fast or slow, changes nothing of that. */
  @Test
  void aBodyWithoutEndIsCutOffAndItsStatusCounts() {
    var sent = new AtomicLong();
    receiver.answers(exchange -> {
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      for (int i = 0; i < 100_000; i++) {
        out.write(new byte[1024]);
        sent.addAndGet(1024);
      }
    });
    assertThat(send()).isEqualTo(new Sender.Outcome.Accepted(200));
    assertThat(sent.get()).isLessThan(50_000_000);

    receiver.answers(exchange -> {
      exchange.sendResponseHeaders(500, 0);
      for (int i = 0; i < 200; i++) {
        exchange.getResponseBody().write(1);
        exchange.getResponseBody().flush();
        sleep(100);
      }
    });
    long begun = System.nanoTime();
    assertThat(send())
        .isInstanceOfSatisfying(
            Sender.Outcome.Failed.class, failed -> assertThat(failed.status()).isEqualTo(500));
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  void oneThatIsGoneIsGone() {
    receiver.answers(410);
    assertThat(send()).isEqualTo(new Sender.Outcome.Gone());
  }

  @Test
  void whatAReceiverWishesIsHeard() {
    receiver.answers(exchange -> {
      exchange.getResponseHeaders().add("Retry-After", "120");
      exchange.sendResponseHeaders(503, -1);
    });
    assertThat(send())
        .isEqualTo(
            new Sender.Outcome.Failed(503, "it answered with status 503", Duration.ofMinutes(2)));
  }

  @Test
  void oneThatIsNotThereOrSpeaksNoTlsIsToldInWords() throws IOException {
    Reach reach = Reach.allowing("127.0.0.1").orElseThrow();
    assertThat(send(reach, URI.create("https://127.0.0.1:" + receiver.port() + "/")))
        .isInstanceOf(Sender.Outcome.Failed.class);
    receiver.close();
    assertThat(send(reach, receiver.url()))
        .isInstanceOfSatisfying(
            Sender.Outcome.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo("no connection to it"));
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
