package dev.graft.server;

import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.access.KeyRing;
import dev.graft.server.access.People;
import dev.graft.server.access.Pepper;
import dev.graft.server.access.SignIns;
import dev.graft.server.audit.Sealing;
import dev.graft.server.audit.Sink;
import dev.graft.server.audit.TrailKeys;
import dev.graft.server.backup.BackingUp;
import dev.graft.server.event.Events;
import dev.graft.server.install.Installing;
import dev.graft.server.install.Recovering;
import dev.graft.server.install.Recovery;
import dev.graft.server.install.StoredPlans;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Unlinking;
import dev.graft.server.link.KeyCheck;
import dev.graft.server.link.KeyWork;
import dev.graft.server.link.Keys;
import dev.graft.server.link.Linking;
import dev.graft.server.link.Renewing;
import dev.graft.server.link.Rewrapping;
import dev.graft.server.link.Shredding;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.store.Accounts;
import dev.graft.store.ApiKeys;
import dev.graft.store.AuditChain;
import dev.graft.store.AuditTrail;
import dev.graft.store.Backups;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.Installations;
import dev.graft.store.KeptValues;
import dev.graft.store.Lease;
import dev.graft.store.Operations;
import dev.graft.store.Plans;
import dev.graft.store.Pseudonyms;
import dev.graft.store.Releases;
import dev.graft.store.Renewals;
import dev.graft.store.Rewraps;
import dev.graft.store.Schedule;
import dev.graft.store.Sessions;
import dev.graft.vapi.Pace;
import dev.graft.vapi.Paces;
import dev.graft.vapi.VapiHttp;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import tools.jackson.databind.node.ObjectNode;

