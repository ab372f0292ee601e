package dev.graft.server.access;

/**
 * A person, as their issuer knows them.
 *
 * @param subject the same for the same person always
 * @param name for people to read
 */
public record Person(String subject, String name, Role role) {
  /** Who a person is on whose screen a one-time link was opened. */
  static final Person BY_LINK = new Person("one-time-link", "One-time link", Role.ADMIN);

  /** A tenant's own account is the one whose user has the name of their subject. */
  public Caller caller() {
    return new Caller(
        Caller.Kind.PERSON, subject, role.permissions(), role == Role.TENANT ? subject : null);
  }
}
