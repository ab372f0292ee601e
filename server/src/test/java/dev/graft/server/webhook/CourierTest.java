package dev.graft.server.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.event.EventType;
import dev.graft.server.event.Events;
import dev.graft.server.link.Keys;
import dev.graft.server.telemetry.ErrorReports;
import dev.graft.store.Accounts;
import dev.graft.store.AuditTrail;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.Delivery;
import dev.graft.store.Event;
import dev.graft.store.Outbox;
import dev.graft.store.Webhooks;
import dev.graft.vault.LocalKeyProvider;
import dev.graft.vault.MasterKey;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deliveries over days, with a clock that the test turns. */
class CourierTest {
  private static final Instant BEGUN = Instant.parse("2026-11-23T10:00:00Z");
  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final int MANY = Boolean.getBoolean("graft.long") ? 10_000 : 100;

  @TempDir private Path folder;
  private final AtomicReference<Instant> time = new AtomicReference<>(BEGUN);
  private final InstantSource clock = time::get;
  private final AtomicInteger serial = new AtomicInteger();
  private final List<Receiver> receivers = new ArrayList<>();
  private Database database;
  private Outbox outbox;
  private Webhooks webhooks;
  private Keys keys;
  private Acts acts;
  private Events events;
  private Courier courier;
  private Endpoints endpoints;

  @BeforeEach
  void open() {
    database = Database.sqlite(folder.resolve("graft.db"));
    new AuditTrail(database).proveWith(content -> new byte[32]);
    outbox = new Outbox(database);
    webhooks = new Webhooks(database);
    acts = new Acts(new AuditTrail(database), clock);
    var vault =
        new Vault(
            new LocalKeyProvider(MasterKey.of(Secret.copyOf("ab".repeat(32))), List.of()),
            List.of(),
            InstantSource.system(),
            Vault.CacheLimits.USUAL);
    keys = new Keys(vault, new Accounts(database), new DataKeys(database), clock, acts, List.of());
    events = new Events(() -> "evt_%012d".formatted(serial.incrementAndGet()));
    courier = courier();
    endpoints =
        new Endpoints(
            webhooks,
            outbox,
            courier,
            keys,
            events,
            reach(),
            acts,
            clock,
            () -> "wh_%04d".formatted(serial.incrementAndGet()));
  }

  @AfterEach
  void close() {
    courier.close();
    receivers.forEach(Receiver::close);
    database.close();
  }

  private static Reach reach() {
    return Reach.allowing("127.0.0.1").orElseThrow();
  }

  private Courier courier() {
    return new Courier(
        outbox, webhooks, keys, events, acts, reach(), LIMIT, clock, _ -> {}, ErrorReports.none());
  }

  private Receiver receiver() {
    var receiver = new Receiver();
    receivers.add(receiver);
    return receiver;
  }

  private Endpoints.Revealed hook(Receiver receiver, EventType... types) throws Exception {
    return endpoints
        .add(new Endpoints.Wish(receiver.url().toString(), Set.of(types), ""))
        .orElseThrow();
  }

  private Event happen() {
    var event =
        new Event(
            "evt_%012d".formatted(serial.incrementAndGet()),
            EventType.ACCOUNT_REVOKED.text(),
            "acc_1",
            clock.instant(),
            Json.object().put("account", "acc_1"));
    outbox.add(event);
    return event;
  }

  private static void until(BooleanSupplier holds) throws InterruptedException {
    Instant end = Instant.now().plusSeconds(120);
    while (!holds.getAsBoolean()) {
      assertThat(Instant.now()).as("it takes too long").isBefore(end);
      Thread.sleep(5);
    }
  }

  private Delivery delivery(Endpoints.Revealed hook, Event event) {
    return outbox.one(hook.webhook().id(), event.id()).orElseThrow();
  }

  /** Lets it be sent once more, at the time at which it is due. */
  private Delivery again(Endpoints.Revealed hook, Event event) throws InterruptedException {
    Delivery before = delivery(hook, event);
    time.updateAndGet(now -> before.nextTryAt().isAfter(now) ? before.nextTryAt() : now);
    until(() -> {
      courier.run();
      return delivery(hook, event).tries() > before.tries();
    });
    return delivery(hook, event);
  }

