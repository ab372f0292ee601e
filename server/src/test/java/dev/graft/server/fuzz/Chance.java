package dev.graft.server.fuzz;

import java.util.List;
import java.util.SplittableRandom;

/** Everything that is left to chance, from one seed, so that a run can be had again. */
final class Chance {
  private final SplittableRandom random;

  Chance(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** From 0 to one less than the bound. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  /** From one number to another, both included. */
  int between(int least, int most) {
    return random.nextInt(least, most + 1);
  }

  boolean oneIn(int many) {
    return random.nextInt(many) == 0;
  }

  long number() {
    return random.nextLong();
  }

  <T> T of(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  @SafeVarargs
  final <T> T of(T... choices) {
    return choices[random.nextInt(choices.length)];
  }

  byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
