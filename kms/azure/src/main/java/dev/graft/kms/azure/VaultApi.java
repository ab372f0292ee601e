package dev.graft.kms.azure;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/** The three calls of Key Vault's API that are needed, for one key. */
final class VaultApi {
  private static final String VERSION = "?api-version=7.4";
  private static final Base64.Encoder TO_TEXT = Base64.getUrlEncoder().withoutPadding();

  private final String providerUri;
  private final Http http;
  private final String key;
  private final Tokens tokens;

  /** A version of the key: its whole id, with the vault and the name. */
  record KeyVersion(String id, String type, boolean enabled) {}

  VaultApi(String providerUri, Http http, String key, Tokens tokens) {
    this.providerUri = providerUri;
    this.http = http;
    this.key = key;
    this.tokens = tokens;
  }

  /** The newest version. */
  KeyVersion newest() {
    Http.Answer answer = call(HttpRequest.newBuilder(URI.create(key + VERSION)).GET());
    if (answer.status() != 200) {
      throw refused(answer, "get");
    }
    String id = answer.text("key", "kid");
    if (!isVersion(id)) {
      throw notUnderstood(answer);
    }
    return new KeyVersion(
        id,
        answer.text("key", "kty"),
        answer.body().path("attributes").path("enabled").asBoolean(true));
  }

  /** Whether the text is the id of a version of this key. */
  boolean isVersion(String id) {
    return id.startsWith(key + "/") && id.substring(key.length() + 1).matches("[0-9a-f]{32}");
  }

  /** Wraps a key by RSA-OAEP-256 under that version. The bytes stay the caller's, to be wiped. */
  byte[] wrapped(String version, byte[] bytes) {
    Http.Answer answer = operation(version, "wrapkey", bytes);
    if (answer.status() != 200) {
      throw refused(answer, "wrapKey");
    }
    return value(answer, version);
  }

  /** The answer to an unwrap, in which a 400 and a 404 mean something to the caller. */
  Http.Answer unwrapping(String version, byte[] bytes) {
    return operation(version, "unwrapkey", bytes);
  }

  /** What stands in a good answer, which must be of that version. */
  byte[] value(Http.Answer answer, String version) {
    try {
      byte[] value = Base64.getUrlDecoder().decode(answer.text("value"));
      if (value.length > 0 && answer.text("kid").equals(version)) {
        return value;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw notUnderstood(answer);
  }

  private Http.Answer operation(String version, String operation, byte[] bytes) {
    byte[] body = body(bytes);
    try {
      return call(
          HttpRequest.newBuilder(URI.create(version + "/" + operation + VERSION))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    } finally {
      Arrays.fill(body, (byte) 0);
    }
  }

  /** Written by hand into bytes that can be wiped; base64url needs no escape. */
  private static byte[] body(byte[] bytes) {
    byte[] start = "{\"alg\":\"RSA-OAEP-256\",\"value\":\"".getBytes(US_ASCII);
    byte[] value = TO_TEXT.encode(bytes);
    byte[] end = "\"}".getBytes(US_ASCII);
    byte[] body =
        ByteBuffer.allocate(start.length + value.length + end.length)
            .put(start)
            .put(value)
            .put(end)
            .array();
    Arrays.fill(value, (byte) 0);
    return body;
  }

  private Http.Answer call(HttpRequest.Builder request) {
    long deadline = http.deadline();
    Tokens.Token token = tokens.token(deadline);
    Http.Answer answer = send(request, token, deadline);
    if (answer.status() == 401) {
      // It may have been revoked before its time: one new one tells.
      tokens.forget(token);
      answer = send(request, tokens.token(deadline), deadline);
    }
    return answer;
  }

  private Http.Answer send(HttpRequest.Builder request, Tokens.Token token, long deadline) {
    HttpRequest.Builder authorized = request.copy();
    token
        .secret()
        .reveal(
            SecretAccess.of("calling Azure Key Vault"),
            bytes -> authorized.setHeader("Authorization", "Bearer " + new String(bytes, UTF_8)));
    return http.send(authorized.build(), "it", deadline);
  }

  /** Why it does not do what was asked; the permission is named as Azure's access policies do. */
  VaultException refused(Http.Answer answer, String permission) {
    String code = answer.sentence("error", "code");
    String detail = answer.sentence("error", "innererror", "code");
    String message = answer.sentence("error", "message");
    String said =
        "HTTP "
            + answer.status()
            + (code.isEmpty() ? "" : ", " + code)
            + (detail.isEmpty() ? "" : "/" + detail)
            + (message.isEmpty() ? "" : ": " + message);
    return http.unavailable(
        switch (answer.status()) {
          case 401 ->
              "it does not believe the token ("
                  + said
                  + "). Check that the vault belongs to the tenant of AZURE_TENANT_ID";
          case 403 ->
              detail.equals("KeyDisabled")
                  ? "its key is switched off (" + said + "). Enable it"
                  : "it does not let Graft use the key ("
                      + said
                      + "). Graft needs get, wrapKey and unwrapKey on it, here "
                      + permission
                      + ": the role Key Vault Crypto Service Encryption User has them; and check"
                      + " the vault's firewall";
          case 404 -> "there is no such key in the vault (" + said + "). Check the address";
          case 429 -> "it asks for patience (" + said + ")";
          case 200 -> "its answer is not one of Key Vault. Check the address";
          default -> "it answered " + said;
        },
        null);
  }

  VaultException notUnderstood(Http.Answer answer) {
    return http.unavailable(
        "its answer (HTTP "
            + answer.status()
            + ") is not one of Key Vault, or of another key. Check the address",
        null);
  }

  VaultException unavailable(String reason) {
    return http.unavailable(reason, null);
  }

  @Override
  public String toString() {
    return "VaultApi[" + providerUri + "]";
  }
}
