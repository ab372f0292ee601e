package dev.graft.core.apply;

import dev.graft.core.kind.Address;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Owned;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import dev.graft.core.template.Resource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads from the journal what an installation was before some of its operations. */
public final class GoingBack {
  private GoingBack() {}

  /**
   * The state before the first of these steps, as something to be desired.
   *
   * @param release the one that is installed now
   * @param ledger what is ours now
   * @param since every step since then, in order
   */
  public static Desired before(
      Release release, Ledger ledger, List<Journal.Story> since, Policy policy) {
    var touched = new LinkedHashMap<Address, List<Intent>>();
    for (Journal.Story story : since) {
      touched.computeIfAbsent(story.intent().address(), _ -> new ArrayList<>()).add(story.intent());
    }
    var resources = new ArrayList<Resource>();
    Ledger earlier = Ledger.EMPTY;
    for (Map.Entry<Address, Owned> entry : ledger.entries().entrySet()) {
      if (!touched.containsKey(entry.getKey())) {
        Owned owned = entry.getValue();
        resources.add(new Resource(entry.getKey(), owned.version(), owned.applied()));
        earlier = earlier.with(entry.getKey(), owned);
      }
    }
    for (Map.Entry<Address, List<Intent>> entry : touched.entrySet()) {
      Owned then = entry.getValue().getFirst().before().owned();
      ObjectNode body = bodyOf(then, entry.getValue());
      if (then != null) {
        resources.add(
            new Resource(entry.getKey(), then.version(), body == null ? then.observed() : body));
        earlier = earlier.with(entry.getKey(), then);
      } else if (body != null) {
        // The customer's own then: it is given back as it was.
        resources.add(
            new Resource(
                entry.getKey(),
                ledger.at(entry.getKey()).map(Owned::version).orElse(release.version()),
                body));
      }
    }
    return new Desired(
        new Release(
            release.template(),
            release.declaresVersion(),
            release.version(),
            Release.inOrder(resources)),
        policy.on(Policy.Course.BACK),
        earlier);
  }

  /** The object as it was, null when it was not there, or was not ours and is not known. */
  private static @Nullable ObjectNode bodyOf(@Nullable Owned then, List<Intent> intents) {
    boolean wasAdopted = intents.getFirst().verb() == Intent.Verb.ADOPT;
    for (Intent intent : intents) {
      Owned owned = intent.before().owned();
      boolean isThatObject =
          then == null
              ? wasAdopted
                  && intents.getFirst().object() != null
                  && intents.getFirst().object().equals(intent.object())
              : owned != null && then.object().equals(intent.object());
      if (intent.before().body() != null && isThatObject) {
        return intent.before().body();
      }
    }
    return null;
  }
}