/** Everything behind the HTTP side, put together from settings, database and vault. */
@Configuration(proxyBeanMethods = false)
class Wiring {
  private static final int CONNECTIONS_TO_VAPI = 600;
  private static final Duration PAUSE_WITHOUT_KEYS = Duration.ofSeconds(5);
  private static final Logger LOG = LoggerFactory.getLogger(Wiring.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  @Bean
  InstantSource clock(Database database) {
    return database.clock();
  }

  @Bean
  VapiHttp vapiHttp(Settings settings, Telemetry telemetry) {
    return new VapiHttp(settings.hosts(), CONNECTIONS_TO_VAPI, telemetry::vapi);
  }

  @Bean
  Paces paces(Settings settings) {
    return new Paces(settings.pace().orElse(null));
  }

  @Bean
  Accounts accounts(Database database) {
    return new Accounts(database);
  }

  @Bean
  Installations installations(Database database) {
    return new Installations(database);
  }

  @Bean
  Releases releases(Database database) {
    return new Releases(database);
  }

  @Bean
  Unlinking unlinking(
      Installing installing,
      Installations installations,
      Operations operations,
      Releases releases,
      Shredding shredding,
      Acts acts) {
    return new Unlinking(installing, installations, operations, releases, shredding, acts);
  }

  @Bean
  KeptValues keptValues(Database database) {
    return new KeptValues(database);
  }

  @Bean
  Operations operations(Database database, Settings settings, Paces paces) {
    var operations =
        new Operations(
            database,
            settings.leaseTime(),
            account ->
                paces.stateOf(account) instanceof Pace.State(var ready, var since, var perSecond)
                    ? new Lease.Pacing(ready, since, perSecond)
                    : null);
    if (settings.database().isEmpty()) {
      operations.endAllLeases();
    }
    return operations;
  }

  @Bean
  Acts acts(Database database, InstantSource clock) {
    return new Acts(new AuditTrail(database), clock);
  }

  @Bean
  DataKeys dataKeys(Database database) {
    return new DataKeys(database);
  }

  @Bean
  Keys keys(
      Vault vault,
      Accounts accounts,
      DataKeys dataKeys,
      InstantSource clock,
      Acts acts,
      Database database,
      KeptValues kept,
      Settings settings) {
    List<Secret> masterKeys =
        Stream.concat(settings.masterKey().stream(), settings.olderMasterKeys().stream()).toList();
    var keys = new Keys(vault, accounts, dataKeys, clock, acts, masterKeys);
    keys.check();
    checkWrappings(keys);
    // Before anything that acts can begin: whatever is recorded without this counts as forged.
    new AuditTrail(database).proveWith(TrailKeys.open(keys, kept)::mac);
    return keys;
  }

  @Bean
  Pepper pepper(Keys keys, KeptValues kept) {
    return new Pepper(keys.systemSecret("api key pepper", kept));
  }

  @Bean
  SignIns signIns(Database database, Pepper pepper, InstantSource clock) {
    return new SignIns(new Sessions(database), pepper, clock);
  }

  /** People by the tokens of an issuer; null when none are accepted. */
  @Bean
  @Nullable People people(Settings settings, Pepper pepper, InstantSource clock) {
    return settings.oidc().map(oidc -> new People(oidc, pepper, clock)).orElse(null);
  }

  @Bean
  KeyRing keyRing(Database database, Pepper pepper, InstantSource clock) {
    return new KeyRing(new ApiKeys(database), pepper, clock);
  }

  @Bean
  Sealing sealing(
      Database database,
      Keys keys,
      KeptValues kept,
      Acts acts,
      InstantSource clock,
      Telemetry telemetry,
      Settings settings) {
    TrailKeys trailKeys = TrailKeys.open(keys, kept);
    acts.add("node.started", null, null, started(settings, database));
    return new Sealing(
        new AuditChain(database),
        trailKeys,
        settings.auditSinks().stream().map(sink -> sink(sink, trailKeys)).toList(),
        acts,
        clock,
        telemetry.errors(),
        Duration.ofMillis(200));
  }

  private static Sink sink(Settings.AuditSink sink, TrailKeys keys) {
    return switch (sink) {
      case Settings.AuditSink.Log() -> new Sink.Log();
      case Settings.AuditSink.ToFile(var file) -> new Sink.ToFile(file, keys.publicKey());
    };
  }

  /** What an auditor would ask about a node. */
  private static ObjectNode started(Settings settings, Database database) {
    ObjectNode detail = Json.object();
    detail.put("database", database.description());
    detail.put("keys", settings.keys().current().identity());
    detail.put("callers", settings.open() ? "none" : "token");
    detail.put("listens", settings.host());
    var vapi = detail.putArray("vapi");
    settings.hosts().forEach(host -> vapi.add(host.url().toString()));
    var sinks = detail.putArray("auditSinks");
    settings.auditSinks().forEach(sink -> sinks.add(sink.text()));
    return detail;
  }

  /** An older provider that is away is no reason not to start; one that is missing is. */
  private static void checkWrappings(Keys keys) {
    try {
      keys.checkWrappings();
    } catch (VaultException e) {
      if (!e.mayHelpToTryAgain()) {
        throw e;
      }
      LOG.warn("Graft starts, and cannot open everything now: {}", e.getMessage());
    }
  }

  @Bean
  Pseudonyms pseudonyms(Database database) {
    return new Pseudonyms(database);
  }

  @Bean
  Recovering recovering(Installing installing, Templates templates) {
    return new Recovering(installing, templates);
  }

  @Bean
  Backups backups(Database database) {
    return new Backups(database);
  }

  @Bean
  BackingUp backingUp(Backups backups, Settings settings, Acts acts, InstantSource clock) {
    return new BackingUp(backups, settings.backup(), Main.version(), acts, clock);
  }

  @Bean
  Shredding shredding(Database database, Accounts accounts, DataKeys dataKeys, Keys keys) {
    return new Shredding(database, accounts, dataKeys, keys);
  }

  @Bean
  Rewraps rewraps(Database database, Settings settings) {
    var rewraps = new Rewraps(database, settings.leaseTime());
    if (settings.database().isEmpty()) {
      rewraps.endLease();
    }
    return rewraps;
  }

  @Bean
  Rewrapping rewrapping(
      Keys keys, DataKeys dataKeys, Rewraps rewraps, Acts acts, InstantSource clock) {
    return new Rewrapping(keys, dataKeys, rewraps, acts, clock, PAUSE_WITHOUT_KEYS, ids("rewrap_"));
  }

  @Bean
  Renewals renewals(Database database, Settings settings) {
    return new Renewals(database, settings.leaseTime());
  }

  @Bean
  Renewing renewing(
      Keys keys,
      Accounts accounts,
      Renewals renewals,
      Operations operations,
      Shredding shredding,
      Acts acts,
      InstantSource clock) {
    return new Renewing(
        keys, accounts, renewals, operations, shredding, acts, clock, ids("node_").get());
  }

  @Bean
  KeyWork keyWork(Keys keys, Rewrapping rewrapping, Renewing renewing, Shredding shredding) {
    return new KeyWork(keys, rewrapping, renewing, shredding, Duration.ofSeconds(1));
  }

  @Bean
  Linking linking(
      VapiHttp http,
      Settings settings,
      Accounts accounts,
      Installations installations,
      Keys keys,
      Acts acts,
      InstantSource clock,
      Events events,
      Pseudonyms pseudonyms) {
    return new Linking(
        http,
        settings.hosts(),
        accounts,
        installations,
        keys,
        acts,
        clock,
        settings.callTimeout(),
        ids("acc_"),
        events,
        pseudonyms);
  }

  @Bean
  Templates templates(Settings settings) {
    return new Templates(settings.templates(), settings.defaultTemplate());
  }

  @Bean
  Installing installing(
      VapiHttp http,
      Paces paces,
      Settings settings,
      Releases releases,
      Accounts accounts,
      Installations installations,
      Operations operations,
      Keys keys,
      InstantSource clock,
      KeyCheck keyCheck,
      Events events,
      Telemetry telemetry) {
    return new Installing(
        http,
        paces,
        settings.hosts(),
        accounts,
        installations,
        operations,
        releases,
        keys,
        clock,
        new Installing.Times(
            settings.callTimeout(),
            settings.requestDeadline(),
            settings.settlingTime(),
            settings.leaseTime()),
        new Installing.Ids(ids("node_").get(), ids("op_"), ids("ins_")),
        keyCheck,
        events,
        telemetry);
  }

  @Bean
  Recovery recovery(
      Operations operations, Installing installing, InstantSource clock, Telemetry telemetry) {
    return new Recovery(operations, installing, clock, telemetry.errors());
  }

  @Bean
  Stopping stopping(
      Settings settings,
      Schedule schedule,
      Recovery recovery,
      Installing installing,
      Stopping.Last last) {
    return new Stopping(settings.stop(), schedule, recovery, installing, last);
  }

  @Bean
  Stopping.Last lastOfStopping(Installing installing) {
    return new Stopping.Last(installing);
  }

  @Bean(AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME)
  DefaultLifecycleProcessor lifecycleProcessor(Stopping stopping) {
    var processor = new DefaultLifecycleProcessor();
    processor.setTimeoutPerShutdownPhase(stopping.patience().toMillis());
    return processor;
  }

  @Bean
  StoredPlans storedPlans(
      Database database, Accounts accounts, Keys keys, Acts acts, InstantSource clock) {
    return new StoredPlans(new Plans(database), accounts, keys, acts, clock, ids("plan_"));
  }

  /**
   * Ids that sort by the time at which they were made, and cannot be guessed: 48 bits of time, 80
   * of chance.
   */
  static Supplier<String> ids(String prefix) {
    return () -> {
      byte[] chance = new byte[10];
      RANDOM.nextBytes(chance);
      return prefix
          + HexFormat.of().toHexDigits(System.currentTimeMillis(), 12)
          + HexFormat.of().formatHex(chance);
    };
  }
}
