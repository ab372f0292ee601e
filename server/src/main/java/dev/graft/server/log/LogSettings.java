package dev.graft.server.log;

/** How the log is written: for a program or for a person, and how much of it. */
public record LogSettings(boolean json, boolean debug) {
  static final LogSettings BEFORE_ANY = new LogSettings(false, false);
}
