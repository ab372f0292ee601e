package dev.graft.server.fuzz;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.databind.node.ObjectNode;

/** Makes a request that shows a fault as small as it still shows it. */
final class Shrinking {
  private static final int MOST_TRIES = 300;

  private Shrinking() {}

  static Call smallest(Call found, Predicate<Call> stillFails) {
    Call smallest = found;
    int tries = 0;
    boolean smaller = true;
    while (smaller) {
      smaller = false;
      for (Call candidate : smaller(smallest)) {
        if (++tries > MOST_TRIES) {
          return smallest;
        }
        if (stillFails.test(candidate)) {
          smallest = candidate;
          smaller = true;
          break;
        }
      }
    }
    return smallest;
  }

  private static List<Call> smaller(Call call) {
    var smaller = new ArrayList<Call>();
    for (int i = 0; i < call.headers().size(); i++) {
      var fewer = new ArrayList<>(call.headers());
      fewer.remove(i);
      smaller.add(call.withHeaders(fewer));
    }
    int question = call.target().indexOf('?');
    if (question >= 0) {
      smaller.add(call.withTarget(call.target().substring(0, question)));
    }
    byte[] body = call.body();
    if (body.length > 0) {
      smaller.add(call.withBody(new byte[0]));
      try {
        if (Json.parse(body) instanceof ObjectNode object) {
          for (String name : List.copyOf(object.propertyNames())) {
            ObjectNode less = object.deepCopy();
            less.remove(name);
            smaller.add(call.withBody(Json.writeBytes(less)));
          }
        }
      } catch (MalformedJson e) {
        smaller.add(call.withBody(Arrays.copyOf(body, body.length / 2)));
        smaller.add(call.withBody(Arrays.copyOfRange(body, body.length / 2, body.length)));
      }
    }
    return smaller;
  }
}
