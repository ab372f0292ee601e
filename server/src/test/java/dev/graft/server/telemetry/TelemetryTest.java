package dev.graft.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.store.Schedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TelemetryTest {
  private final Telemetry telemetry =
      Telemetry.of(
          new TelemetrySettings(Optional.empty(), Optional.empty()), "0.1", "test", "local");

  private double figure(String start) {
    return telemetry
        .metrics()
        .text()
        .lines()
        .filter(line -> line.startsWith(start))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void forHowLongATaskRunsIsToldWhileItDoesAndAnErrorIsAFailure() {
    String running = "graft_task_running_seconds{task=\"a-task\"}";
    List<Double> inside = new ArrayList<>();
    Schedule.Task task =
        telemetry.measured(
            new Schedule.Task(
                "a-task",
                Duration.ofMinutes(1),
                () -> {
                  inside.add(figure(running));
                  throw new StackOverflowError("as ordered by a test");
                }));
    assertThat(figure(running)).isZero();
    assertThatThrownBy(() -> task.work().run()).isInstanceOf(StackOverflowError.class);
    assertThat(inside).singleElement().satisfies(seconds -> assertThat(seconds).isPositive());
    assertThat(figure(running)).isZero();
    assertThat(figure("graft_task_duration_seconds_count{outcome=\"failed\",task=\"a-task\"}"))
        .isEqualTo(1);
    telemetry.close();
  }
}
