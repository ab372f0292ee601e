package dev.graft.kms.azure;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.StubService;
import java.math.BigInteger;
import java.net.URLDecoder;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Key Vault as its documentation has it, with the login and the managed identities in front of it:
 * tokens that it gave itself, and one RSA key with versions, which really encrypts.
 */
public final class VaultStub extends StubService {
  static final String TENANT = "5f1c9a70-tenant";
  static final String CLIENT = "0c3b7e11-client";
  static final String SECRET = "the~secret+of the/client";
  static final String FEDERATED = "eyJhbGciOiJSUzI1NiJ9.workload.signature";
  static final String HEADER = "853b9a84-identity-header";
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Base64.Encoder TO_TEXT = Base64.getUrlEncoder().withoutPadding();

  /** Made once for all tests: they are what takes time. */
  private static final List<KeyPair> PAIRS = List.of(pair(), pair());

  /** A version of the key, the oldest first. */
  private record Version(String id, KeyPair pair) {}

  private final List<Version> versions;
  private final Set<String> tokens = ConcurrentHashMap.newKeySet();
  private final String scheme;
  final AtomicInteger logins = new AtomicInteger();
  volatile String type = "RSA";
  volatile boolean enabled = true;

  public VaultStub() {
    super(null);
    scheme = "http";
    versions = new ArrayList<>();
    addVersion();
    start();
  }

  /** The same key of the same vault behind another address. */
  VaultStub(VaultStub same, SSLContext tls) {
    super(tls);
    scheme = "https";
    versions = same.versions;
    start();
  }

  private static KeyPair pair() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private void addVersion() {
    versions.add(
        new Version(UUID.randomUUID().toString().replace("-", ""), PAIRS.get(versions.size())));
  }

  synchronized void rotateOnce() {
    if (versions.size() == 1) {
      addVersion();
    }
  }

  synchronized void destroyOldVersions() {
    versions.removeFirst();
  }

  void revokeAllTokens() {
    tokens.clear();
  }

  String newToken() {
    String token = "eyJ." + UUID.randomUUID() + ".x";
    tokens.add(token);
    return token;
  }

  /** Where Graft finds the key. */
  public String address() {
    return "azure-keyvault:http://127.0.0.1:" + port() + "/keys/graft";
  }

  /** What Graft shows to be let in. */
  public Map<String, String> credentials() {
    return Map.of(
        "AZURE_AUTHORITY_HOST",
        "http://127.0.0.1:" + port() + "/",
        "AZURE_TENANT_ID",
        TENANT,
        "AZURE_CLIENT_ID",
        CLIENT,
        "AZURE_CLIENT_SECRET",
        SECRET);
  }

  @Override
  protected boolean isLogin(Call call) {
    return call.uri().getPath().endsWith("/token");
  }

  @Override
  protected Reply refusal(Fault fault) {
    return switch (fault) {
      case THROTTLED ->
          error(
              429,
              "Throttled",
              "",
              "Request was not processed because too many requests were received. Reason:"
                  + " VaultRequestTypeLimitReached");
      case UNAUTHENTICATED -> unauthorized();
      case FORBIDDEN ->
          error(
              403,
              "Forbidden",
              "ForbiddenByRbac",
              "Caller is not authorized to perform action on resource.");
      case DISABLED ->
          error(403, "Forbidden", "KeyDisabled", "Operation is not allowed on a disabled key.");
      default -> error(500, "InternalServerError", "", "An unexpected error occurred.");
    };
  }

