package dev.graft.core.apply;

import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.kind.References;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Pointer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Finds what in an account points at our objects and is not ours. */
public final class Pointers {
  /** What came of looking: the pointers, or the reply that kept them from being seen. */
  public record Found(Map<ObjectId, List<Pointer>> pointers, @Nullable Reply unseen) {}

  private Pointers() {}

  /** Looks through everything that can point at something, in one round trip. */
  public static Found look(VapiAccount account, Ledger ledger) {
    List<Call> calls =
        Kinds.POINTING.stream().map(kind -> (Call) new Call.All(kind, null, null)).toList();
    List<Reply> replies = account.send(calls);
    var found = new HashMap<ObjectId, List<Pointer>>();
    for (int i = 0; i < calls.size(); i++) {
      if (!(replies.get(i) instanceof Reply.Ok(JsonNode list)) || !list.isArray()) {
        return new Found(
            Map.of(),
            replies.get(i) instanceof Reply.Ok
                ? new Reply.Unknown(Reply.Trouble.BAD_ANSWER, "Vapi answered with something else")
                : replies.get(i));
      }
      Kind kind = calls.get(i).kind();
      for (JsonNode element : list) {
        if (element instanceof ObjectNode body) {
          collect(kind, body, ledger, found);
        }
      }
    }
    return new Found(found, null);
  }

  private static void collect(
      Kind kind, ObjectNode body, Ledger ledger, Map<ObjectId, List<Pointer>> found) {
    Optional<ObjectId> id = Doubt.idOf(body);
    if (id.isEmpty() || ledger.holds(id.get())) {
      return;
    }
    var pointer = new Pointer(kind.name(), id.get(), kind.nameOf(body).orElse(""));
    var targets = new LinkedHashSet<ObjectId>();
    for (References.Reference reference : References.in(kind, body)) {
      ObjectId.read(reference.value()).ifPresent(targets::add);
    }
    targets.forEach(target -> found.computeIfAbsent(target, _ -> new ArrayList<>()).add(pointer));
  }
}
