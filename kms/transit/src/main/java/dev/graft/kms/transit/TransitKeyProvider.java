package dev.graft.kms.transit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Wraps data keys by the transit engine: {@code encrypt}, {@code decrypt}, and {@code rewrap},
 * which does not show the data key.
 *
 * <p>Wrapped bytes are a form number, 1, and the service's ciphertext without its prefix and its
 * base64, in which some changes would go unnoticed. The version is what the prefix said, such as
 * {@code v3}.
 */
final class TransitKeyProvider implements KeyProvider {
  private static final byte FORM = 1;
  private static final int DATA_KEY_BYTES = 32;
  private static final Pattern VERSION = Pattern.compile("v[1-9]\\d{0,8}");
  private static final Pattern CIPHERTEXT = Pattern.compile("vault:(v[1-9]\\d{0,8}):([\\w+/=]+)");

  private final String uri;
  private final String mount;
  private final String key;
  private final TransitClient client;
  private volatile boolean known;

  TransitKeyProvider(String uri, String mount, String key, TransitClient client) {
    this.uri = uri;
    this.mount = mount;
    this.key = key;
    this.client = client;
  }

  @Override
  public String uri() {
    return uri;
  }

  @Override
  public Wrapped wrap(Secret dataKey, Context context) {
    byte[] plaintext =
        dataKey.reveal(SecretAccess.of("being wrapped"), Base64.getEncoder()::encode);
    byte[] body = new byte[0];
    try {
      if (plaintext.length != 4 * ((DATA_KEY_BYTES + 2) / 3) || isOtherLength(plaintext)) {
        throw new IllegalArgumentException("A data key has 32 bytes.");
      }
      requireDerivedKey();
      body = body("plaintext", plaintext, context);
      return wrapped(client.post(path("encrypt"), body));
    } finally {
      Arrays.fill(plaintext, (byte) 0);
      Arrays.fill(body, (byte) 0);
    }
  }

  /** 31 and 33 bytes have as many letters in base64 as 32, with another padding. */
  private static boolean isOtherLength(byte[] base64) {
    return base64[base64.length - 1] != '=' || base64[base64.length - 2] == '=';
  }

  @Override
  public Secret unwrap(Wrapped wrapped, Context context) {
    byte[] ciphertext = ciphertext(wrapped, context);
    requireDerivedKey();
    TransitClient.Answer answer =
        client.post(path("decrypt"), body("ciphertext", ciphertext, context));
    requireDecrypted(answer, wrapped, context);
    JsonNode plaintext = answer.data().path("plaintext");
    try {
      byte[] dataKey = Base64.getDecoder().decode(plaintext.asString(""));
      if (dataKey.length == DATA_KEY_BYTES) {
        return Secret.owning(dataKey);
      }
      Arrays.fill(dataKey, (byte) 0);
    } catch (IllegalArgumentException e) {
      // Said below, without the text: it may be half a key.
    }
    throw notUnderstood(answer);
  }

  @Override
  public Wrapped rewrap(Wrapped wrapped, Context context) {
    byte[] ciphertext = ciphertext(wrapped, context);
    requireDerivedKey();
    TransitClient.Answer answer =
        client.post(path("rewrap"), body("ciphertext", ciphertext, context));
    requireDecrypted(answer, wrapped, context);
    return wrapped(answer);
  }

  private String path(String operation) {
    return mount + "/" + operation + "/" + key;
  }

