package dev.graft.kms.pkcs11;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/**
 * Wraps data keys by AES-256-GCM inside a token.
 *
 * <p>The keys of one label are the versions of the wrapping key, and the version is the key's id
 * ({@code CKA_ID}) in hexadecimal digits. The one with the highest id wraps. Wrapped bytes are a
 * form number, 1, the nonce, and the ciphertext with its tag.
 */
final class Pkcs11KeyProvider implements KeyProvider {
  private static final byte FORM = 1;
  private static final int DATA_KEY_BYTES = 32;
  private static final int WRAPPED_BYTES =
      1 + Session.NONCE_BYTES + DATA_KEY_BYTES + Session.TAG_BYTES;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Comparator<Session.Key> BY_ID =
      Comparator.comparing((Session.Key key) -> new BigInteger("0" + key.id(), 16))
          .thenComparingInt(key -> key.id().length());

  private final String uri;
  private final Token token;
  private final String label;
  private final boolean tokenMakesNonces;

  Pkcs11KeyProvider(String uri, Token token, String label, boolean tokenMakesNonces) {
    this.uri = uri;
    this.token = token;
    this.label = label;
    this.tokenMakesNonces = tokenMakesNonces;
  }

  @Override
  public String uri() {
    return uri;
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    return dataKey.reveal(
        SecretAccess.of("being wrapped by a PKCS#11 token"),
        plaintext -> {
          if (plaintext.length != DATA_KEY_BYTES) {
            throw new IllegalArgumentException("A data key has 32 bytes.");
          }
          // Of its own: a call whose time was up may still be on its way to the token.
          byte[] own = plaintext.clone();
          return token.inSession(session -> {
            try {
              return wrapped(session, newest(session), own, context);
            } finally {
              Arrays.fill(own, (byte) 0);
            }
          });
        });
  }

  private Wrapped wrapped(Session session, Session.Key key, byte[] dataKey, Context context)
      throws Refused {
    byte[] sealed = sealed(session, key, dataKey, context.canonical());
    return new Wrapped(key.id(), ByteBuffer.allocate(WRAPPED_BYTES).put(FORM).put(sealed).array());
  }

  private byte[] sealed(Session session, Session.Key key, byte[] dataKey, byte[] bound)
      throws Refused {
    var nonce = new byte[Session.NONCE_BYTES];
    if (!tokenMakesNonces) {
      RANDOM.nextBytes(nonce);
    }
    byte[] sealed = session.encrypt(key, nonce, bound, dataKey);
    if (sealed.length != WRAPPED_BYTES - 1) {
      throw token.unavailable("what it encrypted has a length that AES-GCM does not make", null);
    }
    if (tokenMakesNonces && Session.isWithoutNonce(sealed)) {
      throw token.unavailable(
          "it did not make a nonce, though the address says ?iv=token. Take that out of the"
              + " address",
          null);
    }
    return sealed;
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    return token.inSession(session -> {
      Session.Key key = named(session, wrapped.kekVersion());
      byte[] bytes = wrapped.bytes();
      if (bytes.length != WRAPPED_BYTES || bytes[0] != FORM) {
        throw VaultException.doesNotUnwrap(context, null);
      }
      return Secret.owning(
          opened(session, key, Arrays.copyOfRange(bytes, 1, bytes.length), context));
    });
  }

  private byte[] opened(Session session, Session.Key key, byte[] sealed, Context context)
      throws Refused {
    byte[] dataKey;
    try {
      dataKey = session.decrypt(key, context.canonical(), sealed);
    } catch (Refused e) {
      if (e.isOfTheData()
          || e.mayBeOfTheData() && e.function().equals("C_Decrypt") && isWell(session, key)) {
        throw VaultException.doesNotUnwrap(context, e);
      }
      throw e;
    }
    if (dataKey.length != DATA_KEY_BYTES) {
      Arrays.fill(dataKey, (byte) 0);
      throw token.unavailable("what it decrypted has a length that AES-GCM does not make", null);
    }
    return dataKey;
  }

  /** Whether the token does with this key what it should, so that a failure is not its own. */
  private boolean isWell(Session session, Session.Key key) {
    var sample = new byte[DATA_KEY_BYTES];
    RANDOM.nextBytes(sample);
    try {
      byte[] sealed = sealed(session, key, sample, new byte[1]);
      return Arrays.equals(sample, session.decrypt(key, new byte[1], sealed));
    } catch (Refused e) {
      return false;
    }
  }

  private Session.Key newest(Session session) throws Refused {
    List<Session.Key> keys = session.keys(label);
    Session.Key newest =
        keys.stream()
            .max(BY_ID)
            .orElseThrow(() ->
                token.unavailable(
                    "there is no secret key with the label '"
                        + label
                        + "' on the token. Make one (docs/keys.md), or correct the address",
                    null));
    String shown = "its key '" + label + "' with the id '" + newest.id() + "' ";
    if (newest.id().isEmpty()) {
      throw token.unavailable(
          "its key '" + label + "' has no id, by which it is known later. Give it one, such as 01",
          null);
    }
    if (keys.stream().filter(key -> key.id().equals(newest.id())).count() > 1) {
      throw token.unavailable(shown + "is there twice. Give one of them another id", null);
    }
    if (!session.isAes256(newest)) {
      throw token.unavailable(shown + "is no AES key of 256 bits. Make one that is", null);
    }
    if (!session.staysInside(newest)) {
      throw token.unavailable(
          shown + "can be taken out of the token. Make one that is sensitive and not extractable",
          null);
    }
    return newest;
  }

  private Session.Key named(Session session, String version) throws Refused {
    List<Session.Key> keys =
        isId(version)
            ? session.keys(label).stream().filter(key -> key.id().equals(version)).toList()
            : List.of();
    if (keys.isEmpty()) {
      throw VaultException.versionNotThere(uri, version, null);
    }
    return keys.getFirst();
  }

  private static boolean isId(String version) {
    return !version.isEmpty()
        && version.length() % 2 == 0
        && version.chars().allMatch(HexFormat::isHexDigit);
  }
}
