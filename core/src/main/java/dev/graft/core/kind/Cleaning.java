package dev.graft.core.kind;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns a body that was written in, or exported from, one account into one that another account can
 * take: what Vapi sets by itself goes, what belongs to the first account is left out and said so,
 * and everything else travels untouched. Only exact places count: a tool's parameter called {@code
 * id} is nothing of Vapi's.
 */
public final class Cleaning {
  private Cleaning() {}

  /** What remains, and what was left out of it. */
  public record Cleaned(ObjectNode body, List<LeftOut> leftOut) {
    public Cleaned {
      leftOut = List.copyOf(leftOut);
    }
  }

  /** Something that was there and is not copied. */
  public record LeftOut(Place place, Reason reason) {}

  /** Why something is not copied. */
  public enum Reason {
    CREDENTIAL("is a credential of the account the template comes from"),
    SECRET("is a secret, or looks like one"),
    REFERENCE("points to something of the account the template comes from"),
    VERSION_LABEL("is a version label that only means something in that account");

    private final String sentence;

    Reason(String sentence) {
      this.sentence = sentence;
    }

    /** The rest of a sentence that begins with the place. */
    public String sentence() {
      return sentence;
    }
  }

  /**
   * Cleans a body for use in any account.
   *
   * @param sends places of secrets that the template's author wants to be sent all the same
   */
  public static Cleaned clean(Kind kind, ObjectNode raw, Set<Place> sends) {
    var body = raw.deepCopy();
    var leftOut = new ArrayList<LeftOut>();
    for (Shape.Marked field : kind.shape().marked(raw).reversed()) {
      if (sends.stream().anyMatch(sent -> field.place().startsWith(sent))) {
        continue;
      }
      if (field.role() == Role.Plain.SET_BY_VAPI) {
        field.place().remove(body);
      } else if (reasonToLeaveOut(field, raw) instanceof Reason reason) {
        leftOut.addFirst(new LeftOut(field.place(), reason));
        remove(field, body);
      }
    }
    return new Cleaned(body, leftOut);
  }

  /** A body without what Vapi sets by itself. */
  static ObjectNode withoutSetByVapi(Kind kind, ObjectNode raw) {
    var body = raw.deepCopy();
    for (Shape.Marked field : kind.shape().marked(raw).reversed()) {
      if (field.role() == Role.Plain.SET_BY_VAPI) {
        field.place().remove(body);
      }
    }
    return body;
  }

  /** The body with every secret in it replaced by three stars, for showing. */
  public static ObjectNode masked(Kind kind, ObjectNode body) {
    var masked = body.deepCopy();
    for (Shape.Marked field : kind.shape().marked(body)) {
      boolean secret =
          reasonToLeaveOut(field, body) == Reason.SECRET
              || field.role() == Role.Plain.URL && isSecretUrl(field.value());
      if (secret && field.place().in(masked) != null) {
        field.place().set(masked, Json.text("***"));
      }
    }
    return masked;
  }

  /** Addresses on the network that carry user and password. They cannot just be left out. */
  public static List<Place> secretUrls(Kind kind, ObjectNode body) {
    return kind.shape().marked(body).stream()
        .filter(field -> field.role() == Role.Plain.URL && isSecretUrl(field.value()))
        .map(Shape.Marked::place)
        .toList();
  }

  private static boolean isSecretUrl(JsonNode value) {
    return value.isString() && Secrecy.isInUrl(value.stringValue());
  }

  private static @Nullable Reason reasonToLeaveOut(Shape.Marked field, ObjectNode body) {
    if (field.value().isNull()) {
      return null;
    }
    return switch (field.role()) {
      case Role.Reference(var kind) -> Kinds.named(kind).isEmpty() ? Reason.REFERENCE : null;
      case Role.Plain.CREDENTIAL -> Reason.CREDENTIAL;
      case Role.Plain.SECRET -> Reason.SECRET;
      case Role.Plain.MAYBE_SECRET, Role.Plain.MAYBE_SECRET_ELEMENT ->
          field.value().isString()
                  && Secrecy.isSecret(nameOf(field.place(), body), field.value().stringValue())
              ? Reason.SECRET
              : null;
      case Role.Plain.VERSION_LABEL -> Reason.VERSION_LABEL;
      case Role.Plain.SET_BY_VAPI, Role.Plain.URL -> null;
    };
  }

  private static void remove(Shape.Marked field, ObjectNode body) {
    Place place = field.place();
    if (field.role() == Role.Plain.MAYBE_SECRET_ELEMENT
        && place.nearestElement() instanceof Place element) {
      place = element;
    }
    place.remove(body);
    // An emptied list of ids says "none", which the template never said.
    if (place.steps().getLast() instanceof Place.Step.Element
        && place.parent().in(body) instanceof ArrayNode array
        && array.isEmpty()) {
      place.parent().remove(body);
    }
  }

  /** The name by which a value goes: that of its holder if it has one, else the nearest key. */
  private static String nameOf(Place place, ObjectNode body) {
    return named(place.parent().in(body), "name")
        .or(() -> named(place.parent().in(body), "key"))
        .orElseGet(() -> {
          for (Place.Step step : place.steps().reversed()) {
            if (step instanceof Place.Step.Field(var name) && !isSchemaWord(name)) {
              return name;
            }
          }
          return "";
        });
  }

  private static Optional<String> named(@Nullable JsonNode holder, String key) {
    return holder instanceof ObjectNode object
            && object.get(key) instanceof JsonNode value
            && value.isString()
        ? Optional.of(value.stringValue())
        : Optional.empty();
  }

  private static boolean isSchemaWord(String key) {
    return key.equals("value") || key.equals("default") || key.equals("const");
  }
}
