package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Outcome;
import dev.graft.core.plan.Plan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What an operation did about one resource, and to which object. */
public record Action(Address address, Outcome outcome, ObjectId object) {

  /**
   * The actions of an operation: what its journal says was done, whoever did it and however often
   * it was interrupted; and for resources that needed nothing, how they stand.
   */
  static List<Action> of(List<Journal.Story> stories, List<Plan.Standing> standings) {
    Map<Address, Set<Action>> done = new LinkedHashMap<>();
    standings.forEach(standing -> done.put(standing.address(), new LinkedHashSet<>()));
    for (Journal.Story story : stories) {
      if (story.intent().verb() != Intent.Verb.CONFIRM
          && story.entries().getLast() instanceof JournalEntry.Done(var _, ObjectId object)) {
        Address address = story.intent().address();
        Set<Action> actions = done.computeIfAbsent(address, _ -> new LinkedHashSet<>());
        var action = new Action(address, outcome(story.intent().verb()), object);
        // The update that closes a circle of references is part of the create.
        if (action.outcome() != Outcome.UPDATED
            || !actions.contains(new Action(address, Outcome.CREATED, object))) {
          actions.add(action);
        }
      }
    }
    for (Plan.Standing standing : standings) {
      Set<Action> actions = done.get(standing.address());
      if (actions != null && actions.isEmpty() && standing.object() != null) {
        actions.add(new Action(standing.address(), standing.outcome(), standing.object()));
      }
    }
    var all = new ArrayList<Action>();
    done.values().forEach(all::addAll);
    return all;
  }

  private static Outcome outcome(Intent.Verb verb) {
    return switch (verb) {
      case CREATE -> Outcome.CREATED;
      case UPDATE -> Outcome.UPDATED;
      case DELETE -> Outcome.DELETED;
      case ADOPT -> Outcome.ADOPTED;
      case CONFIRM -> Outcome.REUSED;
      case FORGET -> Outcome.FORGOTTEN;
    };
  }

  /** As the contract writes it, for instance {@code created-tool:ID}. */
  @Override
  public String toString() {
    return outcome.action(address, object);
  }
}
