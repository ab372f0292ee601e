package dev.graft.server.access;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a person is here for. Each role is a set of permissions, and has no other meaning. */
public enum Role {
  ADMIN(EnumSet.allOf(Permission.class)),
  /** Looks after customers' accounts. */
  OPERATOR(EnumSet.complementOf(EnumSet.of(Permission.MANAGE))),
  /** Looks, and makes plans; changes nothing. */
  DEVELOPER(EnumSet.of(Permission.READ, Permission.PLAN)),
  /** A customer: everything but Graft itself, in the account that is theirs and no other. */
  TENANT(EnumSet.complementOf(EnumSet.of(Permission.MANAGE, Permission.METRICS)));

  /** Made unchangeable below, which the compiler cannot see. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<Permission> permissions;

  Role(Set<Permission> permissions) {
    this.permissions = Collections.unmodifiableSet(permissions);
  }

  /** As callers and operators read and write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Role> named(String word) {
    for (Role role : values()) {
      if (role.word().equals(word)) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }

  public Set<Permission> permissions() {
    return permissions;
  }
}
