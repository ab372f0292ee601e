package dev.graft.sandbox;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Something that goes wrong with certain requests. Faults that meet in one request all act. */
public final class Fault {
  /** When in the course of a request. */
  public enum Moment {
    /** Before it has done anything to the account. */
    BEFORE,
    /** When it has done its work, and the reply is about to go. */
    AFTER
  }

  /**
   * Which requests.
   *
   * @param method {@code "*"} for any
   * @param path with {@code *} for any one segment and {@code **} for anything; no query
   * @param nth the first one that is struck, counted from 1 among those that match
   * @param times how many are struck from there on
   * @param orgId the account, or null for any
   */
  public record Trigger(String method, String path, int nth, int times, @Nullable String orgId) {
    public Trigger {
      if (nth < 1 || times < 1) {
        throw new IllegalArgumentException("The count of a fault starts at 1.");
      }
    }

    public Trigger nth(int first) {
      return new Trigger(method, path, first, times, orgId);
    }

    public Trigger times(int count) {
      return new Trigger(method, path, nth, count, orgId);
    }

    public Trigger always() {
      return times(Integer.MAX_VALUE);
    }

    public Trigger by(Account account) {
      return new Trigger(method, path, nth, times, account.orgId());
    }

    public Fault before(Effect effect) {
      return new Fault(this, Moment.BEFORE, effect);
    }

    public Fault after(Effect effect) {
      return new Fault(this, Moment.AFTER, effect);
    }

    private Pattern pattern() {
      return Pattern.compile(
          Stream.of(path.splitWithDelimiters("\\*\\*|\\*", 0))
              .map(part ->
                  switch (part) {
                    case "*" -> "[^/]*";
                    case "**" -> ".*";
                    default -> Pattern.quote(part);
                  })
              .collect(Collectors.joining()));
    }
  }

  private final Trigger trigger;
  private final Moment moment;
  private final Effect effect;
  private final Pattern path;
  private final AtomicInteger seen = new AtomicInteger();
  private final AtomicInteger struck = new AtomicInteger();

  private Fault(Trigger trigger, Moment moment, Effect effect) {
    if (moment == Moment.BEFORE && effect.spoilsReply()) {
      throw new IllegalArgumentException("There is no reply to spoil yet: use after(...).");
    }
    this.trigger = trigger;
    this.moment = moment;
    this.effect = effect;
    this.path = trigger.pattern();
  }

  /** The first request that matches; see {@link Trigger} for the path. */
  public static Trigger on(String method, String path) {
    return new Trigger(method, path, 1, 1, null);
  }

  public Trigger trigger() {
    return trigger;
  }

  public Moment moment() {
    return moment;
  }

  public Effect effect() {
    return effect;
  }

  /** How many requests it has struck. */
  public int struck() {
    return struck.get();
  }

  /** Counts the request if it matches, and says whether this is one to strike. */
  boolean strikes(Call call, @Nullable Account account) {
    if (!matches(call, account)) {
      return false;
    }
    // Long, since "always" is as many as there are.
    long past = (long) seen.incrementAndGet() - trigger.nth();
    boolean hit = past >= 0 && past < trigger.times();
    if (hit) {
      struck.incrementAndGet();
    }
    return hit;
  }

  private boolean matches(Call call, @Nullable Account account) {
    String org = trigger.orgId();
    return (trigger.method().equals("*") || trigger.method().equalsIgnoreCase(call.method()))
        && path.matcher(call.path()).matches()
        && (org == null || (account != null && account.orgId().equals(org)));
  }
}
