package dev.graft.core.plan;

import dev.graft.core.kind.ObjectId;

/**
 * Something of the customer's that points at an object: a phone number, a squad, an assistant.
 *
 * @param name by which the customer knows it, empty when it has none
 */
public record Pointer(String kind, ObjectId object, String name) {
  @Override
  public String toString() {
    return kind + " " + (name.isEmpty() ? object.value() : "'" + name + "' (" + object + ")");
  }
}
