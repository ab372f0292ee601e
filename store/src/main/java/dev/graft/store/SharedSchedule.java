package dev.graft.store;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.jdbc.PostgreSqlJdbcCustomization;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.helper.RecurringTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scheduled work of several nodes on one PostgreSQL: db-scheduler decides by a row per task which
 * node does it, and notices by missing heartbeats that a node is dead.
 */
final class SharedSchedule {
  /** The fewest that db-scheduler takes. */
  private static final int MISSED_HEARTBEATS = 4;

  private final Scheduler scheduler;

  SharedSchedule(Database database, String node, List<Schedule.Task> tasks, Schedule.Pace pace) {
    InstantSource clock = database.clock();
    this.scheduler =
        Scheduler.create(database.connections())
            .tableName("scheduled_task")
            .jdbcCustomization(new NumbersForInstants())
            .serializer(new NoData())
            .schedulerName(new SchedulerName.Fixed(node))
            .clock(clock::instant)
            .threads(Math.max(1, tasks.size()))
            .pollingInterval(pace.poll())
            .heartbeatInterval(pace.heartbeat())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(Duration.ofSeconds(5))
            .startTasks(tasks.stream().map(SharedSchedule::recurring).toList())
            .build();
    scheduler.start();
  }

  private static RecurringTask<Void> recurring(Schedule.Task task) {
    return Tasks.recurring(task.name(), FixedDelay.of(task.every())).execute((_, _) -> task.run());
  }

  void stop() {
    scheduler.stop();
  }

  /** Instants as everywhere in this database: milliseconds since 1970 in UTC. */
  private static final class NumbersForInstants extends PostgreSqlJdbcCustomization {
    NumbersForInstants() {
      super(false, true);
    }

    @Override
    public void setInstant(PreparedStatement statement, int index, @Nullable Instant value)
        throws SQLException {
      if (value == null) {
        statement.setNull(index, Types.BIGINT);
      } else {
        statement.setLong(index, value.toEpochMilli());
      }
    }

    @Override
    public @Nullable Instant getInstant(ResultSet results, String column) throws SQLException {
      long millis = results.getLong(column);
      return results.wasNull() ? null : Instant.ofEpochMilli(millis);
    }
  }

  /**
   * Tasks here carry nothing. What is written to their rows nevertheless is not made into objects.
   */
  private static final class NoData implements Serializer {
    @Override
    public byte @Nullable [] serialize(@Nullable Object data) {
      return null;
    }

    @Override
    public <T> @Nullable T deserialize(Class<T> type, byte @Nullable [] data) {
      return null;
    }
  }
}
