package dev.graft.core.apply;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.CanonicalBody;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.Mark;
import dev.graft.core.kind.Naming;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.kind.References;
import dev.graft.core.plan.Change;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Merge;
import dev.graft.core.plan.Owned;
import dev.graft.core.plan.Plan;
import dev.graft.core.plan.Plan.Step;
import dev.graft.core.template.Release;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Carries out a plan: intend, write, settle, step by step. A create whose reply is unclear is
 * looked for and never sent again from here; if it is certainly not there, the plan is outdated and
 * a new one decides.
 */
public final class Applier {
  private final VapiAccount account;
  private final Journal journal;
  private final Tempo tempo;
  private final Release release;
  private final String operation;
  private final Set<ObjectId> others;

  private final List<Journal.Written> unwritten = new ArrayList<>();
  private final List<Journal.LedgerChange> changes = new ArrayList<>();
  private final List<Diagnostic> notes = new ArrayList<>();
  private Ledger ledger;
  private Naming naming;
  private final List<Intent> unseen = new ArrayList<>();
  private int steps;
  private @Nullable String orgId;

  /**
   * @param operation its id, which goes into the mark of what it makes
   * @param others objects that belong to other installations in the account
   */
  public Applier(
      VapiAccount account,
      Journal journal,
      Tempo tempo,
      Release release,
      String operation,
      Ledger ledger,
      Set<ObjectId> others) {
    this.account = account;
    this.journal = journal;
    this.tempo = tempo;
    this.release = release;
    this.operation = operation;
    this.ledger = ledger;
    this.others = Set.copyOf(others);
    this.naming = Naming.NONE;
  }

  /**
   * Finds out what became of every step that an earlier run left in the middle. Only then may a
   * plan be made.
   */
  public Applied resume() {
    List<Journal.Story> stories = journal.stories();
    steps = stories.size();
    naming = ledger.naming();
    for (Journal.Story story : stories) {
      if (story.isOpen()) {
        Applied problem = settleOpen(story);
        // One that is not there says nothing of the next one, which was sent at the same time.
        if (problem != null && !(problem instanceof Applied.Outdated)) {
          write();
          return problem;
        }
      }
    }
    write();
    return new Applied.Done(ledger, notes);
  }

  private @Nullable Applied settleOpen(Journal.Story story) {
    Intent intent = story.intent();
    if (intent.verb() == Intent.Verb.DELETE && intent.object() instanceof ObjectId object) {
      return settleDelete(intent, object);
    }
    if (intent.verb() != Intent.Verb.CREATE) {
      // An update is seen at the object itself: the next plan knows what is left of it.
      unseen.add(intent);
      return null;
    }
    return look(intent, story.entries().getFirst().at(), story.entries().getLast().at());
  }

  private @Nullable Applied settleDelete(Intent intent, ObjectId object) {
    Reply reply =
        account.send(List.of(new Call.Get(Kinds.of(intent.address()), object))).getFirst();
    switch (reply) {
      case Reply.Ok _ -> enter(intent, new JournalEntry.NotDone(now(), "still there"));
      case Reply.Refused refused when refused.isMissing() -> removed(intent, object);
      case Reply.Refused refused -> {
        return new Applied.Refused(intent.address(), refused);
      }
      case Reply.Throttled _, Reply.Unknown _ -> {
        return new Applied.Unfinished(reply);
      }
    }
    return null;
  }

  /**
   * Looks for what creates made after all that were looked for in vain and sent again. A twin that
   * is provably ours is to go; the next plan sees to it that nothing points at it.
   *
   * @return null when all was seen
   */
  @Nullable Applied sweep(List<Lost> lost) {
    for (Lost one : lost) {
      Owned owned = ledger.at(one.intent().address()).orElse(null);
      if (owned == null) {
        continue;
      }
      Reply reply = account.send(List.of(Doubt.look(one.intent(), one.intendedAt()))).getFirst();
      if (!(reply instanceof Reply.Ok(JsonNode listed)) || !listed.isArray()) {
        return reply instanceof Reply.Refused refused
            ? new Applied.Refused(one.intent().address(), refused)
            : new Applied.Unfinished(reply);
      }
      for (ObjectNode twin : Doubt.madeBy(one.intent(), listed, ledger, others)) {
        Instant latest = one.intendedAt().plus(Doubt.LATEST);
        if (Survey.instant(twin, "createdAt").filter(latest::isAfter).isPresent()) {
          owned = owned.retiring(Doubt.idOf(twin).orElseThrow());
          keep(one.intent().address(), owned);
        }
      }
    }
    write();
    return null;
  }