  private static Reply error(int status, String code, String inner, String message) {
    return Reply.json(
        status,
        "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"%s}}"
            .formatted(
                code,
                message,
                inner.isEmpty() ? "" : ",\"innererror\":{\"code\":\"" + inner + "\"}"));
  }

  /** With where to log in, as the vendor's client wants to be told. */
  private static Reply unauthorized() {
    return new Reply(
        401,
        Map.of(
            "Content-Type",
            "application/json",
            "WWW-Authenticate",
            "Bearer authorization=\"https://login.microsoftonline.com/"
                + TENANT
                + "\", resource=\"https://vault.azure.net\""),
        "{\"error\":{\"code\":\"Unauthorized\",\"message\":\"AKV10000: Request is missing a Bearer"
            + " or PoP token.\"}}");
  }

  @Override
  protected synchronized Reply answer(Call call) throws Exception {
    String path = call.uri().getPath();
    if (isLogin(call)) {
      return path.startsWith("/" + TENANT) ? login(call) : identity(call);
    }
    if (!tokens.contains(call.header("authorization").replaceFirst("^Bearer ", ""))) {
      return unauthorized();
    }
    if (!"7.4".equals(query(call).get("api-version")) && scheme.equals("http")) {
      return error(400, "BadParameter", "", "api-version must be specified");
    }
    List<String> parts = List.of(path.split("/", -1));
    if (parts.size() < 3 || !parts.get(1).equals("keys") || !parts.get(2).equals("graft")) {
      return notFound(path);
    }
    Version version =
        parts.size() == 3
            ? versions.getLast()
            : versions.stream()
                .filter(each -> each.id().equals(parts.get(3)))
                .findFirst()
                .orElse(null);
    if (version == null) {
      return notFound(path);
    }
    String kid = scheme + "://" + call.header("host") + "/keys/graft/" + version.id();
    if (call.method().equals("GET") && parts.size() <= 4) {
      return Reply.json(200, described(kid, version));
    }
    if (!call.method().equals("POST") || parts.size() != 5) {
      return error(405, "MethodNotAllowed", "", "Not allowed.");
    }
    return operation(call, parts.get(4), kid, version.pair());
  }

  private static Reply notFound(String path) {
    return error(
        404,
        "KeyNotFound",
        "",
        "A key with (name/id) "
            + path.replaceFirst("^/keys/", "")
            + " was not found in this key vault.");
  }

  private String described(String kid, Version version) {
    var key = (RSAPublicKey) version.pair().getPublic();
    return """
    {"key":{"kid":"%s","kty":"%s","key_ops":["wrapKey","unwrapKey"],"n":"%s","e":"%s"},
     "attributes":{"enabled":%s,"created":1493942289,"updated":1493942299,
     "recoveryLevel":"Recoverable+Purgeable"}}
    """
        .formatted(
            kid,
            type,
            TO_TEXT.encodeToString(unsigned(key.getModulus())),
            TO_TEXT.encodeToString(unsigned(key.getPublicExponent())),
            enabled);
  }

  private static byte[] unsigned(BigInteger number) {
    byte[] bytes = number.toByteArray();
    return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
  }

  private static Reply operation(Call call, String operation, String kid, KeyPair pair)
      throws GeneralSecurityException {
    JsonNode body = JSON.readTree(call.body());
    if (!body.path("alg").asString("").equals("RSA-OAEP-256")
        || !call.header("content-type").startsWith("application/json")) {
      return error(400, "BadParameter", "", "Key and signing algorithm are not compatible.");
    }
    byte[] value = Base64.getUrlDecoder().decode(body.required("value").stringValue());
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    var oaep =
        new OAEPParameterSpec(
            "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
    try {
      switch (operation) {
        case "wrapkey" -> cipher.init(Cipher.ENCRYPT_MODE, pair.getPublic(), oaep);
        case "unwrapkey" -> cipher.init(Cipher.DECRYPT_MODE, pair.getPrivate(), oaep);
        default -> {
          return error(404, "NotFound", "", "There is no such operation.");
        }
      }
      return Reply.json(
          200,
          "{\"kid\":\"%s\",\"value\":\"%s\"}"
              .formatted(kid, TO_TEXT.encodeToString(cipher.doFinal(value))));
    } catch (GeneralSecurityException e) {
      return error(400, "BadParameter", "", "The parameter is incorrect.");
    }
  }

  private Reply login(Call call) {
    Map<String, String> form = fields(call.body());
    boolean proven =
        SECRET.equals(form.get("client_secret"))
            || FEDERATED.equals(form.get("client_assertion"))
                && "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                    .equals(form.get("client_assertion_type"));
    if (!call.method().equals("POST")
        || !call.header("content-type").equals("application/x-www-form-urlencoded")
        || !"client_credentials".equals(form.get("grant_type"))
        || !"https://vault.azure.net/.default".equals(form.get("scope"))
        || !CLIENT.equals(form.get("client_id"))
        || !proven) {
      return Reply.json(
          401,
          "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client"
              + " secret provided.\",\"error_codes\":[7000215]}");
    }
    logins.incrementAndGet();
    return Reply.json(
        200,
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":\""
            + newToken()
            + "\"}");
  }

  private Reply identity(Call call) {
    Map<String, String> query = query(call);
    boolean machine =
        call.uri().getPath().equals("/metadata/identity/oauth2/token")
            && call.header("metadata").equals("true")
            && "2018-02-01".equals(query.get("api-version"));
    boolean container =
        call.uri().getPath().equals("/msi/token")
            && call.header("x-identity-header").equals(HEADER)
            && "2019-08-01".equals(query.get("api-version"));
    if (!machine && !container || !"https://vault.azure.net".equals(query.get("resource"))) {
      return Reply.json(
          400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}");
    }
    String client = query.get("client_id");
    if (client != null && !client.equals(CLIENT)) {
      return Reply.json(
          400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}");
    }
    logins.incrementAndGet();
    long expires = System.currentTimeMillis() / 1000 + 3599;
    return Reply.json(
        200,
        "{\"access_token\":\"%s\",%s\"expires_on\":\"%d\",\"resource\":\"https://vault.azure.net\",\"token_type\":\"Bearer\"}"
            .formatted(newToken(), machine ? "\"expires_in\":\"3599\"," : "", expires));
  }

  private static Map<String, String> query(Call call) {
    return fields(call.uri().getRawQuery());
  }

  private static Map<String, String> fields(@Nullable String form) {
    return form == null
        ? Map.of()
        : Stream.of(form.split("&", -1))
            .map(field -> field.split("=", 2))
            .collect(
                Collectors.toMap(field -> field[0], field -> URLDecoder.decode(field[1], UTF_8)));
  }

  static String rendered(Call call) {
    var lines = new ArrayList<String>();
    lines.add(call.method() + " " + call.uri().toString().replaceAll("[0-9a-f]{32}", "<version>"));
    for (String name : List.of("content-type", "authorization")) {
      if (!call.header(name).isEmpty()) {
        lines.add(name + ": " + call.header(name).replaceFirst("^Bearer .*", "Bearer <token>"));
      }
    }
    lines.add("");
    lines.add(call.body().replaceAll("[A-Za-z0-9_-]{24,}", "<base64url>"));
    lines.add("");
    return String.join("\n", lines);
  }
}
