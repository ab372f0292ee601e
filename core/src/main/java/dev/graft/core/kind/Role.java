package dev.graft.core.kind;

/** What a field of a body means beyond its value: why it cannot simply be copied. */
public sealed interface Role {
  /** Holds the id of another resource of this kind, in the same account. */
  record Reference(String kind) implements Role {}

  enum Plain implements Role {
    /** Filled in by Vapi, refused when sent back. */
    SET_BY_VAPI,
    /** The id of a credential: it belongs to one account. */
    CREDENTIAL,
    /** A secret wherever it stands. */
    SECRET,
    /** A secret if its name or value says so; a placeholder such as {@code {{ key }}} is none. */
    MAYBE_SECRET,
    /** As {@link #MAYBE_SECRET}, and the array element around it makes no sense without it. */
    MAYBE_SECRET_ELEMENT,
    /** An address on the network: a secret if user and password stand in it. */
    URL,
    /** A version label that Vapi counts per account: it means nothing in another one. */
    VERSION_LABEL
  }
}
