package dev.graft.store;

/** The database cannot do what it was asked. Nothing of it was done. */
public final class StoreException extends RuntimeException {
  private final boolean mayHelpToTryAgain;
  private final boolean isOfSomethingGone;

  private StoreException(
      String message, boolean mayHelpToTryAgain, boolean isOfSomethingGone, Throwable cause) {
    super(message, cause);
    this.mayHelpToTryAgain = mayHelpToTryAgain;
    this.isOfSomethingGone = isOfSomethingGone;
  }

  StoreException(String message, boolean mayHelpToTryAgain, Throwable cause) {
    this(message, mayHelpToTryAgain, false, cause);
  }

  StoreException(String message) {
    super(message);
    this.mayHelpToTryAgain = false;
    this.isOfSomethingGone = false;
  }

  static StoreException ofSomethingGone(Throwable cause) {
    return new StoreException(
        "What this is about was removed at the same moment.", true, true, cause);
  }

  /** Whether what it was about was there before, and was removed by someone else meanwhile. */
  public boolean isOfSomethingGone() {
    return isOfSomethingGone;
  }

  /** Whether the same may work later without anyone doing something. */
  public boolean mayHelpToTryAgain() {
    return mayHelpToTryAgain;
  }
}