  /** Carries out a plan that was made from the account as it is now. */
  public Applied apply(Plan plan, Naming standing) {
    naming = standing;
    settleUnseen(plan);
    for (List<Step> level : Levels.of(plan)) {
      Applied problem = run(level);
      if (problem != null) {
        write();
        return problem;
      }
    }
    write();
    return new Applied.Done(ledger, notes);
  }

  /** An update that was left in the middle is done if the plan has nothing left to do. */
  private void settleUnseen(Plan plan) {
    for (Intent intent : unseen) {
      boolean again =
          plan.steps().stream()
              .anyMatch(step -> step.writes() && step.address().equals(intent.address()));
      enter(
          intent,
          again || intent.object() == null
              ? new JournalEntry.NotDone(now(), "left to the next plan")
              : new JournalEntry.Done(now(), intent.object()));
    }
    unseen.clear();
  }

  private @Nullable Applied run(List<Step> level) {
    level.forEach(this::noteLedgerOnly);
    List<Attempt> attempts = level.stream().filter(Step::writes).map(this::attempt).toList();
    attempts.forEach(attempt -> enter(attempt.intent, new JournalEntry.Intended(now())));
    write();
    if (attempts.isEmpty()) {
      return null;
    }
    Instant sentAt = now();
    List<Reply> replies = account.send(attempts.stream().map(Attempt::call).toList());
    Applied problem = null;
    for (int i = 0; i < attempts.size(); i++) {
      Applied one = settle(attempts.get(i), replies.get(i), sentAt);
      // What is left open has to be looked into by this operation, whatever became of the others.
      problem = problem == null || one instanceof Applied.Unfinished ? one : problem;
    }
    return problem;
  }

  private void noteLedgerOnly(Step step) {
    switch (step) {
      case Step.Adopt(var address, var owned) -> {
        enterLedgerOnly(Intent.Verb.ADOPT, address, owned.object());
        put(address, owned);
      }
      case Step.Confirm(var address, var owned) -> {
        enterLedgerOnly(Intent.Verb.CONFIRM, address, owned.object());
        put(address, owned);
      }
      case Step.Forget(var address, var object) -> {
        enterLedgerOnly(Intent.Verb.FORGET, address, object);
        drop(address);
      }
      case Step.Create _, Step.Update _, Step.Delete _ -> {}
    }
  }

  private void enterLedgerOnly(Intent.Verb verb, Address address, ObjectId object) {
    var intent = new Intent(steps++, verb, address, object, null, before(address, null));
    enter(intent, new JournalEntry.Done(now(), object));
  }

  private Intent.Before before(Address address, @Nullable ObjectNode body) {
    return new Intent.Before(body, ledger.at(address).orElse(null));
  }

  /** One write, ready to be sent. */
  private record Attempt(Step step, Intent intent, Call call) {}

  private Attempt attempt(Step step) {
    int number = steps++;
    Kind kind = Kinds.of(step.address());
    return switch (step) {
      case Step.Create create -> {
        Address address = create.address();
        ObjectNode sent =
            new Mark(
                    release.template(),
                    address,
                    create.version().toString(),
                    operation + "." + number)
                .put(kind, References.toIds(kind, create.body(), naming));
        Owned record = create.record();
        var making =
            new Intent.Making(
                sent,
                record == null
                    ? CanonicalBody.of(kind, create.body(), Naming.NONE)
                    : record.applied(),
                create.version(),
                record == null ? null : record.observed(),
                create.replaces());
        yield new Attempt(
            step,
            new Intent(number, Intent.Verb.CREATE, address, null, making, before(address, null)),
            new Call.Create(kind, sent));
      }
      case Step.Update update -> {
        ObjectId object =
            update.object() == null ? naming.idOf(update.address()).orElseThrow() : update.object();
        ObjectNode sent = References.toIds(kind, update.body(), naming);
        yield new Attempt(
            step,
            new Intent(
                number,
                Intent.Verb.UPDATE,
                update.address(),
                object,
                null,
                before(update.address(), update.before())),
            new Call.Update(kind, object, keepMark(kind, update, sent)));
      }
      case Step.Delete(var address, var object, var before) ->
          new Attempt(
              step,
              new Intent(
                  number, Intent.Verb.DELETE, address, object, null, before(address, before)),
              new Call.Delete(kind, object));
      case Step.Adopt _, Step.Confirm _, Step.Forget _ ->
          throw new IllegalStateException("Vapi is not called for " + step);
    };
  }

  /** Metadata is replaced whole, so that an update of it has to carry our mark again. */
  private ObjectNode keepMark(Kind kind, Step.Update update, ObjectNode sent) {
    if (kind.mark() == null || kind.mark().parent().in(sent) == null) {
      return sent;
    }
    return new Mark(
            release.template(),
            update.address(),
            update.version().toString(),
            operation + "." + (steps - 1))
        .put(kind, sent);
  }

