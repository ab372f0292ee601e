package dev.graft.vault;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A key management service seen from the vault: it holds a wrapping key that never leaves it, and
 * wraps and unwraps 32-byte data keys under it.
 *
 * <p>Every provider keeps these promises, and its test runs the same contract:
 *
 * <ul>
 *   <li>What was wrapped unwraps to the same bytes under the same context, for as long as the
 *       version of the wrapping key that is named in {@link Wrapped} is kept, whatever has been
 *       rotated since.
 *   <li>Under another context, or with any bit changed, it does not unwrap. A service that cannot
 *       bind a context itself has a provider that binds it.
 *   <li>The only exception is a {@link VaultException}: {@code TAMPERED} for changed bytes or
 *       another context, {@code WRONG_KEY} for a version that is not there, {@code KEY_UNAVAILABLE}
 *       for a service that does not answer, refuses the caller, has the key switched off, or asks
 *       for patience.
 *   <li>It fails closed: there is no other key and no other place to fall back to.
 *   <li>It answers or fails in bounded time, and many threads may call it at once.
 *   <li>It neither keeps nor logs a data key. A secret passed in stays the caller's and is not
 *       wiped; a secret handed out is the caller's to wipe.
 * </ul>
 */
public interface KeyProvider {
  /** Where the wrapping key is, for instance {@code local:}. Stored with every data key. */
  String uri();

  /** Wraps under the newest version of the wrapping key. */
  Wrapped wrap(Secret dataKey, Context context);

  Secret unwrap(Wrapped wrapped, Context context);

  /**
   * The same data key under the newest version of the wrapping key. A service that can do this by
   * itself has a provider that lets it, so that the data key does not leave the service.
   */
  default Wrapped rewrap(Wrapped wrapped, Context context) {
    try (Secret dataKey = unwrap(wrapped, context)) {
      return wrap(dataKey, context);
    }
  }

  /**
   * Proves that this provider can wrap and unwrap now, with a key made for the purpose.
   *
   * @return the version that {@link #wrap} uses: a data key wrapped under another is due a rewrap
   */
  default String check() {
    var context = new Context("graft", "check", "check");
    try (Secret sample = OneTimeKey.generate()) {
      Wrapped wrapped = wrap(sample, context);
      try (Secret back = unwrap(wrapped, context)) {
        if (!back.equals(sample)) {
          throw VaultException.doesNotUnwrap(context, null);
        }
      }
      return wrapped.kekVersion();
    }
  }

  /** A data key as a provider wrapped it, and the version of the wrapping key that it used. */
  final class Wrapped {
    private final String kekVersion;
    private final byte[] bytes;

    public Wrapped(String kekVersion, byte[] bytes) {
      this.kekVersion = kekVersion;
      this.bytes = bytes.clone();
    }

    public String kekVersion() {
      return kekVersion;
    }

    public byte[] bytes() {
      return bytes.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Wrapped that
          && kekVersion.equals(that.kekVersion)
          && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Objects.hash(kekVersion, Arrays.hashCode(bytes));
    }

    @Override
    public String toString() {
      return "Wrapped[kekVersion=" + kekVersion + ", " + bytes.length + " bytes]";
    }
  }
}
