package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.Stopping;
import dev.graft.server.audit.Sealing;
import dev.graft.server.install.Templates;
import dev.graft.server.link.Keys;
import dev.graft.server.telemetry.Disk;
import dev.graft.server.telemetry.Looked;
import dev.graft.server.telemetry.Metrics;
import dev.graft.store.Database;
import dev.graft.vault.VaultException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * What is there for whatever watches over the process. Its health is open to all, and says no more
 * than which part is not well and why, in sentences of Graft's own; what a database or a service
 * said is in the log.
 */
final class Probes {
  private static final String OK = "ok";
  private static final String MIGRATIONS =
      "The tables are not as this version of Graft needs them: a change of them stopped half-way, or"
          + " an older database was put in place. Restart Graft.";

  /** So that nobody can make Graft ask its database and key provider as often as they like. */
  private static final Duration FRESH = Duration.ofMillis(250);

  /**
   * A key provider may cost money for each call, and what is cached serves on for a while when it
   * goes away. That it came back is seen at once.
   */
  private static final Duration KEYS_FRESH = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Metrics metrics;
  private final Database database;
  private final Keys keys;
  private final Sealing sealing;
  private final Stopping stopping;
  private final Looked<String> databaseState;
  private final Looked<String> keysState;
  private final Looked<String> templatesState;
  private final Looked<String> diskState;

  Probes(
      Metrics metrics,
      Database database,
      Keys keys,
      Templates templates,
      Sealing sealing,
      Disk disk,
      Stopping stopping) {
    this.metrics = metrics;
    this.database = database;
    this.keys = keys;
    this.sealing = sealing;
    this.stopping = stopping;
    this.databaseState = new Looked<>(this::askDatabase, FRESH, PATIENCE);
    this.keysState =
        new Looked<>(this::askKeys, said -> said.equals(OK) ? KEYS_FRESH : FRESH, PATIENCE);
    this.templatesState =
        new Looked<>(
            () -> templates.names().isEmpty() ? "There is no template." : OK, FRESH, PATIENCE);
    this.diskState =
        new Looked<>(
            () -> disk.isFull() ? "There is no room left for the database." : OK, FRESH, PATIENCE);
  }

  ServerResponse live(ServerRequest request) {
    return Routes.json(200, Json.object().put("status", OK));
  }

  /** Requests are only taken once everything is there; what is left to say is that they are. */
  ServerResponse startup(ServerRequest request) {
    return Routes.json(200, Json.object().put("status", "started"));
  }

  ServerResponse ready(ServerRequest request) {
    // Together, so that all of them have the same two seconds.
    List.of(databaseState, keysState, templatesState, diskState).forEach(Looked::begin);
    Map<String, String> needed = new LinkedHashMap<>();
    String answers = databaseState.now().orElse("The database does not answer.");
    boolean isUp = answers.equals(OK) || answers.equals(MIGRATIONS);
    needed.put("database", isUp ? OK : answers);
    needed.put("migrations", isUp ? answers : "They are in the database.");
    needed.put(
        "keys",
        isUp
            ? keysState.now().orElse("The key provider does not answer in time.")
            : "They are in the database.");
    needed.put(
        "templates", templatesState.now().orElse("The folder of the templates cannot be read."));
    needed.put("disk", diskState.now().orElse("The disk does not answer."));
    needed.put(
        "node",
        stopping.hasBegun() ? "This node is being stopped. It serves what comes meanwhile." : OK);
    boolean isReady = needed.values().stream().allMatch(OK::equals);
    var json = Json.object().put("status", isReady ? "ready" : "not-ready");
    var checks = json.putObject("checks");
    needed.forEach(checks::put);
    // Someone should look at it, and meanwhile requests are served.
    checks.put("audit", sealing.state());
    return Routes.json(isReady ? 200 : 503, json);
  }

  private String askDatabase() {
    if (!database.isUp()) {
      return "The database does not answer.";
    }
    return database.schema() == Database.Schema.FITS ? OK : MIGRATIONS;
  }

  private String askKeys() {
    try {
      keys.check();
      return OK;
    } catch (VaultException e) {
      return e.mayHelpToTryAgain()
          ? "The key provider does not answer."
          : "The key provider answers, and does not open what it should.";
    } catch (RuntimeException e) {
      return "The keys cannot be read from the database.";
    }
  }

  /** All figures, for whoever may see them. */
  ServerResponse metrics(ServerRequest request) {
    return ServerResponse.ok()
        .contentType(MediaType.valueOf(Metrics.CONTENT_TYPE))
        .body(metrics.text().getBytes(StandardCharsets.UTF_8));
  }
}