  /**
   * A key that is not derived ignores the context, and a missing one is made by the first encrypt,
   * underived. So the key is looked at before its first use.
   */
  private void requireDerivedKey() {
    if (known) {
      return;
    }
    TransitClient.Answer answer = client.get(path("keys"));
    if (answer.status() == 404) {
      throw client.unavailable(
          "there is no key " + key + " at " + mount + ". Make it: " + command(), null);
    }
    if (answer.status() == 403) {
      throw client.unavailable(
          "the caller may not read the key's properties (HTTP 403"
              + TransitClient.inBrackets(answer)
              + "). Its policy needs 'read' on "
              + path("keys")
              + " and 'update' on "
              + path("encrypt")
              + ", "
              + path("decrypt")
              + " and "
              + path("rewrap"),
          null);
    }
    JsonNode derived = answer.data().path("derived");
    if (answer.status() != 200 || !derived.isBoolean()) {
      throw refused(answer);
    }
    if (!derived.booleanValue() || !answer.data().path("supports_encryption").asBoolean(true)) {
      throw client.unavailable(
          "its key %s is not derived, so that it would not bind a data key to its account. Make one that is: "
                  .formatted(key)
              + command(),
          null);
    }
    known = true;
  }

  private String command() {
    return "vault write -f " + path("keys") + " derived=true type=aes256-gcm96";
  }

  private Wrapped wrapped(TransitClient.Answer answer) {
    if (answer.status() != 200) {
      throw refused(answer);
    }
    Matcher matcher = CIPHERTEXT.matcher(answer.data().path("ciphertext").asString(""));
    if (!matcher.matches()) {
      throw notUnderstood(answer);
    }
    try {
      byte[] ciphertext = Base64.getDecoder().decode(matcher.group(2));
      return new Wrapped(
          matcher.group(1),
          ByteBuffer.allocate(1 + ciphertext.length).put(FORM).put(ciphertext).array());
    } catch (IllegalArgumentException e) {
      throw notUnderstood(answer);
    }
  }

  private byte[] ciphertext(Wrapped wrapped, Context context) {
    if (!VERSION.matcher(wrapped.kekVersion()).matches()) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    byte[] bytes = wrapped.bytes();
    if (bytes.length < 2 || bytes[0] != FORM) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    return ("vault:"
            + wrapped.kekVersion()
            + ":"
            + Base64.getEncoder().encodeToString(Arrays.copyOfRange(bytes, 1, bytes.length)))
        .getBytes(US_ASCII);
  }

  private void requireDecrypted(TransitClient.Answer answer, Wrapped wrapped, Context context) {
    if (answer.status() == 200) {
      return;
    }
    String errors = answer.errors();
    if (errors.contains("version is too new") || errors.contains("too old")) {
      throw VaultException.versionNotThere(uri, wrapped.kekVersion(), null);
    }
    if (errors.contains("invalid ciphertext") || errors.contains("message authentication failed")) {
      throw VaultException.doesNotUnwrap(context, null);
    }
    throw refused(answer);
  }

  private VaultException refused(TransitClient.Answer answer) {
    String said = "HTTP " + answer.status() + TransitClient.inBrackets(answer);
    return client.unavailable(
        switch (answer.status()) {
          case 401, 403 -> "it does not let Graft use the key (" + said + "). Check the policy";
          case 429 -> "it asks for patience (" + said + ")";
          case 503 -> "it is sealed, or not ready (" + said + ")";
          case 200 -> "its answer is not one of the transit engine. Check the address";
          default -> "it answered " + said;
        },
        null);
  }

  private VaultException notUnderstood(TransitClient.Answer answer) {
    return client.unavailable(
        "its answer (HTTP %d) is not one of the transit engine. Check the address"
            .formatted(answer.status()),
        null);
  }

  /**
   * Written by hand into bytes that can be wiped; both values are base64, which needs no escape.
   */
  private static byte[] body(String name, byte[] value, Context context) {
    byte[] start = ("{\"" + name + "\":\"").getBytes(US_ASCII);
    byte[] end =
        ("\",\"context\":\"" + Base64.getEncoder().encodeToString(context.canonical()) + "\"}")
            .getBytes(US_ASCII);
    return ByteBuffer.allocate(start.length + value.length + end.length)
        .put(start)
        .put(value)
        .put(end)
        .array();
  }
}
