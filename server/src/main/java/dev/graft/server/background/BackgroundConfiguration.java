package dev.graft.server.background;

import dev.graft.server.install.StoredPlans;
import dev.graft.store.Database;
import dev.graft.store.Schedule;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The scheduled work. Every bean of {@link Schedule.Task}, here or in another configuration, is
 * done as often as it says, by one node of the cluster at a time.
 */
@Configuration(proxyBeanMethods = false)
public class BackgroundConfiguration {
  @Bean
  Schedule schedule(Database database, List<Schedule.Task> tasks) {
    return Schedule.start(database, "node-" + UUID.randomUUID(), tasks);
  }

  @Bean
  Schedule.Task dropExpiredPlans(StoredPlans plans) {
    return new Schedule.Task("drop-expired-plans", Duration.ofMinutes(10), plans::dropExpired);
  }
}
