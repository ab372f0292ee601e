package dev.graft.cli;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What is done one after the other while someone watches: numbered, and with the time it took. */
final class Steps {
  private static final int TIMES_AT = 62;

  private final Output out;
  private int number;

  Steps(Output out) {
    this.out = out;
  }

  <T> T step(String what, Supplier<T> work) {
    number++;
    String head = "%2d  %s ".formatted(number, what);
    out.print(Line.EMPTY);
    out.begin(Line.of(head, Style.BOLD).and(".".repeat(Math.max(2, TIMES_AT - head.length()))));
    long start = System.nanoTime();
    try {
      T result = work.get();
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
      out.print(Line.of(String.format(Locale.ROOT, " %4.1f s", millis / 1000.0)));
      return result;
    } catch (RuntimeException e) {
      out.print(Line.of(" failed", Style.RED));
      throw e;
    }
  }
}
