package dev.graft.server;

/** A reason not to start, in a sentence. */
public final class StartRefused extends RuntimeException {
  public StartRefused(String message) {
    super(message);
  }
}
