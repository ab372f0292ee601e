package dev.graft.server.log;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Takes secrets out of texts that leave the process for people to read: logs, labels of metrics,
 * traces, reports of errors. A key of Vapi's looks like any id of Vapi's, so that no pattern can
 * tell them apart; what is known here are the keyed hashes of the secrets in use, and whatever part
 * of a text has one of them is masked. Patterns catch only what nothing else looks like.
 *
 * <p>A customer's secret is known for some time after its last use, and the last ten thousand are;
 * one of this process's own, for as long as it lives. One of fewer than eight characters is not
 * masked: it would blacken ordinary words.
 */
public final class Redaction {
  private static final Redaction OF_THIS_PROCESS = new Redaction(InstantSource.system());
  private static final String MASK = "***";
  private static final Duration KNOWN_FOR = Duration.ofMinutes(15);
  private static final int MOST = 10_000;
  private static final int SHORTEST = 8;

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(
              "uthorization",
              "(?i)(authorization[\"']?\\s{0,4}[:=]\\s{0,4}[\\[\"']{0,2}(?:(?:bearer|basic|digest)\\s{1,4})?)"
                  + "[^\\s\"',\\]\\[(){}*][^\\s\"',\\]]*",
              "$1***"),
          new Shape("earer ", "(?i)(bearer\\s{1,4})[A-Za-z0-9._~+/=-]{8,}", "$1***"),
          new Shape("piKey", "(?i)(\"?apiKey\"?\\s{0,4}[:=]\\s{0,4}\")[^\"]+", "$1***"),
          new Shape("graft_", "graft_[a-z]{2,12}_[A-Za-z0-9_-]{16,}", MASK),
          new Shape("eyJ", "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?", MASK),
          new Shape(
              "PRIVATE KEY",
              "-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?",
              MASK));

  private final InstantSource clock;
  private final KeyedHash hash = new KeyedHash(new SecureRandom());
  private final LinkedHashMap<KeyedHash.Value, Known> known = new LinkedHashMap<>(64, 0.75f, true);
  private final Set<KeyedHash.Value> forever = new HashSet<>();
  private final HashedTexts hashed;

  /** Something that only a secret looks like, and a word that is in every such text. */
  private record Shape(String word, Pattern pattern, String masked) {
    Shape(String word, String pattern, String masked) {
      this(word, Pattern.compile(pattern), masked);
    }
  }

  /** A secret in use: the hashes of its forms, and until when they are kept. */
  private record Known(List<HashedTexts.Entry> forms, Instant until) {}

  Redaction(InstantSource clock) {
    this.clock = clock;
    this.hashed = new HashedTexts(hash);
  }

  /** The one that the log of this process goes through. */
  public static Redaction ofThisProcess() {
    return OF_THIS_PROCESS;
  }

  /** Masks a secret for some time from now on, in the forms in which texts quote one. */
  public void protect(Secret secret) {
    read(secret, this::protectForSomeTime);
  }

  /** Masks a secret for as long as this process lives, whether it is used or not. */
  public void protectForever(Secret secret) {
    read(secret, this::protectForever);
  }

  private static void read(Secret secret, Consumer<byte[]> reader) {
    secret.reveal(
        SecretAccess.of("the keyed hash by which it is masked in logs"),
        bytes -> {
          if (bytes.length >= SHORTEST) {
            reader.accept(bytes);
          }
          return true;
        });
  }

  private synchronized void protectForever(byte[] bytes) {
    KeyedHash.Value name = hash.of(bytes);
    if (forever.add(name) && known.remove(name) == null) {
      hashed(bytes);
    }
  }

  private synchronized void protectForSomeTime(byte[] bytes) {
    Instant now = clock.instant();
    KeyedHash.Value name = hash.of(bytes);
    if (forever.contains(name)) {
      return;
    }
    Known before = known.get(name);
    if (before != null) {
      known.put(name, new Known(before.forms(), now.plus(KNOWN_FOR)));
      return;
    }
    forgetWhatIsOld(now);
    known.put(name, new Known(hashed(bytes), now.plus(KNOWN_FOR)));
  }

  private List<HashedTexts.Entry> hashed(byte[] bytes) {
    var forms = new ArrayList<HashedTexts.Entry>();
    List<byte[]> all = SecretForms.of(bytes);
    for (int i = 0; i < all.size(); i++) {
      byte[] form = all.get(i);
      boolean isNew = all.subList(0, i).stream().noneMatch(other -> Arrays.equals(other, form));
      if (form.length >= SHORTEST && isNew) {
        forms.add(hashed.add(form));
      }
    }
    all.forEach(form -> Arrays.fill(form, (byte) 0));
    return List.copyOf(forms);
  }

  /** Those used longest ago come first. */
  private void forgetWhatIsOld(Instant now) {
    Iterator<Map.Entry<KeyedHash.Value, Known>> oldest = known.entrySet().iterator();
    while (oldest.hasNext()) {
      Known one = oldest.next().getValue();
      if (known.size() < MOST && one.until().isAfter(now)) {
        return;
      }
      oldest.remove();
      one.forms().forEach(hashed::remove);
    }
  }

  /** The text with every secret masked. */
  public String clean(String text) {
    String cleaned = hashed.mask(text, MASK);
    for (Shape shape : SHAPES) {
      if (cleaned.contains(shape.word())) {
        cleaned = shape.pattern().matcher(cleaned).replaceAll(shape.masked());
      }
    }
    return cleaned;
  }
}
