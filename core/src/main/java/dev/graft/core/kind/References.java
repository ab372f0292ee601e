package dev.graft.core.kind;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes the references of a body at their exact places: addresses inside Graft, object
 * ids towards Vapi. An id that also stands in a prompt or in metadata is text and stays text.
 */
public final class References {
  private References() {}

  /** A place that names another resource, and what stands there: an address or an id. */
  public record Reference(Place place, String kind, String value) {
    /** The address that is written there, if it is one and of the right kind. */
    public Optional<Address> address() {
      return Address.parse(value).filter(address -> address.kind().equals(kind));
    }
  }

  /** Every reference of the body to a kind that Graft can clone. */
  public static List<Reference> in(Kind kind, ObjectNode body) {
    return kind.shape().marked(body).stream()
        .filter(field ->
            field.role() instanceof Role.Reference(var target)
                && Kinds.named(target).isPresent()
                && field.value().isString())
        .map(field ->
            new Reference(
                field.place(), ((Role.Reference) field.role()).kind(), field.value().stringValue()))
        .toList();
  }

  /** The addresses that the body refers to, in the order of their places. */
  public static Set<Address> addresses(Kind kind, ObjectNode body) {
    var found = new LinkedHashSet<Address>();
    in(kind, body).forEach(reference -> reference.address().ifPresent(found::add));
    return found;
  }

  /**
   * The body as it is sent: every address replaced by the id of the object that stands for it.
   *
   * @throws IllegalStateException when no object stands for one of them
   */
  public static ObjectNode toIds(Kind kind, ObjectNode body, Naming naming) {
    var resolved = body.deepCopy();
    for (Reference reference : in(kind, body)) {
      reference
          .address()
          .ifPresent(address ->
              reference
                  .place()
                  .set(
                      resolved,
                      Json.text(
                          naming
                              .idOf(address)
                              .orElseThrow(
                                  () -> new IllegalStateException("no object for " + address))
                              .value())));
    }
    return resolved;
  }

  /**
   * The body as it is compared: ids of known objects replaced by their addresses, ids of objects
   * that are gone taken out of the lists they stand in, repetitions in a list of ids dropped (Vapi
   * drops them too).
   */
  public static ObjectNode toAddresses(Kind kind, ObjectNode body, Naming naming) {
    var named = body.deepCopy();
    for (Reference reference : in(kind, body)) {
      ObjectId.read(reference.value())
          .flatMap(naming::addressOf)
          .ifPresent(address -> reference.place().set(named, Json.text(address.toString())));
    }
    for (Reference reference : in(kind, named).reversed()) {
      if (isElementOfIds(reference.place())
          && (isGone(reference, naming) || isRepeated(reference, named))) {
        reference.place().remove(named);
      }
    }
    return named;
  }

  private static boolean isGone(Reference reference, Naming naming) {
    return ObjectId.read(reference.value()).filter(naming.gone()::contains).isPresent();
  }

  private static boolean isRepeated(Reference reference, ObjectNode body) {
    return reference.place().parent().in(body) instanceof ArrayNode ids
        && ids.valueStream()
                .filter(id -> id.isString() && id.stringValue().equals(reference.value()))
                .count()
            > 1;
  }

  private static boolean isElementOfIds(Place place) {
    return place.steps().getLast() instanceof Place.Step.Element;
  }
}
