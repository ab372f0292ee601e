package dev.graft.cli;

/** Waiting for what a server does in the background, and telling a person that it goes on. */
final class Patience {
  private static final long FIRST_MILLIS = 50;
  private static final long LONGEST_MILLIS = 2_000;

  private final Output err;
  private long millis = FIRST_MILLIS;
  private String told = "";

  Patience(Output err) {
    this.err = err;
  }

  /** Tells how far it has got, where a person looks on. */
  void tell(String progress) {
    if (err.isTerminal()) {
      say(progress);
    }
  }

  /** Tells something that whoever waits has to know, once. */
  void say(String sentence) {
    if (!sentence.equals(told)) {
      told = sentence;
      err.print(Line.prose(0, sentence));
    }
  }

  void pause() {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.failed("Interrupted. What the server began it finishes by itself.", e);
    }
    millis = Math.min(2 * millis, LONGEST_MILLIS);
  }
}
