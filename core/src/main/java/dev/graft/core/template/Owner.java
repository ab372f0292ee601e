package dev.graft.core.template;

/** Whose a field is, by the word of the template's author. */
public enum Owner {
  /** Always the release's: what the customer makes of it is taken back by the next clone. */
  VENDOR,
  /** Set once, when the object is made; the customer's from then on. */
  CUSTOMER,
  /** Merged. What nobody says anything about is shared. */
  SHARED
}
