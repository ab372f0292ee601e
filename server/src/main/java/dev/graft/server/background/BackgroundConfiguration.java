package dev.graft.server.background;

import dev.graft.server.Settings;
import dev.graft.server.backup.BackingUp;
import dev.graft.server.install.Recovery;
import dev.graft.server.install.StoredPlans;
import dev.graft.server.install.Watch;
import dev.graft.server.link.KeyCheck;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.server.webhook.Courier;
import dev.graft.server.webhook.Endpoints;
import dev.graft.store.Database;
import dev.graft.store.Schedule;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The scheduled work. Every bean of {@link Schedule.Task}, here or in another configuration, is
 * done as often as it says, by one node of the cluster at a time.
 */
@Configuration(proxyBeanMethods = false)
public class BackgroundConfiguration {
  private static final Duration LOOK = Duration.ofMinutes(1);

  @Bean
  Schedule schedule(
      Database database, List<Schedule.Task> tasks, Settings settings, Telemetry telemetry) {
    return Schedule.start(
        database,
        "node-" + UUID.randomUUID(),
        tasks.stream().map(telemetry::measured).toList(),
        settings.leaseTime());
  }

  @Bean
  Schedule.Task finishOperations(Recovery recovery) {
    return new Schedule.Task("finish-operations", Duration.ofSeconds(1), recovery::run);
  }

  @Bean
  Schedule.Task dropExpiredPlans(StoredPlans plans) {
    return new Schedule.Task("drop-expired-plans", Duration.ofMinutes(10), plans::dropExpired);
  }

  @Bean
  Schedule.Task deliverWebhooks(Courier courier) {
    return new Schedule.Task("deliver-webhooks", Duration.ofSeconds(2), courier::run);
  }

  @Bean
  Schedule.Task dropExpiredEvents(Endpoints endpoints) {
    return new Schedule.Task("drop-expired-events", Duration.ofHours(1), endpoints::dropExpired);
  }

  @Bean
  Schedule.Task checkKeys(KeyCheck keyCheck, Settings settings) {
    return new Schedule.Task(
        "check-keys",
        often(settings.keyCheck()),
        () -> settings.keyCheck().ifPresent(_ -> keyCheck.run()));
  }

  @Bean
  Schedule.Task lookForDrift(Watch watch, Settings settings) {
    return new Schedule.Task(
        "look-for-drift",
        often(settings.driftCheck()),
        () -> settings.driftCheck().ifPresent(watch::lookForDrift));
  }

  @Bean
  Schedule.Task tellOfReleases(Watch watch) {
    return new Schedule.Task("tell-of-releases", Duration.ofSeconds(30), watch::tellOfReleases);
  }

  @Bean
  Schedule.Task makeBackups(BackingUp backingUp) {
    return new Schedule.Task(
        "make-backups", often(backingUp.settings().every()), backingUp::runIfDue);
  }

  /** Once a minute is often enough to see what is due, unless all of it is due more often. */
  private static Duration often(Optional<Duration> period) {
    return period.filter(each -> each.compareTo(LOOK) < 0).orElse(LOOK);
  }
}
