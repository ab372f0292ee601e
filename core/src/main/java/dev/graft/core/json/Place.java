package dev.graft.core.json;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One concrete place in a body, such as {@code model.messages[0].content}. A key that is not a
 * plain word is written in quotes: {@code headers["X-Api-Key"]}.
 */
public record Place(List<Step> steps) implements Comparable<Place> {
  /** The body itself. */
  public static final Place ROOT = new Place(List.of());

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_:-]*");
  private static final Pattern STEP =
      Pattern.compile(
          "\\.?([A-Za-z_][A-Za-z0-9_:-]*)|\\[(\\d{1,9})]|\\[\"((?:[^\"\\\\]|\\\\.)*+)\"]");

  /** Into a field of an object, or into an element of an array. */
  public sealed interface Step {
    record Field(String name) implements Step {}

    record Element(int index) implements Step {}
  }

  public Place {
    steps = List.copyOf(steps);
  }

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException when the text is not one
   */
  public static Place parse(String text) {
    var steps = new ArrayList<Step>();
    var matcher = STEP.matcher(text);
    int end = 0;
    while (end < text.length() && matcher.region(end, text.length()).lookingAt()) {
      if (matcher.group(1) != null) {
        steps.add(new Step.Field(matcher.group(1)));
      } else if (matcher.group(2) != null) {
        steps.add(new Step.Element(Integer.parseInt(matcher.group(2))));
      } else {
        steps.add(new Step.Field(quoted(text, matcher.group(3))));
      }
      end = matcher.end();
    }
    if (end != text.length() || steps.isEmpty()) {
      throw none(text);
    }
    return new Place(steps);
  }

  private static String quoted(String text, String name) {
    try {
      String read = Json.parse('"' + name + '"').stringValue();
      // Half a character has an escape in JSON, but cannot be written.
      if (UTF_8.newEncoder().canEncode(read)) {
        return read;
      }
    } catch (MalformedJson e) {
      throw none(text);
    }
    throw none(text);
  }

  private static IllegalArgumentException none(String text) {
    return new IllegalArgumentException("'" + text + "' is not a path such as model.messages[0]");
  }

  public Place field(String name) {
    return plus(new Step.Field(name));
  }

  public Place element(int index) {
    return plus(new Step.Element(index));
  }

  private Place plus(Step step) {
    var longer = new ArrayList<>(steps);
    longer.add(step);
    return new Place(longer);
  }

  /** This place, seen from the body in which {@code outer} holds its body. */
  public Place under(Place outer) {
    var all = new ArrayList<>(outer.steps);
    all.addAll(steps);
    return new Place(all);
  }

  /** The place that holds this one. The body itself has none. */
  public Place parent() {
    return new Place(steps.subList(0, steps.size() - 1));
  }

  /** The array element that holds this place most closely, or is it; null when none does. */
  public @Nullable Place nearestElement() {
    for (int i = steps.size(); i > 0; i--) {
      if (steps.get(i - 1) instanceof Step.Element) {
        return new Place(steps.subList(0, i));
      }
    }
    return null;
  }

  public boolean startsWith(Place other) {
    return steps.size() >= other.steps.size()
        && steps.subList(0, other.steps.size()).equals(other.steps);
  }

  /** The value that stands here, null when nothing does. */
  public @Nullable JsonNode in(JsonNode body) {
    JsonNode node = body;
    for (Step step : steps) {
      node =
          switch (step) {
            case Step.Field(var name) -> node instanceof ObjectNode o ? o.get(name) : null;
            case Step.Element(var index) -> node instanceof ArrayNode a ? a.get(index) : null;
          };
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  /** Puts a value here, in a body of the caller's own. What holds the place must exist. */
  public void set(ObjectNode body, JsonNode value) {
    JsonNode holder = parent().in(body);
    switch (steps.getLast()) {
      case Step.Field(var name) when holder instanceof ObjectNode o -> o.set(name, value);
      case Step.Element(var index) when holder instanceof ArrayNode a -> a.set(index, value);
      default -> throw new IllegalStateException("nothing holds " + this);
    }
  }

  /** Takes away what stands here, in a body of the caller's own. Later elements move up. */
  public void remove(ObjectNode body) {
    JsonNode holder = parent().in(body);
    switch (steps.getLast()) {
      case Step.Field(var name) when holder instanceof ObjectNode o -> o.remove(name);
      case Step.Element(var index) when holder instanceof ArrayNode a -> a.remove(index);
      default -> {}
    }
  }

  /** Elements of one array in their order; fields by name. */
  @Override
  public int compareTo(Place other) {
    for (int i = 0; i < Math.min(steps.size(), other.steps.size()); i++) {
      int order =
          steps.get(i) instanceof Step.Element(var a)
                  && other.steps.get(i) instanceof Step.Element(var b)
              ? Integer.compare(a, b)
              : steps.get(i).toString().compareTo(other.steps.get(i).toString());
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(steps.size(), other.steps.size());
  }

  @Override
  public String toString() {
    var out = new StringBuilder();
    for (Step step : steps) {
      switch (step) {
        case Step.Element(var index) -> out.append('[').append(index).append(']');
        case Step.Field(var name) when PLAIN.matcher(name).matches() ->
            out.append(out.isEmpty() ? "" : ".").append(name);
        case Step.Field(var name) ->
            out.append('[').append(Json.write(Json.text(name))).append(']');
      }
    }
    return out.toString();
  }
}
