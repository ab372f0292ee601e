package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.References;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Plan.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * Which steps of a plan can run at the same time: a step waits for the creates of what it names,
 * and whatever goes waits for everything.
 */
final class Levels {
  private Levels() {}

  static List<List<Step>> of(Plan plan) {
    Map<Address, Integer> made = new HashMap<>();
    var levels = new ArrayList<List<Step>>();
    for (Step step : plan.steps()) {
      int level =
          switch (step) {
            case Step.Create(var address, var body, _, _, _) -> {
              int own = after(address, body, made);
              made.put(address, own);
              yield own;
            }
            case Step.Update update -> {
              int own = after(update.address(), update.body(), made);
              yield Math.max(own, made.getOrDefault(update.address(), -1) + 1);
            }
            case Step.Delete _, Step.Forget _ -> levels.size();
            case Step.Adopt _, Step.Confirm _ -> 0;
          };
      while (levels.size() <= level) {
        levels.add(new ArrayList<>());
      }
      levels.get(level).add(step);
    }
    return levels;
  }

  private static int after(Address address, ObjectNode body, Map<Address, Integer> made) {
    return References.addresses(Kinds.of(address), body).stream()
        .mapToInt(target -> made.getOrDefault(target, -1) + 1)
        .max()
        .orElse(0);
  }
}
