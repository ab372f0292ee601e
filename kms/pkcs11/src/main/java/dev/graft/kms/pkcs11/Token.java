package dev.graft.kms.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.VaultException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One token, found by its label or serial number in whatever slot it is, and logged in. When it is
 * gone, or its session, it is looked for and logged in at once more; then the caller is told.
 */
final class Token {
  private final String providerUri;
  private final Library library;
  private final Optional<String> label;
  private final Optional<String> serial;
  private final Pin pin;
  private final Duration timeout;
  private volatile @Nullable Place place;

  /** Where it was found, in which run of the library. */
  private record Place(long slot, int start) {}

  /** What is done in a session. What the caller did wrong is a {@link VaultException}. */
  interface Work<T> {
    T done(Session session) throws Refused;
  }

  Token(
      String providerUri,
      Library library,
      Optional<String> label,
      Optional<String> serial,
      Pin pin,
      Duration timeout) {
    this.providerUri = providerUri;
    this.library = library;
    this.label = label;
    this.serial = serial;
    this.pin = pin;
    this.timeout = timeout;
  }

  <T> T inSession(Work<T> work) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      return library.onItsThread(() -> onceMoreIfLost(work), deadline);
    } catch (Refused e) {
      throw unavailable(reason(e), e);
    } catch (TimeoutException e) {
      throw unavailable("it did not answer within " + timeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("the wait for it was interrupted", e);
    }
  }

  private <T> T onceMoreIfLost(Work<T> work) throws Refused {
    int start = library.starts();
    try {
      return library.whileRunning(() -> inOneSession(work));
    } catch (Refused e) {
      if (!e.isLost()) {
        throw e;
      }
      library.startAnew(Math.max(start, 1));
      return library.whileRunning(() -> inOneSession(work));
    }
  }

  private <T> T inOneSession(Work<T> work) throws Refused {
    long slot = slot();
    long session = library.session(slot, pin.read(providerUri));
    boolean isSound = false;
    try {
      T result = work.done(new Session(library, session));
      isSound = true;
      return result;
    } catch (VaultException e) {
      isSound = true;
      throw e;
    } finally {
      if (isSound) {
        library.giveBack(slot, session);
      } else {
        library.close(session);
      }
    }
  }

  private long slot() throws Refused {
    Place known = place;
    if (known != null && known.start() == library.starts()) {
      return known.slot();
    }
    var others = new ArrayList<String>();
    var found = new ArrayList<Long>();
    for (long slot : library.slots()) {
      try (Arena arena = Arena.ofConfined()) {
        // CK_TOKEN_INFO: label of 32, maker of 32, model of 16, serial number of 16, and more.
        MemorySegment info = arena.allocate(256, 8);
        library.cryptoki().call(Cryptoki.GET_TOKEN_INFO, slot, info);
        String itsLabel = padded(info, 0, 32);
        String itsSerial = padded(info, 80, 16);
        if (label.orElse(itsLabel).equals(itsLabel) && serial.orElse(itsSerial).equals(itsSerial)) {
          found.add(slot);
        } else {
          others.add("'" + itsLabel + "'");
        }
      } catch (Refused e) {
        // A reader without its token, or one that is just being taken out.
      }
    }
    if (found.size() == 1) {
      place = new Place(found.getFirst(), library.starts());
      return found.getFirst();
    }
    if (found.isEmpty()) {
      throw new Missing(others);
    }
    throw unavailable(
        "there are "
            + found.size()
            + " tokens that fit. Add their serial number to the address, as in"
            + " token=...;serial=...",
        null);
  }

  private static String padded(MemorySegment structure, long offset, int length) {
    byte[] text =
        structure.asSlice(offset, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    return new String(text, UTF_8).replace('\0', ' ').strip();
  }

  /** That the token is in no slot. */
  private static final class Missing extends Refused {
    private final List<String> others;

    Missing(List<String> others) {
      super(Cryptoki.GET_SLOT_LIST.name(), Refused.TOKEN_NOT_PRESENT);
      this.others = List.copyOf(others);
    }
  }

  VaultException unavailable(String reason, @Nullable Throwable cause) {
    return VaultException.unavailable(providerUri, reason, cause);
  }

  private static String reason(Refused e) {
    if (e instanceof Missing missing) {
      return "there is no such token in any slot of the library"
          + (missing.others.isEmpty()
              ? "; it sees none at all"
              : "; it sees " + String.join(", ", missing.others))
          + ". Put it in, check its connection, or correct the address";
    }
    if (e.code() == Refused.PIN_INCORRECT) {
      return "it does not take the PIN ("
          + e.getMessage()
          + "). Graft does not show it the same one"
          + " again before it is restarted, since a few wrong ones lock a token. Correct the PIN";
    }
    if (e.isOfThePin()) {
      return "it does not take the PIN ("
          + e.getMessage()
          + "). Set or unlock the user's PIN with the tool of the token's maker";
    }
    if (e.code() == Refused.MECHANISM_INVALID || e.code() == Refused.MECHANISM_PARAM_INVALID) {
      return "it does not do AES-GCM as it was asked ("
          + e.getMessage()
          + "). A token that makes its nonces by itself needs ?iv=token in the address";
    }
    return "it failed, also in a new session (" + e.getMessage() + ")";
  }
}
