package dev.graft.core.apply;

import dev.graft.core.Diagnostic;
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
    ledger.entries().forEach((address, owned) -> naming = naming.with(address, owned.object()));
    for (Journal.Story story : stories) {
      if (story.isOpen()) {
        Applied problem = settleOpen(story);
        if (problem != null) {
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
    if (intent.verb() != Intent.Verb.CREATE) {
      // An update or delete is seen at the object itself: the next plan knows what is left of it.
      unseen.add(intent);
      return null;
    }
    return look(intent, story.entries().getFirst().at(), story.entries().getLast().at());
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

  /** An update or delete that was left in the middle is done if the plan has nothing left to do. */
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
      problem = problem == null ? one : problem;
    }
    return problem;
  }

  private void noteLedgerOnly(Step step) {
    switch (step) {
      case Step.Adopt(var address, var owned) -> {
        enterLedgerOnly(Intent.Verb.ADOPT, address, owned.object());
        put(address, owned);
      }
      case Step.Confirm(var address, var owned) -> put(address, owned);
      case Step.Forget(var address, var object) -> {
        enterLedgerOnly(Intent.Verb.FORGET, address, object);
        drop(address);
      }
      case Step.Create _, Step.Update _, Step.Delete _ -> {}
    }
  }

  private void enterLedgerOnly(Intent.Verb verb, Address address, ObjectId object) {
    var intent = new Intent(steps++, verb, address, object, null);
    enter(intent, new JournalEntry.Done(now(), object));
  }

  /** One write, ready to be sent. */
  private record Attempt(Step step, Intent intent, Call call) {}

  private Attempt attempt(Step step) {
    int number = steps++;
    Kind kind = Kinds.of(step.address());
    return switch (step) {
      case Step.Create(var address, var body, var version) -> {
        ObjectNode sent =
            new Mark(release.template(), address, version.toString(), operation + "." + number)
                .put(kind, References.toIds(kind, body, naming));
        var making = new Intent.Making(sent, CanonicalBody.of(kind, body, Naming.NONE), version);
        yield new Attempt(
            step,
            new Intent(number, Intent.Verb.CREATE, address, null, making),
            new Call.Create(kind, sent));
      }
      case Step.Update update -> {
        ObjectId object =
            update.object() == null ? naming.idOf(update.address()).orElseThrow() : update.object();
        ObjectNode sent = References.toIds(kind, update.body(), naming);
        yield new Attempt(
            step,
            new Intent(number, Intent.Verb.UPDATE, update.address(), object, null),
            new Call.Update(kind, object, keepMark(kind, update, sent)));
      }
      case Step.Delete(var address, var object) ->
          new Attempt(
              step,
              new Intent(number, Intent.Verb.DELETE, address, object, null),
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
    for (int tries = 0; ; tries++) {
      Duration pause = Tempo.backOff(tries);
      switch (reply) {
        case Reply.Ok(ObjectNode body) when Doubt.idOf(body).isPresent() -> {
          done(attempt, body);
          return null;
        }
        case Reply.Refused refused -> {
          return refused(attempt, refused);
        }
        case Reply.Throttled(var retryAfter) -> {
          write();
          if (!tempo.waits(retryAfter == null ? pause : retryAfter)) {
            enter(attempt.intent, new JournalEntry.NotDone(now(), "too many requests"));
            return new Applied.Unfinished(reply);
          }
        }
        case Reply.Ok _, Reply.Unknown _ -> {
          if (attempt.intent.verb() == Intent.Verb.CREATE) {
            enter(attempt.intent, new JournalEntry.InDoubt(now(), cause(reply)));
            write();
            return look(attempt.intent, sentAt, now());
          }
          write();
          if (!tempo.waits(pause)) {
            enter(attempt.intent, new JournalEntry.InDoubt(now(), cause(reply)));
            return new Applied.Unfinished(reply);
          }
        }
      }
      reply = account.send(List.of(attempt.call)).getFirst();
    }
  }

  private static String cause(Reply reply) {
    return reply instanceof Reply.Unknown(var _, String cause)
        ? cause
        : "Vapi answered with something that is no object";
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
                        update.wanted(),
                        Merge.observedAfter(
                            owned.observed(), update.live(), CanonicalBody.of(kind, body, naming)),
                        update.version(),
                        owned.origin())));
        noteDropped(kind, update.address(), update.body(), body);
      }
      case Step.Delete(var address, var object) -> {
        enter(attempt.intent, new JournalEntry.Done(now(), object));
        drop(address);
      }
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
    put(
        intent.address(),
        Owned.first(
            object,
            making.applied(),
            CanonicalBody.of(kind, body, naming),
            making.version(),
            Owned.Origin.MADE));
    noteDropped(kind, intent.address(), making.applied(), body);
  }

  private @Nullable Applied refused(Attempt attempt, Reply.Refused refused) {
    boolean delete = attempt.intent.verb() == Intent.Verb.DELETE;
    if (refused.isMissing() && delete && attempt.step instanceof Step.Delete gone) {
      enter(attempt.intent, new JournalEntry.Done(now(), gone.object()));
      drop(gone.address());
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
          enter(intent, new JournalEntry.NotDone(now(), "looked for and not there"));
          return new Applied.Outdated(intent.address() + " was sent and is not there");
        }
      } else if (reply instanceof Reply.Refused refused) {
        return new Applied.Refused(intent.address(), refused);
      }
      if (!tempo.waits(Tempo.backOff(tries))) {
        return new Applied.Unfinished(reply);
      }
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
    Owned standing = ledger.at(address).map(owned::after).orElse(owned);
    ledger = ledger.with(address, standing);
    changes.add(new Journal.LedgerChange.Put(address, standing));
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
