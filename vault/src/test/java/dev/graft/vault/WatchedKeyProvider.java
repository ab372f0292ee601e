package dev.graft.vault;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A key provider that remembers what it handed out, and can be held up, switched off or broken. */
final class WatchedKeyProvider implements KeyProvider {
  private final KeyProvider real;
  final List<Secret> unwrapped = new CopyOnWriteArrayList<>();
  volatile CountDownLatch gate = new CountDownLatch(0);
  volatile boolean away;
  volatile int calls;

  WatchedKeyProvider(KeyProvider real) {
    this.real = real;
  }

  KeyProvider real() {
    return real;
  }

  @Override
  public String uri() {
    return real.uri();
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    answer();
    return real.wrap(dataKey, context);
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    answer();
    Secret key = real.unwrap(wrapped, context);
    unwrapped.add(key);
    return key;
  }

  @Override
  public String check() {
    answer();
    return real.check();
  }

  private void answer() {
    synchronized (this) {
      calls++;
    }
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    if (away) {
      throw new VaultException(
          VaultException.Kind.KEY_UNAVAILABLE, "The key provider does not answer.");
    }
  }
}
