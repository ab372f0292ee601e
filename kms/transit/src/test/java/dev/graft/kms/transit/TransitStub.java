package dev.graft.kms.transit;

import dev.graft.vault.StubService;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The transit engine as its documentation has it: tokens, AppRole and Kubernetes logins, and one
 * derived key with versions, which really encrypts.
 */
public final class TransitStub extends StubService {
  static final String TOKEN = "hvs.a-token-that-is-only-known-here";
  static final String SECRET_ID = "0f6b6d0e-secret-id";
  static final String JWT = "eyJhbGciOiJub25lIn0.pod.signature";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final SecureRandom RANDOM = new SecureRandom();

  private final List<byte[]> versions = new ArrayList<>();
  private final Set<String> tokens = ConcurrentHashMap.newKeySet();
  final AtomicInteger logins = new AtomicInteger();
  private int oldest = 1;
  volatile boolean derived = true;
  volatile boolean present = true;

  public TransitStub() {
    super(null);
    tokens.add(TOKEN);
    addVersion();
    start();
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

  synchronized void destroyOldVersions() {
    oldest = versions.size();
  }

  void revokeAllTokens() {
    tokens.clear();
  }

  @Override
  protected boolean isLogin(Call call) {
    return call.uri().getPath().endsWith("/login");
  }

  @Override
  protected Reply refusal(Fault fault) {
    return switch (fault) {
      case THROTTLED ->
          errors(429, "request path \\\"transit/decrypt/graft\\\": rate limit quota exceeded");
      case UNAUTHENTICATED, FORBIDDEN -> errors(403, "1 error occurred: permission denied");
      case DISABLED -> errors(503, "Vault is sealed");
      default -> errors(500, "internal error");
    };
  }

  private static Reply errors(int status, String error) {
    return Reply.json(status, "{\"errors\":[\"" + error + "\"]}");
  }

  @Override
  protected synchronized Reply answer(Call call) throws Exception {
    if (isLogin(call)) {
      return login(call);
    }
    if (!tokens.contains(call.header("x-vault-token"))) {
      return errors(403, "permission denied");
    }
    String path = call.uri().getPath();
    if (!path.endsWith("/graft") || !path.startsWith("/v1/transit/")) {
      return errors(404, "no handler for route");
    }
    String operation = path.split("/", -1)[3];
    if (operation.equals("keys") && call.method().equals("GET")) {
      return present ? Reply.json(200, keyProperties()) : Reply.json(404, "{\"errors\":[]}");
    }
    if (!call.method().equals("POST")) {
      return errors(405, "unsupported operation");
    }
    JsonNode body = JSON.readTree(call.body());
    byte[] context = Base64.getDecoder().decode(body.path("context").asString(""));
    if (context.length == 0) {
      return errors(
          400, "missing 'context' for key derivation; the key was created using a derived key");
    }
    return switch (operation) {
      case "encrypt" ->
          encrypted(Base64.getDecoder().decode(body.required("plaintext").stringValue()), context);
      case "decrypt", "rewrap" ->
          opened(operation, body.required("ciphertext").stringValue(), context);
      default -> errors(404, "unsupported path");
    };
  }

  private String keyProperties() {
    return """
    {"data":{"name":"graft","type":"aes256-gcm96","derived":%s,"exportable":false,
     "latest_version":%d,"min_decryption_version":%d,"supports_encryption":true,
     "supports_decryption":true,"supports_derivation":true,"supports_signing":false}}
    """
        .formatted(derived, versions.size(), oldest);
  }

  private Reply login(Call call) {
    JsonNode body = JSON.readTree(call.body());
    boolean good =
        switch (call.uri().getPath()) {
          case "/v1/auth/approle/login" ->
              body.path("role_id").asString("").equals("graft-role")
                  && body.path("secret_id").asString("").equals(SECRET_ID);
          case "/v1/auth/kubernetes/login" ->
              body.path("role").asString("").equals("graft")
                  && body.path("jwt").asString("").equals(JWT);
          default -> false;
        };
    if (!good) {
      return errors(400, "invalid role or secret ID");
    }
    String token = "hvs.made-" + logins.incrementAndGet() + "-" + RANDOM.nextLong();
    tokens.add(token);
    return Reply.json(
        200,
        "{\"auth\":{\"client_token\":\""
            + token
            + "\",\"lease_duration\":3600,\"renewable\":true}}");
  }

  private Reply encrypted(byte[] plaintext, byte[] context) throws GeneralSecurityException {
    int version = versions.size();
    var nonce = new byte[12];
    RANDOM.nextBytes(nonce);
    byte[] sealed = cipher(Cipher.ENCRYPT_MODE, version, nonce, context).doFinal(plaintext);
    byte[] all = ByteBuffer.allocate(12 + sealed.length).put(nonce).put(sealed).array();
    return Reply.json(
        200,
        "{\"data\":{\"ciphertext\":\"vault:v%d:%s\",\"key_version\":%d}}"
            .formatted(version, Base64.getEncoder().encodeToString(all), version));
  }

  private Reply opened(String operation, String ciphertext, byte[] context)
      throws GeneralSecurityException {
    String[] fields = ciphertext.split(":", -1);
    int version = Integer.parseInt(fields[1].substring(1));
    if (version > versions.size()) {
      return errors(400, "invalid ciphertext: version is too new");
    }
    if (version < oldest) {
      return errors(400, "ciphertext or signature version is disallowed by policy (too old)");
    }
    byte[] all = Base64.getDecoder().decode(fields[2]);
    if (all.length < 28) {
      return errors(400, "invalid ciphertext length");
    }
    try {
      byte[] plaintext =
          cipher(Cipher.DECRYPT_MODE, version, Arrays.copyOf(all, 12), context)
              .doFinal(all, 12, all.length - 12);
      return operation.equals("rewrap")
          ? encrypted(plaintext, context)
          : Reply.json(
              200,
              "{\"data\":{\"plaintext\":\""
                  + Base64.getEncoder().encodeToString(plaintext)
                  + "\"}}");
    } catch (AEADBadTagException e) {
      return errors(400, "cipher: message authentication failed");
    }
  }

  private Cipher cipher(int mode, int version, byte[] nonce, byte[] context)
      throws GeneralSecurityException {
    Mac derivation = Mac.getInstance("HmacSHA256");
    derivation.init(new SecretKeySpec(versions.get(version - 1), "HmacSHA256"));
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        mode,
        new SecretKeySpec(derivation.doFinal(context), "AES"),
        new GCMParameterSpec(128, nonce));
    return cipher;
  }

  static String rendered(Call call) {
    var lines = new ArrayList<String>();
    lines.add(call.method() + " " + call.uri());
    for (String name :
        List.of("content-type", "x-vault-request", "x-vault-token", "x-vault-namespace")) {
      if (!call.header(name).isEmpty()) {
        lines.add(name + ": " + (name.equals("x-vault-token") ? "<token>" : call.header(name)));
      }
    }
    lines.add("");
    lines.add(call.body().replaceAll("[A-Za-z0-9+/]{24,}=*", "<base64>"));
    lines.add("");
    return String.join("\n", lines);
  }

  /** Where Graft finds the key. */
  public String address() {
    return "vault-transit:http://127.0.0.1:" + port() + "/graft";
  }

  /** What Graft shows to be let in. */
  public Map<String, String> credentials() {
    return Map.of("VAULT_TOKEN", TOKEN);
  }
}