  @Test
  void aDeliveryIsTriedForThreeDaysAndGivenUpAndAWebhookAfterFive() throws Exception {
    Receiver broken = receiver();
    broken.answers(500);
    Receiver other = receiver();
    Endpoints.Revealed hook = hook(broken, EventType.ACCOUNT_REVOKED);
    Endpoints.Revealed listening = hook(other, EventType.WEBHOOK_DISABLED);
    Event first = happen();
    Delivery last = again(hook, first);
    while (last.state() == Delivery.State.WAITING) {
      last = again(hook, first);
    }
    assertThat(last.tries()).isEqualTo(Retries.PAUSES.size() + 1);
    assertThat(last.state()).isEqualTo(Delivery.State.DEAD);
    assertThat(Duration.between(BEGUN, clock.instant()))
        .isBetween(Duration.ofDays(2), Duration.ofDays(4));
    assertThat(webhooks.withId(hook.webhook().id()).orElseThrow().enabled()).isTrue();
    assertThat(broken.got()).extracting(got -> got.header("webhook-id")).containsOnly(first.id());
    assertThat(broken.got())
        .extracting(Receiver.Got::body)
        .containsOnly(broken.got().getFirst().body());

    time.set(BEGUN.plus(Courier.PATIENCE).plusSeconds(1));
    Event second = happen();
    again(hook, second);
    until(() -> !webhooks.withId(hook.webhook().id()).orElseThrow().enabled());
    assertThat(delivery(hook, second).state()).isEqualTo(Delivery.State.DEAD);
    until(() -> {
      courier.run();
      return !other.got().isEmpty();
    });
    assertThat(other.got().getFirst().data().get("webhook").stringValue())
        .isEqualTo(hook.webhook().id());
    assertThat(listening.webhook().enabled()).isTrue();
    happen();
    assertThat(outbox.due(clock.instant())).isEmpty();
  }

  @Test
  void oneSuccessIsAFreshStart() throws Exception {
    Receiver receiver = receiver();
    receiver.answers(503);
    Endpoints.Revealed hook = hook(receiver);
    Event event = happen();
    again(hook, event);
    assertThat(webhooks.withId(hook.webhook().id()).orElseThrow().failingSince()).isNotNull();
    receiver.answers(200);
    assertThat(again(hook, event).state()).isEqualTo(Delivery.State.DELIVERED);
    assertThat(webhooks.withId(hook.webhook().id()).orElseThrow().failingSince()).isNull();
  }

  @Test
  void oneThatSaysItIsGoneIsDisabledAtOnce() throws Exception {
    Receiver receiver = receiver();
    receiver.answers(410);
    Endpoints.Revealed hook = hook(receiver);
    Event event = happen();
    until(() -> {
      courier.run();
      return !webhooks.withId(hook.webhook().id()).orElseThrow().enabled();
    });
    assertThat(delivery(hook, event).state()).isEqualTo(Delivery.State.DEAD);
    assertThat(receiver.got()).hasSize(1);
  }

  /** A node that is killed while it delivers has taken what another one delivers later. */
  @Test
  void whatADeadNodeHadTakenIsDelivered() throws Exception {
    Receiver receiver = receiver();
    Endpoints.Revealed hook = hook(receiver);
    Event event = happen();
    assertThat(outbox.claim(hook.webhook().id(), clock.instant(), 10, Duration.ofMillis(300)))
        .hasSize(1);
    courier.run();
    Thread.sleep(100);
    assertThat(receiver.got()).isEmpty();
    until(() -> {
      courier.run();
      return delivery(hook, event).state() == Delivery.State.DELIVERED;
    });
    assertThat(receiver.got()).hasSize(1);
  }

  @Test
  void aSlowReceiverIsInNobodysWayAndTwoNodesDeliverEachEventOnce() throws Exception {
    Receiver slow = receiver();
    slow.answers(exchange -> {
      try {
        Thread.sleep(1_500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.sendResponseHeaders(204, -1);
    });
    Receiver quick = receiver();
    hook(slow);
    Endpoints.Revealed hook = hook(quick);
    for (int i = 0; i < MANY; i++) {
      happen();
    }
    try (Courier otherNode = courier()) {
      long begun = System.nanoTime();
      courier.run();
      otherNode.run();
      until(() -> outbox.count(hook.webhook().id(), Delivery.State.WAITING) == 0);
      double seconds = (System.nanoTime() - begun) / 1e9;
      figure(
          MANY + " events, one receiver beside a slow one: " + Math.round(MANY / seconds) + "/s");
      assertThat(seconds).isLessThan(110);
    }
    assertThat(quick.got()).hasSize(MANY);
    assertThat(new HashSet<>(quick.got().stream().map(got -> got.header("webhook-id")).toList()))
        .hasSize(MANY);
    assertThat(slow.got().size()).isLessThan(MANY);
  }

  @SuppressWarnings("SystemOut")
  private static void figure(String text) {
    System.out.println(text);
  }
}
