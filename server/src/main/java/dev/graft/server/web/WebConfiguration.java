package dev.graft.server.web;

import dev.graft.server.Settings;
import dev.graft.server.StartRefused;
import dev.graft.server.Stopping;
import dev.graft.server.access.Acts;
import dev.graft.server.access.KeyRing;
import dev.graft.server.access.People;
import dev.graft.server.access.Pepper;
import dev.graft.server.access.SignIns;
import dev.graft.server.access.Signatures;
import dev.graft.server.audit.Sealing;
import dev.graft.server.backup.BackingUp;
import dev.graft.server.edge.CertificateFiles;
import dev.graft.server.edge.PromptProtocol;
import dev.graft.server.edge.Tls;
import dev.graft.server.install.Installing;
import dev.graft.server.install.Recovering;
import dev.graft.server.install.StoredPlans;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Unlinking;
import dev.graft.server.link.Keys;
import dev.graft.server.link.Linking;
import dev.graft.server.link.Renewing;
import dev.graft.server.link.Rewrapping;
import dev.graft.server.telemetry.Disk;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.server.webhook.Endpoints;
import dev.graft.store.Accounts;
import dev.graft.store.Allowances;
import dev.graft.store.ApiKeys;
import dev.graft.store.AuditChain;
import dev.graft.store.DataKeys;
import dev.graft.store.Database;
import dev.graft.store.Erasures;
import dev.graft.store.Installations;
import dev.graft.store.KeptReplies;
import dev.graft.store.KeptValues;
import dev.graft.store.KeyStates;
import dev.graft.store.Operations;
import dev.graft.store.Outbox;
import dev.graft.store.Pseudonyms;
import dev.graft.store.Releases;
import dev.graft.store.Renewals;
import dev.graft.store.Rewraps;
import dev.graft.store.Schedule;
import dev.graft.store.SeenNonces;
import dev.graft.store.Webhooks;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardHost;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** The HTTP side, put together. */
@Configuration(proxyBeanMethods = false)
public class WebConfiguration {
  private static final String SWAGGER_UI = "/META-INF/resources/webjars/swagger-ui/5.32.0/";

  @Bean
  RouterFunction<ServerResponse> routes(
      Linking linking,
      Keys keys,
      Accounts accounts,
      Templates templates,
      Installing installing,
      Installations installations,
      Operations operations,
      Releases releases,
      Unlinking unlinking,
      StoredPlans plans,
      Endpoints endpoints,
      Webhooks webhooks,
      Outbox outbox,
      KeyRing keyRing,
      Callers callers,
      InstantSource clock,
      Sealing sealing,
      SignIns signIns,
      Optional<People> people,
      Settings settings,
      DataKeys dataKeys,
      Rewraps rewraps,
      Renewals renewals,
      Rewrapping rewrapping,
      Renewing renewing,
      Limits limits,
      Once once,
      BackingUp backingUp,
      Recovering recovering,
      Acts acts,
      Pseudonyms pseudonyms,
      Database database,
      Disk disk,
      Telemetry telemetry,
      Stopping stopping) {
    var links = new Links(linking, keys);
    var works = new Works(installing);
    var accountsApi = new AccountsApi(links, accounts, unlinking);
    var templatesApi = new TemplatesApi(templates);
    var apiKeysApi = new ApiKeysApi(keyRing, clock);
    var chain = new AuditChain(database);
    var stored =
        new AccountDataApi.Stored(
            installations,
            operations,
            outbox,
            new ApiKeys(database),
            dataKeys,
            chain,
            pseudonyms,
            new Erasures(database));
    return new Routes(
            new Gate(callers, accounts, installations, operations, plans),
            limits,
            once,
            new Contract(links, accounts, templatesApi, works),
            accountsApi,
            templatesApi,
            new WorkApi(
                accountsApi,
                templatesApi,
                installing,
                installations,
                operations,
                releases,
                plans,
                works),
            apiKeysApi,
            new Console(
                signIns,
                people,
                accounts,
                installations,
                new KeyStates(database),
                settings.open(),
                settings.publicUrl(),
                clock),
            new AuditApi(chain, sealing, accountsApi),
            new WebhooksApi(endpoints, webhooks, outbox),
            new KeysApi(accountsApi, keys, dataKeys, rewraps, renewals, rewrapping, renewing),
            new BackupsApi(backingUp),
            new RecoverApi(accountsApi, templatesApi, recovering),
            new AccountDataApi(accountsApi, apiKeysApi, stored, sealing, acts, clock),
            new Probes(telemetry.metrics(), database, keys, templates, sealing, disk, stopping),
            new Pages(SWAGGER_UI),
            telemetry)
        .function();
  }

  @Bean
  Allowances allowances(Database database) {
    return new Allowances(database);
  }

