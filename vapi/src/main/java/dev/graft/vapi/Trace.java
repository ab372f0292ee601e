package dev.graft.vapi;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A place in a trace that may span many programs, as W3C Trace Context names it.
 *
 * @param traceId 32 hex digits, the same for everything that one request caused anywhere
 * @param spanId 16 hex digits, of the work that this program does for it
 * @param parent the span that this work is a part of, null when it is a part of nothing
 */
public record Trace(String traceId, String spanId, @Nullable String parent, boolean sampled) {
  /** The header that carries it, in and out. */
  public static final String HEADER = "traceparent";

  /** What the present thread works for; unbound when no request asked for it. */
  public static final ScopedValue<Trace> CURRENT = ScopedValue.newInstance();

  private static final Pattern FORM =
      Pattern.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?");
  private static final int LONGEST = 512;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A trace of its own. */
  public static Trace begun() {
    return new Trace(random(16), random(8), null, true);
  }

  /**
   * This program's part of the trace in a header; a trace of its own when the header is none or is
   * not well-formed, as the standard wants it.
   */
  public static Trace continued(@Nullable String header) {
    return parsed(header).map(Trace::child).orElseGet(Trace::begun);
  }

  /** What a header says, if it is well-formed. */
  static Optional<Trace> parsed(@Nullable String header) {
    if (header == null || header.length() > LONGEST) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(header.strip());
    if (!form.matches()
        || form.group(1).equals("ff")
        || form.group(1).equals("00") && form.group(5) != null
        || form.group(2).chars().allMatch(digit -> digit == '0')
        || form.group(3).chars().allMatch(digit -> digit == '0')) {
      return Optional.empty();
    }
    boolean sampled = (Integer.parseInt(form.group(4), 16) & 1) == 1;
    return Optional.of(new Trace(form.group(2), form.group(3), null, sampled));
  }

  /** A part of this work, such as a call that is made for it. */
  public Trace child() {
    return new Trace(traceId, random(8), spanId, sampled);
  }

  /** Work for another thread, which does not know by itself what it works for. */
  public static <T> Callable<T> carried(Callable<T> work) {
    if (!CURRENT.isBound()) {
      return work;
    }
    Trace trace = CURRENT.get();
    return () -> ScopedValue.where(CURRENT, trace).call(work::call);
  }

  public String header() {
    return "00-" + traceId + "-" + spanId + (sampled ? "-01" : "-00");
  }

  private static String random(int bytes) {
    byte[] random = new byte[bytes];
    do {
      RANDOM.nextBytes(random);
    } while (random[0] == 0);
    return HexFormat.of().formatHex(random);
  }
}
