package dev.graft.core.apply;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.plan.Desired;
import dev.graft.core.plan.Ledger;
import dev.graft.core.plan.Policy;
import dev.graft.core.template.Release;
import dev.graft.core.template.TemplateReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/**
 * One account, one installation and a hand on the clock: enough to run the whole walk in memory.
 */
public final class Bench {
  public static final Address TOOL = new Address("tool", "main");
  public static final Address ASSISTANT = new Address("assistant", "main");

  public final InMemoryVapi vapi = new InMemoryVapi();
  private Ledger ledger = Ledger.EMPTY;
  private Sighting sighting = Sighting.NOTHING;
  private int operations;
  private Instant now = Instant.parse("2026-11-01T00:00:00Z");
  private InMemoryJournal journal = new InMemoryJournal(ledger);
  private final List<InMemoryJournal> journals = new ArrayList<>();

  /** The files of a template with one tool and one assistant of this version. */
  public static Map<String, String> files(String version) {
    var files = new LinkedHashMap<String, String>();
    files.put(
        "template-assistant.json",
        """
        {"name":"Front Desk_v%1$s","firstMessage":"Hello from %1$s",
         "voice":{"provider":"vapi","voiceId":"Elliot"},
         "model":{"provider":"openai","model":"gpt-4o","temperature":0.4,
                  "messages":[{"role":"system","content":"You book visits. %1$s"}]}}
        """
            .formatted(version));
    files.put(
        "template-tool.json",
        """
        {"type":"apiRequest","name":"book_visit_v%1$s","method":"POST",
         "url":"https://example.com/%1$s","function":{"name":"book","strict":true},
         "body":{"type":"object","properties":{"id":{"type":"string"}}}}
        """
            .formatted(version));
    return files;
  }

  public static Release release(String version) {
    return release(files(version));
  }

  public static Release release(Map<String, String> files) {
    var bytes = new LinkedHashMap<String, byte[]>();
    files.forEach((name, text) -> bytes.put(name, text.getBytes(StandardCharsets.UTF_8)));
    TemplateReader.Reading reading = TemplateReader.read("front-desk", bytes);
    assertThat(reading.findings()).filteredOn(Diagnostic::isError).isEmpty();
    return reading.release().orElseThrow();
  }

  public static ObjectNode json(String text) {
    return Json.parseObject(text);
  }

  /** Runs a new operation to its end. */
  public Reconciler.Result run(Release release) {
    return run(release, Policy.BY_NAME);
  }

  public Reconciler.Result run(Release release, Policy policy) {
    return run(new Desired(release, policy));
  }

  public Reconciler.Result run(Desired desired) {
    return run(desired, UnaryOperator.identity(), UnaryOperator.identity());
  }

  /** Runs the present operation again, as whoever takes it over would. */
  public Reconciler.Result resume(Release release) {
    return resume(new Desired(release, Policy.BY_NAME));
  }

  public Reconciler.Result resume(Desired desired) {
    return go(desired, UnaryOperator.identity(), UnaryOperator.identity());
  }

  /** Runs a new operation with something between it and its ports. */
  public Reconciler.Result run(
      Release release, UnaryOperator<VapiAccount> account, UnaryOperator<Journal> record) {
    return run(new Desired(release, Policy.BY_NAME), account, record);
  }

  public Reconciler.Result run(
      Desired desired, UnaryOperator<VapiAccount> account, UnaryOperator<Journal> record) {
    operations++;
    journal = new InMemoryJournal(ledger);
    journals.add(journal);
    return go(desired, account, record);
  }

  /** The state before the n-th operation, counted from 1. */
  public Desired before(int operation, Release installed) {
    return GoingBack.before(
        installed,
        ledger,
        journals.subList(operation - 1, journals.size()).stream()
            .flatMap(one -> one.stories().stream())
            .toList(),
        Policy.BY_NAME);
  }

  /** How many operations there were. */
  public int operations() {
    return operations;
  }

  private Reconciler.Result go(
      Desired desired, UnaryOperator<VapiAccount> account, UnaryOperator<Journal> record) {
    Consumer<Duration> pause = duration -> now = now.plus(duration);
    var tempo =
        new Tempo(() -> now, pause, now.plus(Duration.ofMinutes(1)), Duration.ofSeconds(10));
    try {
      Reconciler.Result result =
          new Reconciler(account.apply(vapi), record.apply(journal), tempo)
              .run(
                  new Reconciler.Task(
                      "op_" + operations,
                      desired,
                      ledger,
                      sighting,
                      InMemoryVapi.ORG,
                      Set.of(),
                      journals.stream()
                          .filter(one -> one != journal)
                          .flatMap(one -> Lost.among(one.stories()).stream())
                          .toList(),
                      null));
      if (result instanceof Reconciler.Result.Converged converged) {
        sighting = Sighting.fromJson(Json.parse(Json.write(converged.sighting().toJson())));
      }
      return result;
    } finally {
      ledger = journal.ledger();
    }
  }

  /** Runs and expects it to converge; gives the actions, ids replaced by the kind's n-th object. */
  public List<String> actions(Release release) {
    return actions(run(release));
  }

  public List<String> actions(Reconciler.Result result) {
    assertThat(result).isInstanceOf(Reconciler.Result.Converged.class);
    assertThat(journal.stories()).noneMatch(Journal.Story::isOpen);
    return ((Reconciler.Result.Converged) result).actions().stream().map(Action::toString).toList();
  }

  public Ledger ledger() {
    return ledger;
  }

  public InMemoryJournal journal() {
    return journal;
  }

  /** Forgets everything that Graft knows, as if its database were new. */
  public void loseTheDatabase() {
    ledger = Ledger.EMPTY;
    sighting = Sighting.NOTHING;
  }

  public ObjectId idOf(Address address) {
    return ledger.at(address).orElseThrow().object();
  }

  public ObjectNode live(Address address) {
    return vapi.object(idOf(address));
  }

  public ObjectId only(Kind kind) {
    assertThat(vapi.idsOf(kind)).hasSize(1);
    return vapi.idsOf(kind).getFirst();
  }

  public ObjectId tool() {
    return only(Kinds.TOOL);
  }

  public ObjectId assistant() {
    return only(Kinds.ASSISTANT);
  }
}
