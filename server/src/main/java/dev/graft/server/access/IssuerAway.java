package dev.graft.server.access;

/** The issuer cannot be asked now, so that nobody can be told apart by its tokens. */
public final class IssuerAway extends RuntimeException {
  IssuerAway(String message, Throwable cause) {
    super(message, cause);
  }

  IssuerAway(String message) {
    super(message);
  }
}
