package dev.graft.cli;

/** What a command tells the shell. The help of {@code graft} documents these four. */
final class Exit {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int CHANGES = 2;
  static final int USAGE = 64;

  private Exit() {}
}
