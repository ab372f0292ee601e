package dev.graft.core.plan;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.CanonicalBody;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.Release;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where the objects of an installation differ from what Graft applied, and whose doing that is. An
 * object that is as it was applied is never drift, whatever Vapi showed in between.
 */
public record Drift(List<Of> objects) {
  public Drift {
    objects = List.copyOf(objects);
  }

  /**
   * One object.
   *
   * @param live as it is now, canonical; null when it is gone
   * @param applied as Graft wrote it last, canonical
   * @param wanted as the template has it by now, canonical; null when it has it no more
   */
  public record Of(
      Address address,
      ObjectId object,
      @Nullable ObjectNode live,
      ObjectNode applied,
      @Nullable ObjectNode wanted,
      List<Field> fields) {
    public Of {
      fields = List.copyOf(fields);
    }

    /** Whether the customer changed it or took it away. */
    public boolean isThere() {
      return live == null || fields.stream().anyMatch(field -> field.by() == Mover.CUSTOMER);
    }
  }

  /**
   * One field, and who moved it.
   *
   * @param wanted what the template has by now, where that is what moved; null for others
   */
  public record Field(
      Place place,
      @Nullable JsonNode applied,
      @Nullable JsonNode live,
      @Nullable JsonNode wanted,
      Mover by) {}

  /** Who made a field what it is. */
  public enum Mover {
    /** Whoever has the account: this is drift. */
    CUSTOMER,
    /** Vapi wrote it in a form of its own. */
    VAPI,
    /** Nobody yet: the template has another value by now. */
    RELEASE
  }

  /** Whether anything drifted. */
  public boolean isThere() {
    return objects.stream().anyMatch(Of::isThere);
  }

  /**
   * Compares.
   *
   * @param latest the release that the template has now, null when it has none
   */
  public static Drift of(Ledger ledger, Actual actual, @Nullable Release latest) {
    var objects = new ArrayList<Of>();
    Naming naming = ledger.naming();
    ledger
        .entries()
        .forEach((address, owned) -> {
          Kind kind = Kinds.of(address);
          ObjectNode live =
              actual.owned().get(address) instanceof Actual.Live.Present(ObjectNode body)
                  ? owned.withWriteOnly(kind, CanonicalBody.of(kind, body, naming))
                  : null;
          var fields = new ArrayList<Field>();
          if (live != null) {
            moved(owned.withWriteOnly(kind, owned.observed()), owned.applied(), live, fields);
          }
          ObjectNode wanted =
              latest == null
                  ? null
                  : latest
                      .resource(address)
                      .map(resource -> CanonicalBody.of(kind, resource.body(), naming))
                      .orElse(null);
          if (wanted != null) {
            awaited(owned.applied(), wanted, live, fields);
          }
          objects.add(new Of(address, owned.object(), live, owned.applied(), wanted, fields));
        });
    return new Drift(objects);
  }

  private static void moved(
      ObjectNode observed, ObjectNode applied, ObjectNode live, List<Field> fields) {
    for (Change change : Change.between(observed, live)) {
      JsonNode ours = change.place().in(applied);
      if (!Canonical.same(ours, change.after())) {
        fields.add(new Field(change.place(), ours, change.after(), null, Mover.CUSTOMER));
      }
    }
    for (Change change : Change.between(applied, observed)) {
      boolean isAddition = change.before() == null;
      if (!isAddition && Canonical.same(change.place().in(live), change.after())) {
        fields.add(new Field(change.place(), change.before(), change.after(), null, Mover.VAPI));
      }
    }
  }

  private static void awaited(
      ObjectNode applied, ObjectNode wanted, @Nullable ObjectNode live, List<Field> fields) {
    for (Change change : Change.between(applied, wanted)) {
      JsonNode now = live == null ? null : change.place().in(live);
      if (!Canonical.same(now, change.after())) {
        fields.add(new Field(change.place(), change.before(), now, change.after(), Mover.RELEASE));
      }
    }
  }
}