  @Bean
  KeptReplies keptReplies(Database database, Settings settings) {
    var replies = new KeptReplies(database, settings.leaseTime(), Duration.ofDays(1));
    if (settings.database().isEmpty()) {
      replies.endAllTurns();
    }
    return replies;
  }

  @Bean
  Limits limits(
      Settings settings,
      Allowances allowances,
      Accounts accounts,
      StoredPlans plans,
      Telemetry telemetry) {
    return new Limits(
        settings.rates(), allowances, accounts, plans, telemetry.metrics()::rateLimited);
  }

  @Bean
  Once once(KeptReplies replies, Keys keys) {
    return new Once(replies, keys);
  }

  @Bean
  Schedule.Task forgetRequests(Allowances allowances, KeptReplies replies, SeenNonces nonces) {
    return new Schedule.Task(
        "forget-requests",
        Duration.ofMinutes(10),
        () -> {
          allowances.sweep();
          replies.sweep();
          nonces.sweep();
        });
  }

  @Bean
  FilterRegistrationBean<Edge> edge(
      Settings settings, Telemetry telemetry, ObjectProvider<Stopping> stopping) {
    // A filter is made with the listener, before anything that it would have to wait for.
    BooleanSupplier closing = () -> stopping.getObject().hasBegun();
    var registration = new FilterRegistrationBean<>(new Edge(settings.edge(), telemetry, closing));
    registration.setOrder(Integer.MIN_VALUE);
    return registration;
  }

  @Bean
  SeenNonces seenNonces(Database database) {
    return new SeenNonces(database);
  }

  @Bean
  Signed signed(SeenNonces nonces, Pepper pepper, InstantSource clock, Settings settings) {
    return new Signed(new Signatures(nonces, pepper, clock), settings.publicUrl());
  }

  @Bean
  Callers callers(
      Settings settings, KeptValues kept, KeyRing keyRing, Signed signed, Optional<People> people) {
    Optional<AdminToken> admin =
        settings.open()
            ? Optional.empty()
            : Optional.of(AdminToken.of(settings.adminToken(), kept, WebConfiguration::showOnce));
    return new Callers(admin, keyRing, signed, people);
  }

  @Bean
  FilterRegistrationBean<Guard> guard(Settings settings) {
    var registration = new FilterRegistrationBean<>(new Guard(settings.open()));
    registration.setOrder(Integer.MIN_VALUE + 1);
    return registration;
  }

  /** To the terminal and not to the log, which is kept. */
  @SuppressWarnings("SystemOut")
  private static void showOnce(String token) {
    System.out.println(
        """

        The admin token of this server, shown this once:

          %s

        Send it as 'Authorization: Bearer …'; for the command line, export it as GRAFT_TOKEN.
        """
            .formatted(token));
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> listener(
      Settings settings, Telemetry telemetry) {
    return factory -> {
      factory.setPort(settings.port());
      factory.addContextCustomizers(context -> {
        if (context.getParent() instanceof StandardHost host) {
          host.setErrorReportValveClass(ProblemValve.class.getName());
        }
      });
      factory.setProtocol(PromptProtocol.class.getName());
      factory.addConnectorCustomizers(connector -> {
        connector.setProperty("address", settings.host());
        connector.setProperty("maxConnections", String.valueOf(settings.edge().connections()));
        connector.setProperty("maxSwallowSize", String.valueOf(2 * 1024 * 1024));
        connector.setProperty("connectionTimeout", "10000");
        connector.setProperty("keepAliveTimeout", "60000");
        // What served a request has what was read and written in buffers: it serves no other one.
        connector.setProperty("processorCache", "0");
        connector.setProperty("disableUploadTimeout", "false");
        connector.setProperty("connectionUploadTimeout", "10000");
        connector.setProperty("maxHttpRequestHeaderSize", "16384");
        connector.setProperty("maxHeaderCount", "100");
        connector.setXpoweredBy(false);
        connector.setAllowTrace(false);
        settings.edge().certificate().ifPresent(files -> encrypt(connector, files, telemetry));
      });
    };
  }

  private static void encrypt(Connector connector, CertificateFiles files, Telemetry telemetry) {
    connector.setScheme("https");
    connector.setSecure(true);
    try {
      Tls tls = Tls.on((PromptProtocol) connector.getProtocolHandler(), files);
      telemetry.metrics().certificate(() -> tls.certificateEnds().getEpochSecond());
      connector.addLifecycleListener(event -> {
        if (event.getType().equals(Lifecycle.AFTER_STOP_EVENT)) {
          tls.close();
        }
      });
    } catch (CertificateFiles.Unusable e) {
      throw new StartRefused(e.getMessage() == null ? "" : e.getMessage());
    }
  }
}
