package dev.graft.core.kind;

import dev.graft.core.json.Place;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The kinds that Graft can clone, what is referred to before what refers. */
public final class Kinds {
  private static final Predicate<String> FUNCTION_NAME =
      Pattern.compile("[a-zA-Z0-9_-]*").asMatchPredicate();

  public static final Kind TOOL =
      new Kind(
          "tool",
          "/tool",
          Shapes.TOOL,
          List.of(Place.parse("name"), Place.parse("function.name")),
          null,
          Set.of(Place.parse("type")),
          Set.of(Place.parse("type")),
          true,
          List.of(
              new Kind.Recomputed(
                  Place.parse("function.parameters"), body -> isType(body, "apiRequest")),
              new Kind.Recomputed(
                  Place.parse("function.strict"), body -> !isType(body, "function"))),
          Set.of(),
          Map.of(Place.parse("name"), 40, Place.parse("function.name"), 64),
          List.of(
              new Kind.Alphabet(
                  Place.parse("name"), body -> isType(body, "apiRequest"), FUNCTION_NAME),
              new Kind.Alphabet(Place.parse("function.name"), _ -> true, FUNCTION_NAME)),
          Map.of(Place.parse("type"), Set.of("knowledgeBase", "ghl", "make", "output")));

  public static final Kind ASSISTANT =
      new Kind(
          "assistant",
          "/assistant",
          Shapes.ASSISTANT,
          List.of(Place.parse("name")),
          Place.parse("metadata.graft"),
          Set.of(),
          Set.of(),
          false,
          List.of(),
          Set.of(Place.parse("server.secret"), Place.parse("serverUrlSecret")),
          Map.of(Place.parse("name"), 40),
          List.of(),
          Map.of());

  /** Never written by Graft; read to learn what points at its objects. */
  public static final Kind SQUAD = onlyRead("squad", Shapes.SQUAD);

  /** Never written by Graft; read to learn what points at its objects. */
  public static final Kind PHONE_NUMBER = onlyRead("phone-number", Shapes.PHONE_NUMBER);

  /** The kinds that can be part of a template. */
  public static final List<Kind> ALL = List.of(TOOL, ASSISTANT);

  /** The kinds whose objects can point at an object of a kind that can be part of a template. */
  public static final List<Kind> POINTING = List.of(TOOL, ASSISTANT, SQUAD, PHONE_NUMBER);

  private Kinds() {}

  private static Kind onlyRead(String name, Shape shape) {
    return new Kind(
        name,
        "/" + name,
        shape,
        List.of(Place.parse("name"), Place.parse("number")),
        null,
        Set.of(),
        Set.of(),
        false,
        List.of(),
        Set.of(),
        Map.of(),
        List.of(),
        Map.of());
  }

  public static Optional<Kind> named(String name) {
    return ALL.stream().filter(kind -> kind.name().equals(name)).findFirst();
  }

  /** The kind of an address that is part of a release. */
  public static Kind of(Address address) {
    return named(address.kind())
        .orElseThrow(() -> new IllegalStateException("no kind for " + address));
  }

  private static boolean isType(ObjectNode body, String type) {
    JsonNode value = body.get("type");
    return value != null && value.isString() && type.equals(value.stringValue());
  }
}
