package dev.graft.server;

import dev.graft.server.access.Acts;
import dev.graft.server.event.Events;
import dev.graft.server.install.Installing;
import dev.graft.server.install.Templates;
import dev.graft.server.install.Watch;
import dev.graft.server.link.KeyCheck;
import dev.graft.server.link.Keys;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.server.webhook.Courier;
import dev.graft.server.webhook.Endpoints;
import dev.graft.store.Accounts;
import dev.graft.store.Database;
import dev.graft.store.Installations;
import dev.graft.store.KeyStates;
import dev.graft.store.Outbox;
import dev.graft.store.Tellings;
import dev.graft.store.Webhooks;
import dev.graft.vapi.VapiHttp;
import java.time.Duration;
import java.time.InstantSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What notices things by itself, and what tells others of them. */
@Configuration(proxyBeanMethods = false)
class EventWiring {
  private static final Duration DELIVERY_LIMIT = Duration.ofSeconds(10);

  /** With the check off, refusals are still counted. */
  private static final Duration USUAL_CHECK = Duration.ofDays(1);

  @Bean
  Outbox outbox(Database database) {
    return new Outbox(database);
  }

  @Bean
  Webhooks webhooks(Database database) {
    return new Webhooks(database);
  }

  @Bean
  Events events() {
    return new Events(Wiring.ids("evt_"));
  }

  @Bean
  KeyCheck keyCheck(
      Database database,
      VapiHttp http,
      Settings settings,
      Accounts accounts,
      Keys keys,
      Events events,
      Acts acts,
      InstantSource clock) {
    return new KeyCheck(
        http,
        settings.hosts(),
        new KeyStates(database),
        accounts,
        keys,
        events,
        acts,
        settings.callTimeout(),
        settings.keyCheck().orElse(USUAL_CHECK),
        clock);
  }

  @Bean
  Watch watch(
      Database database,
      Templates templates,
      Installing installing,
      Installations installations,
      Accounts accounts,
      Events events,
      InstantSource clock) {
    return new Watch(
        templates, installing, installations, accounts, new Tellings(database), events, clock);
  }

  @Bean
  Courier courier(
      Outbox outbox,
      Webhooks webhooks,
      Keys keys,
      Events events,
      Acts acts,
      Settings settings,
      InstantSource clock,
      Telemetry telemetry) {
    return new Courier(
        outbox,
        webhooks,
        keys,
        events,
        acts,
        settings.webhookReach(),
        DELIVERY_LIMIT,
        clock,
        telemetry.metrics()::delivery,
        telemetry.errors());
  }

  @Bean
  Endpoints endpoints(
      Webhooks webhooks,
      Outbox outbox,
      Courier courier,
      Keys keys,
      Events events,
      Acts acts,
      Settings settings,
      InstantSource clock) {
    return new Endpoints(
        webhooks,
        outbox,
        courier,
        keys,
        events,
        settings.webhookReach(),
        acts,
        clock,
        Wiring.ids("wh_"));
  }
}
