package dev.graft.server.link;

import dev.graft.core.apply.Reply;
import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.event.Events;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.KeyStates;
import dev.graft.vapi.Host;
import dev.graft.vapi.KeyProbe;
import dev.graft.vapi.Trace;
import dev.graft.vapi.VapiHttp;
import dev.graft.vault.Secret;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks Vapi now and then whether the accounts' keys still work, and keeps what it said. A key
 * counts as revoked when it was refused clearly and twice in a row; any other answer changes
 * nothing.
 */
public final class KeyCheck implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeyCheck.class);

  /** So many at a time, and then a pause: some five a second at most, whatever their number. */
  private static final int TOGETHER = 4;

  private static final Duration PAUSE = Duration.ofMillis(800);

  /** When a key that was refused once is asked about again, unless every key is asked sooner. */
  private static final Duration SECOND_LOOK = Duration.ofMinutes(10);

  /** When a key is asked about again of which Vapi said nothing clear. */
  private static final Duration UNCLEAR_LOOK = Duration.ofHours(1);

  private final KeyStates states;
  private final Accounts accounts;
  private final Keys keys;
  private final Events events;
  private final Acts acts;
  private final KeyProbe probe;
  private final List<Host> hosts;
  private final Duration every;
  private final InstantSource clock;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /**
   * A check.
   *
   * @param every how often each key is asked about
   */
  public KeyCheck(
      VapiHttp http,
      List<Host> hosts,
      KeyStates states,
      Accounts accounts,
      Keys keys,
      Events events,
      Acts acts,
      Duration callLimit,
      Duration every,
      InstantSource clock) {
    this.states = states;
    this.accounts = accounts;
    this.keys = keys;
    this.events = events;
    this.acts = acts;
    this.probe = new KeyProbe(http, callLimit, clock, true);
    this.hosts = List.copyOf(hosts);
    this.every = every;
    this.clock = clock;
  }

  /** Asks about every key that is due. */
  public void run() {
    while (!Thread.currentThread().isInterrupted()) {
      List<String> due =
          states.claim(clock.instant(), every, shorter(UNCLEAR_LOOK, every), TOGETHER);
      if (due.isEmpty()) {
        return;
      }
      try {
        threads.invokeAll(
            due.stream()
                .map(id -> Trace.carried((Callable<Boolean>) () -> isChecked(id)))
                .toList());
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private boolean isChecked(String accountId) {
    try (var _ = MDC.putCloseable("accountId", accountId)) {
      accounts.withId(accountId).ifPresent(this::check);
      return true;
    } catch (RuntimeException e) {
      LOG.warn("the key of {} cannot be checked now: {}", accountId, e.getMessage());
      return false;
    }
  }

  private void check(Account account) {
    Host host = Host.named(account.host(), hosts).orElse(hosts.getFirst());
    Reply reply;
    try (Secret key = keys.apiKey(account, "key-check", null)) {
      reply = probe.ask(key, host);
    }
    if (reply instanceof Reply.Ok) {
      Instant now = clock.instant();
      boolean worksAgain =
          states.works(
              account.id(),
              account.fingerprint(),
              now,
              now.plus(spread()),
              acts.record("account.key-works-again", account.id(), null, detail(account)));
      if (worksAgain) {
        LOG.info("the key of {} works again", account.id());
      }
    } else {
      heard(account, reply);
    }
  }

  /** Accounts that were linked together are not for ever asked about together. */
  private Duration spread() {
    long most = every.toMillis() / 8;
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(-most, most + 1));
  }

  /**
   * Keeps what Vapi said of a key in answer to whatever it was used for. Only a clear 401 is a word
   * about the key itself: 403 can be about what it is used for.
   *
   * @param account as it was when its key was used
   */
  public void heard(Account account, Reply reply) {
    if (!(reply instanceof Reply.Refused refused) || refused.status() != 401) {
      return;
    }
    Instant now = clock.instant();
    String reason = said(refused.messages());
    boolean revoked =
        states.refused(
            account.id(),
            account.fingerprint(),
            reason,
            now,
            now.minus(every).plus(shorter(SECOND_LOOK, every)),
            now.plus(spread()),
            events.revoked(account, accounts.usersOf(account.id()), now),
            acts.record(
                "account.revoked", account.id(), null, detail(account).put("reason", reason)));
    if (revoked) {
      LOG.warn("Vapi does not accept the key of {} any more: {}", account.id(), reason);
    }
  }

  private static String said(List<String> messages) {
    return messages.isEmpty()
        ? "Vapi answers with status 401."
        : "Vapi answers with status 401: " + String.join("; ", messages);
  }

  private static ObjectNode detail(Account account) {
    return Json.object().put("keyFingerprint", account.fingerprint().substring(0, 12));
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
