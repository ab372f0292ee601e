package dev.graft.kms.google;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.StubService;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Google Cloud KMS as its REST reference has it: a service account's signed assertion is traded for
 * a token, checksums are checked, and the key's versions really encrypt.
 */
public final class KmsStub extends StubService {
  static final String KEY = "projects/p/locations/europe-west3/keyRings/graft/cryptoKeys/kek";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final SecureRandom RANDOM = new SecureRandom();
  static final KeyPair ACCOUNT = keyPair();
  static final KeyPair STRANGER = keyPair();

  private final List<byte[]> versions = new ArrayList<>();
  private final Set<String> tokens = ConcurrentHashMap.newKeySet();
  private boolean formerDestroyed;
  volatile boolean spoilsReplies;

  public KmsStub() {
    super(null);
    addVersion();
    start();
  }

  private static KeyPair keyPair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private void addVersion() {
    var version = new byte[32];
    RANDOM.nextBytes(version);
    versions.add(version);
  }

  synchronized void rotateOnce() {
    if (versions.size() == 1) {
      addVersion();
    }
  }

  synchronized void destroyFormer() {
    formerDestroyed = true;
  }

  /** The credentials file of a service account with this key. */
  String accountFile(KeyPair keys) {
    String pem =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(keys.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    return JSON.writeValueAsString(
        JSON.createObjectNode()
            .put("type", "service_account")
            .put("project_id", "p")
            .put("private_key_id", "1")
            .put("private_key", pem)
            .put("client_email", "graft@p.iam.gserviceaccount.com")
            .put("client_id", "1")
            .put("token_uri", "http://127.0.0.1:" + port() + "/token"));
  }

  @Override
  protected boolean isLogin(Call call) {
    return call.uri().getPath().equals("/token");
  }

  @Override
  protected Reply refusal(Fault fault) {
    return switch (fault) {
      case THROTTLED -> error(429, "RESOURCE_EXHAUSTED", "Quota exceeded.");
      case UNAUTHENTICATED -> error(401, "UNAUTHENTICATED", "Invalid authentication credentials.");
      case FORBIDDEN -> error(403, "PERMISSION_DENIED", "Permission denied.");
      case DISABLED ->
          error(
              400,
              "FAILED_PRECONDITION",
              KEY + "/cryptoKeyVersions/1 is not enabled, current" + " state is: DISABLED.");
      default -> error(500, "INTERNAL", "Internal error.");
    };
  }

  private static Reply error(int status, String code, String message) {
    return Reply.json(
        status,
        "{\"error\":{\"code\":%d,\"message\":\"%s\",\"status\":\"%s\"}}"
            .formatted(status, message, code));
  }

  @Override
  protected synchronized Reply answer(Call call) throws Exception {
    if (isLogin(call)) {
      return login(call);
    }
    String authorization = call.header("authorization");
    if (!authorization.startsWith("Bearer ") || !tokens.contains(authorization.substring(7))) {
      return refusal(Fault.UNAUTHENTICATED);
    }
    JsonNode body = JSON.readTree(call.body());
    String path = call.uri().getPath();
    if (path.equals("/v1/" + KEY + ":encrypt")) {
      return encrypt(body);
    }
    if (path.equals("/v1/" + KEY + ":decrypt")) {
      return decrypt(body);
    }
    return error(404, "NOT_FOUND", "CryptoKey not found.");
  }

  private Reply login(Call call) throws GeneralSecurityException {
    String assertion =
        URLDecoder.decode(call.body(), UTF_8).replaceAll(".*assertion=([^&]*).*", "$1");
    String[] parts = assertion.split("\\.", -1);
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initVerify(ACCOUNT.getPublic());
    signature.update((parts[0] + "." + parts[1]).getBytes(UTF_8));
    JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
    if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))
        || !claims.path("scope").asString("").contains("auth/cloudkms")) {
      return Reply.json(400, "{\"error\":\"invalid_grant\"}");
    }
    String token = "ya29.made-" + RANDOM.nextLong();
    tokens.add(token);
    return Reply.json(
        200, "{\"access_token\":\"" + token + "\",\"expires_in\":3600,\"token_type\":\"Bearer\"}");
  }

  private Reply encrypt(JsonNode body) throws GeneralSecurityException {
    byte[] plaintext = bytes(body, "plaintext");
    byte[] bound = bytes(body, "additionalAuthenticatedData");
    if (!matches(body, "plaintextCrc32c", plaintext)
        || !matches(body, "additionalAuthenticatedDataCrc32c", bound)) {
      return error(400, "INVALID_ARGUMENT", "The checksum did not match the data.");
    }
    var head = new byte[13];
    RANDOM.nextBytes(head);
    head[0] = (byte) versions.size();
    byte[] sealed = cipher(Cipher.ENCRYPT_MODE, head, bound).doFinal(plaintext);
    byte[] ciphertext = ByteBuffer.allocate(13 + sealed.length).put(head).put(sealed).array();
    return Reply.json(
        200,
        JSON.writeValueAsString(
            JSON.createObjectNode()
                .put("name", KEY + "/cryptoKeyVersions/" + versions.size())
                .put("ciphertext", base64(ciphertext))
                .put("ciphertextCrc32c", crc(ciphertext))
                .put("verifiedPlaintextCrc32c", true)
                .put("verifiedAdditionalAuthenticatedDataCrc32c", true)
                .put("protectionLevel", "SOFTWARE")));
  }

  private Reply decrypt(JsonNode body) throws GeneralSecurityException {
    byte[] ciphertext = bytes(body, "ciphertext");
    byte[] bound = bytes(body, "additionalAuthenticatedData");
    if (!matches(body, "ciphertextCrc32c", ciphertext)
        || !matches(body, "additionalAuthenticatedDataCrc32c", bound)) {
      return error(400, "INVALID_ARGUMENT", "The checksum did not match the data.");
    }
    Reply refused = error(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.");
    if (ciphertext.length < 29 || ciphertext[0] < 1 || ciphertext[0] > versions.size()) {
      return refused;
    }
    if (formerDestroyed && ciphertext[0] < versions.size()) {
      return error(
          400,
          "FAILED_PRECONDITION",
          KEY + "/cryptoKeyVersions/1 is not enabled, current state is: DESTROYED.");
    }
    try {
      byte[] plaintext =
          cipher(Cipher.DECRYPT_MODE, ciphertext, bound)
              .doFinal(ciphertext, 13, ciphertext.length - 13);
      String checksum = crc(plaintext);
      if (spoilsReplies) {
        plaintext[0] ^= 1;
      }
      return Reply.json(
          200,
          JSON.writeValueAsString(
              JSON.createObjectNode()
                  .put("plaintext", base64(plaintext))
                  .put("plaintextCrc32c", checksum)
                  .put("usedPrimary", ciphertext[0] == versions.size())));
    } catch (AEADBadTagException e) {
      return refused;
    }
  }

  private Cipher cipher(int mode, byte[] head, byte[] bound) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        mode,
        new SecretKeySpec(versions.get(head[0] - 1), "AES"),
        new GCMParameterSpec(128, Arrays.copyOfRange(head, 1, 13)));
    cipher.updateAAD(bound);
    return cipher;
  }

  private static byte[] bytes(JsonNode body, String name) {
    return Base64.getDecoder().decode(body.path(name).asString(""));
  }

  private static boolean matches(JsonNode body, String name, byte[] bytes) {
    return body.path(name).asString("").equals(crc(bytes));
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** A 64-bit number is text in this API's JSON. */
  private static String crc(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return String.valueOf(crc.getValue());
  }

  static String rendered(Call call) {
    var lines = new ByteArrayOutputStream();
    lines.writeBytes((call.method() + " " + call.uri() + "\n").getBytes(UTF_8));
    lines.writeBytes(("content-type: " + call.header("content-type") + "\n").getBytes(UTF_8));
    lines.writeBytes(
        ("authorization: " + call.header("authorization").replaceAll(" .*", " <token>") + "\n\n")
            .getBytes(UTF_8));
    String body =
        call.body()
            .replaceAll("\\s+", "")
            .replaceAll("\"[A-Za-z0-9+/]{40,}=*\"", "\"<base64>\"")
            .replaceAll("Crc32c\":\"\\d+\"", "Crc32c\":\"<crc32c>\"");
    lines.writeBytes((body + "\n").getBytes(UTF_8));
    return lines.toString(UTF_8);
  }

  /** Where Graft finds the key. */
  public String address() {
    return "gcp-kms:" + KEY + "?endpoint=http://127.0.0.1:" + port();
  }

  /** What Graft shows to be let in: a file with an account's key, which is written there. */
  public Map<String, String> credentials(Path file) throws IOException {
    Files.writeString(file, accountFile(ACCOUNT));
    return Map.of("GOOGLE_APPLICATION_CREDENTIALS", file.toString());
  }
}
