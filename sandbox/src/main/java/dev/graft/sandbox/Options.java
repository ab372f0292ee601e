package dev.graft.sandbox;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * How a sandbox behaves, apart from faults. Ports and clock stay as they are once it has started;
 * quirks and dials can be changed while it runs.
 *
 * @param port where the US region listens on 127.0.0.1; 0 takes any free port
 * @param euPort where the EU region listens; 0 takes any free port, {@link #NOWHERE} leaves it out
 */
public record Options(
    int port, int euPort, Set<Quirk> quirks, Map<Dial, Long> dials, InstantSource clock) {

  /** The EU port of a sandbox that has the US region only. */
  public static final int NOWHERE = -1;

  public Options {
    quirks = Set.copyOf(quirks);
    dials = Map.copyOf(dials);
    dials.forEach(Dial::accept);
  }

  /** As close to Vapi as is known, at full speed, on free ports of both regions. */
  public static Options standard() {
    return new Options(0, 0, Quirk.usualOnes(), Dial.usualValues(), InstantSource.system());
  }

  public Options onPorts(int us, int eu) {
    return new Options(us, eu, quirks, dials, clock);
  }

  public Options with(Quirk quirk, boolean on) {
    var changed = new HashSet<>(quirks);
    if (on) {
      changed.add(quirk);
    } else {
      changed.remove(quirk);
    }
    return new Options(port, euPort, changed, dials, clock);
  }

  public Options with(Dial dial, long value) {
    var changed = new HashMap<>(dials);
    changed.put(dial, value);
    return new Options(port, euPort, quirks, changed, clock);
  }

  public Options withClock(InstantSource source) {
    return new Options(port, euPort, quirks, dials, source);
  }

  public boolean has(Quirk quirk) {
    return quirks.contains(quirk);
  }

  public long value(Dial dial) {
    return dials.getOrDefault(dial, dial.usual());
  }

  Duration time(Dial dial) {
    return Duration.ofMillis(value(dial));
  }
}
