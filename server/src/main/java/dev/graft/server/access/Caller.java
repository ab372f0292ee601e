package dev.graft.server.access;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who calls, as proven by what they showed.
 *
 * @param id the same for the same caller always, and no secret: the id of an API key, the subject
 *     of a token
 * @param userId the only user whose account this caller may touch; null for a caller that may touch
 *     every account
 */
public record Caller(Kind kind, String id, Set<Permission> permissions, @Nullable String userId) {
  /** Whoever the present thread works for. Work that nobody asked for is done by the node. */
  public static final ScopedValue<Caller> CURRENT = ScopedValue.newInstance();

  public Caller {
    permissions = Set.copyOf(permissions);
  }

  /** What a caller showed. */
  public enum Kind {
    /** Nothing, where whoever is on the machine may call. */
    LOCAL,
    /** The admin token. */
    ADMIN,
    /** An API key of Graft's own. */
    KEY,
    /** A token or a session of a person. */
    PERSON,
    /** Graft itself, in the background. */
    NODE,
    /** Nothing, on a route that is open to all. */
    NOBODY
  }

  public static final Caller LOCAL = all(Kind.LOCAL, "local");
  public static final Caller ADMIN = all(Kind.ADMIN, "admin-token");
  public static final Caller NODE = all(Kind.NODE, "graft");
  public static final Caller NOBODY = new Caller(Kind.NOBODY, "nobody", Set.of(), null);

  private static Caller all(Kind kind, String id) {
    return new Caller(kind, id, Role.ADMIN.permissions(), null);
  }

  /** Whoever the present thread works for. */
  public static Caller current() {
    return CURRENT.orElse(NODE);
  }

  public boolean may(Permission permission) {
    return permissions.contains(permission);
  }

  /** Whether this caller may touch the account of these users. */
  public boolean mayTouchAccountOf(Iterable<String> userIds) {
    if (userId == null) {
      return true;
    }
    for (String user : userIds) {
      if (user.equals(userId)) {
        return true;
      }
    }
    return false;
  }

  /** As it stands in the audit trail, for instance {@code key:3f9a}. */
  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + ":" + id;
  }
}
