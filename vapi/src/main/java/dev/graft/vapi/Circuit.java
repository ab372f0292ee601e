package dev.graft.vapi;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Knows of one of Vapi's hosts whether it answers anyone. When nothing but failures came back for a
 * while, from several accounts, nothing more is sent there for some seconds; then one read finds
 * out whether it is back. What is on its way goes on, and is never taken for failed because of
 * this.
 */
public final class Circuit {
  /** So many failures without an answer between them. */
  private static final int FAILURES = 10;

  /** Of so many accounts, since one alone can be the cause of what it sees. */
  private static final int ACCOUNTS = 3;

  /** For so long there was nothing else: a blip is no outage. */
  private static final Duration ENDURED = Duration.ofSeconds(2);

  private static final Duration FIRST = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** Until a probe is over, others ask again. */
  private static final Duration PROBE = Duration.ofSeconds(1);

  private final LongSupplier nanoTime;
  private final Set<String> accounts = new HashSet<>();
  private int failures;
  private boolean anyone = true;
  private long firstFailure;
  private boolean open;
  private boolean probing;
  private long openUntil;
  private Duration pause = FIRST;
  private long opened;
  private long refused;

  Circuit(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Whether calls go out; the best comes first. */
  public enum State {
    CLOSED,
    /** One read may, and shows whether others may. */
    HALF_OPEN,
    OPEN
  }

  /**
   * What it is like.
   *
   * @param opened how often it opened since the start
   * @param refused how many calls it did not let out
   */
  public record Seen(State state, long opened, long refused) {}

  /** For whoever watches over this node. */
  public synchronized Seen seen() {
    return new Seen(
        !open ? State.CLOSED : isDue() && !probing ? State.HALF_OPEN : State.OPEN, opened, refused);
  }

  private boolean isDue() {
    return nanoTime.getAsLong() - openUntil >= 0;
  }

  /** How long nothing goes out, zero when something may. */
  synchronized Duration closedFor() {
    return !open || isDue() && !probing ? Duration.ZERO : rest();
  }

  /**
   * Lets a call out, or not.
   *
   * @return zero when it may go, and its end has to be told; how long to wait otherwise
   */
  synchronized Duration admit(boolean isRead) {
    if (!open) {
      return Duration.ZERO;
    }
    if (isRead && isDue() && !probing) {
      probing = true;
      return Duration.ZERO;
    }
    refused++;
    return rest();
  }

  private Duration rest() {
    var rest = Duration.ofNanos(openUntil - nanoTime.getAsLong());
    return rest.compareTo(PROBE) > 0 ? rest : PROBE;
  }

  /** The host answered something, be it a refusal. */
  synchronized void answered() {
    open = false;
    probing = false;
    failures = 0;
    anyone = true;
    accounts.clear();
    pause = FIRST;
  }

  /**
   * Nothing came, or an error of the host's own.
   *
   * @param unreached when there was no connection, which is no account's doing
   */
  synchronized void failed(String account, boolean unreached) {
    long now = nanoTime.getAsLong();
    if (open) {
      if (probing) {
        probing = false;
        pause = pause.multipliedBy(2).compareTo(LONGEST) < 0 ? pause.multipliedBy(2) : LONGEST;
        openUntil = now + pause.toNanos();
      }
      return;
    }
    if (failures == 0) {
      firstFailure = now;
    }
    failures++;
    anyone &= unreached;
    if (accounts.size() < ACCOUNTS) {
      accounts.add(account);
    }
    if (failures >= FAILURES
        && (anyone || accounts.size() >= ACCOUNTS)
        && now - firstFailure >= ENDURED.toNanos()) {
      open = true;
      opened++;
      openUntil = now + pause.toNanos();
    }
  }
}
