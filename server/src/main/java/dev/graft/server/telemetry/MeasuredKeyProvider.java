package dev.graft.server.telemetry;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/** A key provider whose calls are counted and timed. What goes through it is not looked at. */
final class MeasuredKeyProvider implements KeyProvider {
  private final KeyProvider provider;
  private final String scheme;
  private final Metrics metrics;

  MeasuredKeyProvider(KeyProvider provider, Metrics metrics) {
    this.provider = provider;
    this.scheme = provider.uri().split(":", 2)[0];
    this.metrics = metrics;
  }

  @Override
  public String uri() {
    return provider.uri();
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    return measured("wrap", () -> provider.wrap(dataKey, context));
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    return measured("unwrap", () -> provider.unwrap(wrapped, context));
  }

  @Override
  public Wrapped rewrap(Wrapped wrapped, Context context) {
    return measured("rewrap", () -> provider.rewrap(wrapped, context));
  }

  @Override
  public String check() {
    return measured("check", provider::check);
  }

  private <T> T measured(String call, Supplier<T> work) {
    long began = System.nanoTime();
    String outcome = "failed";
    try {
      T result = work.get();
      outcome = "ok";
      return result;
    } catch (VaultException e) {
      outcome = e.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
      throw e;
    } finally {
      metrics.provider(scheme, call, outcome, Duration.ofNanos(System.nanoTime() - began));
    }
  }
}
