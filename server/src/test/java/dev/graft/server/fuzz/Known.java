package dev.graft.server.fuzz;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Values that mean something to the server: what was known at the start, and what its answers have
 * shown since. An id of {@code /v1/things/{thing}} is learned from members called {@code thing} and
 * from the {@code id}s in lists of things and of things that were made just now; those of the
 * latter stand under {@code /things}. Backups go by their names.
 */
final class Known {
  private static final int MOST = 400;

  /** Members of answers that are asked for under another name. */
  private static final Map<String, String> ALIASES =
      Map.of("next", "after", "object", "adopt value", "address", "adopt member");

  private final Map<String, List<String>> values = new ConcurrentHashMap<>();
  private final Map<String, Set<String>> never = new ConcurrentHashMap<>();

  void put(String name, String value) {
    if (never.getOrDefault(name, Set.of()).contains(value)) {
      return;
    }
    values.compute(
        name,
        (_, before) -> {
          if (before != null && before.contains(value)) {
            return before;
          }
          var more = before == null ? new ArrayList<String>() : new ArrayList<>(before);
          more.add(value);
          return more.size() > MOST ? new ArrayList<>(more.subList(1, more.size())) : more;
        });
  }

  void put(String name, List<String> all) {
    all.forEach(value -> put(name, value));
  }

  /** These are never handed out under this name. */
  void keepBack(String name, Set<String> some) {
    never.put(name, Set.copyOf(some));
  }

  List<String> of(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** Any value of that name; null when there is none. */
  @Nullable String any(String name, Chance chance) {
    List<String> all = of(name);
    return all.isEmpty() ? null : chance.of(all);
  }

  /** Looks through an answer for ids. */
  void learn(String operation, int status, JsonNode answer) {
    learn(operation.substring(operation.lastIndexOf('/')), status == 201, answer, 0);
  }

  private void learn(String collection, boolean isOfIt, JsonNode node, int depth) {
    if (node instanceof ObjectNode object && depth < 4) {
      for (var member : object.properties()) {
        JsonNode value = member.getValue();
        if (value.isString() && value.stringValue().length() <= 200) {
          String text = value.stringValue();
          put(ALIASES.getOrDefault(member.getKey(), member.getKey()), text);
          if (isOfIt && member.getKey().equals(collection.equals("/backups") ? "name" : "id")) {
            put(collection, text);
          }
        } else {
          learn(collection, value.isArray() && depth == 0, value, depth + 1);
        }
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < Math.min(20, array.size()); i++) {
        learn(collection, isOfIt, array.get(i), depth + 1);
      }
    }
  }

  Map<String, Integer> sizes() {
    var sizes = new HashMap<String, Integer>();
    values.forEach((name, all) -> sizes.put(name, all.size()));
    return sizes;
  }
}
