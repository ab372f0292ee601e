package dev.graft.store;

/** The database cannot do what it was asked. Nothing of it was done. */
public final class StoreException extends RuntimeException {
  private final boolean mayHelpToTryAgain;

  StoreException(String message, boolean mayHelpToTryAgain, Throwable cause) {
    super(message, cause);
    this.mayHelpToTryAgain = mayHelpToTryAgain;
  }

  StoreException(String message) {
    super(message);
    this.mayHelpToTryAgain = false;
  }

  /** Whether the same may work later without anyone doing something. */
  public boolean mayHelpToTryAgain() {
    return mayHelpToTryAgain;
  }
}