  private @Nullable Applied settle(Attempt attempt, Reply first, Instant sentAt) {
    Reply reply = first;
    boolean inDoubt = false;
    for (int tries = 0; ; tries++) {
      Duration pause = Tempo.backOff(tries);
      switch (reply) {
        case Reply.Ok(ObjectNode body) when isAbout(attempt.intent, body) -> {
          done(attempt, body);
          return null;
        }
        case Reply.Refused refused -> {
          return refused(attempt, refused);
        }
        case Reply.Throttled throttled -> {
          write();
          Duration wait = throttled.retryAfter();
          if (!throttled.isWorthWaiting() || !tempo.waits(wait == null ? pause : wait)) {
            if (!inDoubt) {
              // It says nothing of a try before it: a doubt stays until someone has looked.
              enter(attempt.intent, new JournalEntry.NotDone(now(), heldBack(throttled)));
            }
            return new Applied.Unfinished(reply);
          }
        }
        case Reply.Ok _, Reply.Unknown _ -> {
          if (!inDoubt) {
            enter(attempt.intent, new JournalEntry.InDoubt(now(), cause(reply)));
            inDoubt = true;
          }
          write();
          if (attempt.intent.verb() == Intent.Verb.CREATE) {
            return look(attempt.intent, sentAt, now());
          }
          if (!tempo.waits(pause)) {
            return new Applied.Unfinished(reply);
          }
        }
      }
      reply = account.send(List.of(attempt.call)).getFirst();
    }
  }

  /** Whether a reply shows the object that was written to, or a new one. */
  private static boolean isAbout(Intent intent, ObjectNode body) {
    Optional<ObjectId> id = Doubt.idOf(body);
    return id.isPresent() && (intent.object() == null || id.get().equals(intent.object()));
  }

  private static String heldBack(Reply.Throttled throttled) {
    return throttled.brake() == Reply.Brake.VAPI ? "too many requests" : "it was not sent";
  }

  private static String cause(Reply reply) {
    return reply instanceof Reply.Unknown(var _, String cause)
        ? cause
        : "Vapi answered with something else than the object";
  }

  private void done(Attempt attempt, ObjectNode body) {
    switch (attempt.step) {
      case Step.Create _ -> made(attempt.intent, body);
      case Step.Update update -> {
        ObjectId object = Doubt.idOf(body).orElseThrow();
        enter(attempt.intent, new JournalEntry.Done(now(), object));
        Kind kind = Kinds.of(update.address());
        ledger
            .at(update.address())
            .ifPresent(owned ->
                put(
                    update.address(),
                    Owned.first(
                        object,
                        update.applied(),
                        update.observed() == null
                            ? Merge.observedAfter(
                                owned.observed(),
                                update.live(),
                                CanonicalBody.of(kind, body, naming))
                            : update.observed(),
                        update.version(),
                        owned.origin())));
        noteChangedMeanwhile(kind, update, body);
        noteDropped(kind, update.address(), update.body(), body);
      }
      case Step.Delete delete -> removed(attempt.intent, delete.object());
      case Step.Adopt _, Step.Confirm _, Step.Forget _ ->
          throw new IllegalStateException("Vapi was not called for " + attempt.step);
    }
  }

  private void made(Intent intent, ObjectNode body) {
    ObjectId object = Doubt.idOf(body).orElseThrow();
    Intent.Making making = intent.making();
    if (making == null) {
      throw new IllegalStateException("a create without what it makes");
    }
    Kind kind = Kinds.of(intent.address());
    if (body.get("orgId") instanceof JsonNode org && org.isString()) {
      orgId = org.stringValue();
    }
    naming = naming.with(intent.address(), object);
    enter(intent, new JournalEntry.Done(now(), object));
    ObjectNode observed = making.observed();
    Owned owned =
        Owned.first(
            object,
            making.applied(),
            observed == null ? CanonicalBody.of(kind, body, naming) : observed,
            making.version(),
            Owned.Origin.MADE);
    Owned before = ledger.at(intent.address()).orElse(null);
    if (before != null && before.object().equals(making.replaces())) {
      keep(intent.address(), owned.replacing(before));
    } else {
      put(intent.address(), owned);
    }
    noteDropped(kind, intent.address(), making.sent(), body);
  }

  private void removed(Intent intent, ObjectId object) {
    enter(intent, new JournalEntry.Done(now(), object));
    Owned owned = ledger.at(intent.address()).orElse(null);
    if (owned != null && owned.retired().contains(object)) {
      keep(intent.address(), owned.withoutRetired(object));
    } else {
      drop(intent.address());
    }
  }

