package dev.graft.core.plan;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;

/** What becomes of one resource in an account. */
public enum Outcome {
  CREATED("created-%s"),
  UPDATED("updated-%s"),
  ADOPTED("adopted-%s"),
  REUSED("reused-%s"),
  SKIPPED("skipped-%s-newer-exists"),
  DELETED("deleted-%s"),
  FORGOTTEN("forgot-%s");

  private final String form;

  Outcome(String form) {
    this.form = form;
  }

  /** The action as the contract writes it, for instance {@code created-tool:ID}. */
  public String action(Address address, ObjectId object) {
    return form.formatted(address.kind()) + ":" + object;
  }
}
