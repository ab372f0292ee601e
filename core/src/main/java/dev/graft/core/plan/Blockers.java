package dev.graft.core.plan;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Cleaning;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Resource;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The words in which a plan says what has to be decided, and what it left alone. */
final class Blockers {
  private static final int SHOWN = 160;

  private Blockers() {}

  static Diagnostic adoptionNeeded(Resource resource, List<Actual.Namesake> candidates) {
    return Diagnostic.error(
        "ADOPTION_NEEDED",
        "An object of this name is there that Graft did not make.",
        "The account already has "
            + listed(candidates)
            + ", which go by the name of "
            + resource.address()
            + ". Graft takes over nothing without being asked. Say which one to take over, or"
            + " choose the adoption policy 'never' to have a new one made beside it.",
        resource.address().toString());
  }

  static Diagnostic ambiguous(Resource resource, List<Actual.Namesake> candidates) {
    return Diagnostic.error(
        "ADOPTION_AMBIGUOUS",
        "Several objects go by the same name.",
        "The account has "
            + candidates.size()
            + " older objects that go by the name of "
            + resource.address()
            + ": "
            + listed(candidates)
            + ". Graft cannot tell which one is in use, so it changed none. Say which one to take"
            + " over, or choose the adoption policy 'never' to have a new one made beside them.",
        resource.address().toString());
  }

  private static String listed(List<Actual.Namesake> candidates) {
    return candidates.stream()
        .map(namesake -> namesake.object().value())
        .collect(Collectors.joining(", "));
  }

  static Diagnostic collision(Resource resource, ObjectId object, Merge.Collision collision) {
    return Diagnostic.error(
        "COLLISION",
        "The same field was changed by the release and by the customer.",
        "In "
            + resource.address()
            + " ("
            + object
            + ") the field "
            + collision.place()
            + " was "
            + shown(resource, collision, collision.base())
            + ", the customer made it "
            + shown(resource, collision, collision.theirs())
            + " and the release wants "
            + shown(resource, collision, collision.ours())
            + ". Nothing was changed. Decide: take 'theirs', 'ours', or another value for this field.",
        Takes.field(resource.address(), collision.place()));
  }

  static Diagnostic noCollision(String field) {
    return Diagnostic.error(
        "NO_COLLISION",
        "A decision was given for a field that does not collide.",
        "There is no collision at "
            + field
            + ", so nothing was changed. Decisions are for the fields that a plan shows as collisions."
            + " Make a new plan and see whether there still are any.",
        field);
  }

  static Diagnostic inUse(Address address, ObjectId object, List<Pointer> pointers) {
    return Diagnostic.error(
        "OBJECT_IN_USE",
        "Something of the customer's points at an object that would be removed.",
        address
            + " ("
            + object
            + ") is used by "
            + pointers.stream().map(Pointer::toString).collect(Collectors.joining(", "))
            + ", which this installation did not make. Nothing was changed. Point them elsewhere first,"
            + " or say that the object goes even if it is used.",
        address.toString());
  }

  static Diagnostic oldInUse(Address address, ObjectId object, List<Pointer> pointers) {
    return Diagnostic.warning(
        "OLD_OBJECT_IN_USE",
        "An object that was replaced is still used.",
        "The object "
            + object
            + " that stood for "
            + address
            + " before is still used by "
            + pointers.stream().map(Pointer::toString).collect(Collectors.joining(", "))
            + ", which this installation did not make, so it stays. It goes with a later clone once"
            + " nothing points at it.",
        address.toString());
  }

  private static String shown(
      Resource resource, Merge.Collision collision, @Nullable JsonNode value) {
    if (value == null) {
      return "absent";
    }
    ObjectNode body = resource.body().deepCopy();
    if (collision.place().parent().in(body) == null) {
      return "something else";
    }
    collision.place().set(body, value);
    JsonNode masked = collision.place().in(Cleaning.masked(resource.kind(), body));
    String text = Json.write(masked == null ? value : masked);
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }

  static Diagnostic surplus(Address address, ObjectId object) {
    return Diagnostic.note(
        "NOT_IN_RELEASE",
        "An object of ours is no longer part of the release.",
        "The release no longer has "
            + address
            + ". Its object "
            + object
            + " stays in the account, unused, until the installation is removed.",
        address.toString());
  }
}
