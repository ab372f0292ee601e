package dev.graft.cli;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code --take}: what is decided about collisions, as the API takes it. */
final class Take {
  static final List<String> SIDES = List.of("theirs", "ours");

  private Take() {}

  /**
   * Reads the choices.
   *
   * @return a word for every collision or an object with a decision for each field, nothing when
   *     nothing was chosen
   */
  static Optional<JsonNode> of(List<String> choices) {
    if (choices.isEmpty()) {
      return Optional.empty();
    }
    if (choices.stream().noneMatch(SIDES::contains)) {
      return Optional.of(fields(choices));
    }
    if (choices.size() > 1) {
      throw Refusal.usage(
          "--take with the word theirs or ours goes for every collision, so it stands alone. Give"
              + " either that, or one --take FIELD=… for each field.");
    }
    return Optional.of(Json.text(choices.getFirst()));
  }

  private static ObjectNode fields(List<String> choices) {
    ObjectNode fields = Json.object();
    for (String choice : choices) {
      int equals = endOfField(choice);
      String field = choice.substring(0, equals);
      if (fields.has(field)) {
        throw Refusal.usage("--take names " + field + " twice, and only one can be meant.");
      }
      fields.set(field, decision(field, choice.substring(equals + 1)));
    }
    return fields;
  }

  /** The first equals sign that is not within the quotes of a key. */
  private static int endOfField(String choice) {
    boolean isQuoted = false;
    for (int i = choice.indexOf('#'); i > 0 && i < choice.length(); i++) {
      char c = choice.charAt(i);
      if (c == '=' && !isQuoted) {
        return i;
      }
      if (c == '\\' && isQuoted) {
        i++;
      } else if (c == '"') {
        isQuoted = !isQuoted;
      }
    }
    throw Refusal.usage(
        "--take needs theirs or ours, for all collisions, or the place that a collision shows and"
            + " what is to stand there, such as 'assistant/main#model.temperature=0.4'.");
  }

  private static JsonNode decision(String field, String text) {
    if (SIDES.contains(text)) {
      return Json.text(text);
    }
    try {
      return Json.object().set("value", Json.parse(text));
    } catch (MalformedJson e) {
      throw Refusal.usage(
          "--take for "
              + field
              + " needs theirs, ours, or a value in JSON, in which text stands in double quotes: "
              + Shell.word(field + "=\"…\"")
              + ".");
    }
  }
}