  private @Nullable Applied refused(Attempt attempt, Reply.Refused refused) {
    boolean delete = attempt.intent.verb() == Intent.Verb.DELETE;
    if (refused.isMissing() && delete && attempt.step instanceof Step.Delete gone) {
      removed(attempt.intent, gone.object());
      return null;
    }
    if (refused.isMissing() && attempt.intent.verb() == Intent.Verb.UPDATE
        || refused.code().endsWith("_write_conflict")) {
      enter(attempt.intent, new JournalEntry.NotDone(now(), "changed since it was read"));
      return new Applied.Outdated(attempt.intent.address() + " changed since it was read");
    }
    enter(
        attempt.intent,
        new JournalEntry.Refused(now(), "Vapi refused it with status " + refused.status()));
    return new Applied.Refused(attempt.intent.address(), refused);
  }

  /** Looks for what a create may have made, until it had to be there. */
  private @Nullable Applied look(Intent intent, Instant intendedAt, Instant doubtedAt) {
    Call look = Doubt.look(intent, intendedAt);
    for (int tries = 0; ; tries++) {
      Reply reply = account.send(List.of(look)).getFirst();
      if (reply instanceof Reply.Ok(JsonNode listed)) {
        List<ObjectNode> found = Doubt.madeBy(intent, listed, ledger, others);
        if (!found.isEmpty()) {
          made(intent, found.getFirst());
          return null;
        }
        if (!now().isBefore(doubtedAt.plus(tempo.settling()))) {
          enter(intent, new JournalEntry.NotThere(now()));
          return new Applied.Outdated(intent.address() + " was sent and is not there");
        }
      } else if (reply instanceof Reply.Refused refused) {
        return new Applied.Refused(intent.address(), refused);
      }
      boolean worthWaiting = !(reply instanceof Reply.Throttled held) || held.isWorthWaiting();
      if (!worthWaiting || !tempo.waits(Tempo.backOff(tries))) {
        return new Applied.Unfinished(reply);
      }
    }
  }

  /**
   * A write replaces top-level fields whole, and Vapi cannot be told to refuse it when the object
   * has changed since it was read. What was not written shows whether it did.
   */
  private void noteChangedMeanwhile(Kind kind, Step.Update update, ObjectNode reply) {
    ObjectNode now = CanonicalBody.of(kind, reply, naming);
    var others =
        Change.between(update.live(), now).stream()
            .filter(change ->
                update.body().propertyNames().stream()
                    .noneMatch(sent -> change.place().startsWith(Place.ROOT.field(sent))))
            .filter(change -> kind.writeOnly().stream().noneMatch(change.place()::startsWith))
            .map(change -> change.place().toString())
            .toList();
    if (!others.isEmpty()) {
      notes.add(
          Diagnostic.warning(
              "CHANGED_MEANWHILE",
              "An object was changed by someone else at the same time.",
              update.address()
                  + " was changed at "
                  + String.join(", ", others)
                  + " while Graft updated it. Those changes are kept; see whether what Graft wrote at"
                  + " the same moment is what you want.",
              update.address().toString()));
    }
  }

  /** Vapi answers 200 to fields that it then ignores: say so, or nobody ever learns. */
  private void noteDropped(Kind kind, Address address, ObjectNode sent, ObjectNode reply) {
    ObjectNode kept = CanonicalBody.of(kind, reply, naming);
    for (Change change : Change.between(CanonicalBody.of(kind, sent, naming), kept)) {
      boolean writeOnly = kind.writeOnly().stream().anyMatch(change.place()::startsWith);
      if (change.before() != null
          && !change.before().isNull()
          && change.after() == null
          && !writeOnly) {
        notes.add(
            Diagnostic.warning(
                "DROPPED_BY_VAPI",
                "Vapi did not keep a field.",
                "Vapi accepted "
                    + address
                    + " and did not keep its field "
                    + change.place()
                    + ". The object works without it; see whether the template still needs it.",
                address + "#" + change.place()));
      }
    }
  }

  private void put(Address address, Owned owned) {
    keep(address, ledger.at(address).map(owned::after).orElse(owned));
  }

  private void keep(Address address, Owned owned) {
    ledger = ledger.with(address, owned);
    changes.add(new Journal.LedgerChange.Put(address, owned));
  }

  private void drop(Address address) {
    ledger = ledger.without(address);
    changes.add(new Journal.LedgerChange.Drop(address));
  }

  private void enter(Intent intent, JournalEntry entry) {
    unwritten.add(new Journal.Written(intent, entry));
  }

  private void write() {
    if (!unwritten.isEmpty() || !changes.isEmpty()) {
      journal.append(List.copyOf(unwritten), List.copyOf(changes));
      unwritten.clear();
      changes.clear();
    }
  }

  /** What is ours by now. */
  Ledger ledger() {
    return ledger;
  }

  /** The organisation that something was made in, null when nothing was. */
  @Nullable String orgId() {
    return orgId;
  }

  private Instant now() {
    return tempo.clock().instant();
  }
}
