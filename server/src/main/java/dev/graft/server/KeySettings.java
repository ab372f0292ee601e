package dev.graft.server;

import dev.graft.vault.ProviderUri;
import java.util.List;
import java.util.Map;

/**
 * Which key providers wrap and unwrap.
 *
 * @param current wraps every new data key
 * @param older unwrap what they wrapped before
 * @param environment where they find their own credentials
 */
public record KeySettings(
    ProviderUri current, List<ProviderUri> older, Map<String, String> environment) {
  static final ProviderUri LOCAL = ProviderUri.parse("local:");

  public KeySettings {
    older = List.copyOf(older);
    environment = Map.copyOf(environment);
  }

  /** Without the environment, in which passwords stand. */
  @Override
  public String toString() {
    return "KeySettings[current=" + current.identity() + ", older=" + older.size() + "]";
  }
}
