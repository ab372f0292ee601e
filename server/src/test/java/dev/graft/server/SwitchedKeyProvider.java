package dev.graft.server;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.LocalKeyProvider;
import dev.graft.vault.MasterKey;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A key provider that really wraps, under a name of its own, and that a test can switch off or let
 * break at a call that it chooses.
 */
public final class SwitchedKeyProvider implements KeyProvider {
  private final String uri;
  private final LocalKeyProvider real;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean away;
  private volatile int breaksAt = -1;

  /** The process ends here: nothing that comes after it in the same thread happens. */
  public static final class Crash extends Error {}

  public SwitchedKeyProvider(String uri, MasterKey current, MasterKey... older) {
    this.uri = uri;
    this.real = new LocalKeyProvider(current, List.of(older));
  }

  /** A master key of one repeated byte. */
  public static MasterKey masterKey(int number) {
    return MasterKey.of(Secret.copyOf(digits(number)));
  }

  public static String digits(int number) {
    return "%02x".formatted(number).repeat(32);
  }

  public void away(boolean now) {
    away = now;
  }

  public void breakAt(int call) {
    breaksAt = calls.get() + call;
  }

  public int calls() {
    return calls.get();
  }

  @Override
  public String uri() {
    return uri;
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    answer();
    return real.wrap(dataKey, context);
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    answer();
    return real.unwrap(wrapped, context);
  }

  @Override
  public String check() {
    answer();
    return real.check();
  }

  private void answer() {
    if (calls.getAndIncrement() == breaksAt) {
      throw new Crash();
    }
    if (away) {
      throw new VaultException(
          VaultException.Kind.KEY_UNAVAILABLE,
          "The key provider " + uri + " does not answer. Graft goes on by itself when it does.");
    }
  }
}
