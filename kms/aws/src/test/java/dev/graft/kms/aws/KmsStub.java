package dev.graft.kms.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.StubService;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * AWS KMS as its documentation has it: signatures of version 4, worked out here from their
 * description alone, and keys with materials, which really encrypt.
 */
public final class KmsStub extends StubService {
  static final String ACCESS_KEY = "AKIAEXAMPLEEXAMPLE00";
  static final String SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/only-known-here";
  static final String REGION = "eu-central-1";

  private static final Pattern AUTHORIZATION =
      Pattern.compile(
          "AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/kms/aws4_request,"
              + " ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})");
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A key: all the material it ever had, the newest last. */
  private static final class Key {
    final String arn;
    final List<byte[]> materials = new ArrayList<>();
    boolean deleted;

    Key(int number) {
      arn =
          "arn:aws:kms:%s:111122223333:key/1234abcd-12ab-34cd-56ef-%012d".formatted(REGION, number);
      addMaterial();
    }

    void addMaterial() {
      var material = new byte[32];
      RANDOM.nextBytes(material);
      materials.add(material);
    }
  }

  private final List<Key> keys = new ArrayList<>(List.of(new Key(0)));
  final AtomicInteger throttlesLeft = new AtomicInteger();

  public KmsStub() {
    super(null);
    start();
  }

  synchronized void rotateOnce() {
    if (keys.getLast().materials.size() == 1) {
      keys.getLast().addMaterial();
    }
  }

  /** The alias is put on a new key, and the former key is deleted. */
  synchronized void replaceKey() {
    keys.getLast().deleted = true;
    keys.add(new Key(keys.size()));
  }

  @Override
  protected Reply refusal(Fault fault) {
    return switch (fault) {
      case THROTTLED -> error("ThrottlingException", "Rate exceeded");
      case UNAUTHENTICATED ->
          error(
              "UnrecognizedClientException",
              "The security token included in the request is invalid.");
      case FORBIDDEN ->
          error("AccessDeniedException", "User is not authorized to perform: kms:Decrypt");
      case DISABLED -> error("DisabledException", keys.getFirst().arn + " is disabled.");
      default -> new Reply(500, Map.of(), "{\"__type\":\"KMSInternalException\"}");
    };
  }

  private static Reply error(String type, String message) {
    return new Reply(
        400,
        Map.of("Content-Type", "application/x-amz-json-1.1"),
        "{\"__type\":\"" + type + "\",\"message\":\"" + message + "\"}");
  }

  private static Reply good(String body) {
    return new Reply(200, Map.of("Content-Type", "application/x-amz-json-1.1"), body);
  }

  @Override
  protected synchronized Reply answer(Call call) throws Exception {
    if (!isSigned(call)) {
      return error(
          "InvalidSignatureException",
          "The request signature we calculated does not match the signature you provided.");
    }
    if (throttlesLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      return refusal(Fault.THROTTLED);
    }
    JsonNode body = JSON.readTree(call.body());
    return switch (call.header("x-amz-target")) {
      case "TrentService.Encrypt" -> encrypt(body);
      case "TrentService.Decrypt" -> decrypt(body);
      case "TrentService.ReEncrypt" -> reEncrypt(body);
      default -> error("UnknownOperationException", "");
    };
  }

  private Reply encrypt(JsonNode body) throws GeneralSecurityException {
    Key key = found(body.path("KeyId").asString(""));
    if (key == null) {
      return error("NotFoundException", "Key is not found.");
    }
    byte[] plaintext = Base64.getDecoder().decode(body.required("Plaintext").stringValue());
    byte[] blob = sealed(key, plaintext, context(body.path("EncryptionContext")));
    return good(
        "{\"CiphertextBlob\":\"%s\",\"KeyId\":\"%s\",\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}"
            .formatted(Base64.getEncoder().encodeToString(blob), key.arn));
  }

  private Reply decrypt(JsonNode body) throws GeneralSecurityException {
    Opened opened =
        opened(
            body.path("CiphertextBlob").asString(""),
            body.path("KeyId").asString(""),
            context(body.path("EncryptionContext")));
    if (opened.refusal() != null) {
      return opened.refusal();
    }
    return good(
        ("{\"KeyId\":\"%s\",\"KeyMaterialId\":\"%s\",\"Plaintext\":\"%s\","
                + "\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}")
            .formatted(
                opened.key().arn, materialId(opened.key(), opened.material()), opened.plaintext()));
  }

  private Reply reEncrypt(JsonNode body) throws GeneralSecurityException {
    Opened opened =
        opened(
            body.path("CiphertextBlob").asString(""),
            body.path("SourceKeyId").asString(""),
            context(body.path("SourceEncryptionContext")));
    if (opened.refusal() != null) {
      return opened.refusal();
    }
    Key destination = found(body.path("DestinationKeyId").asString(""));
    if (destination == null) {
      return error("NotFoundException", "Key is not found.");
    }
    byte[] blob =
        sealed(
            destination,
            Base64.getDecoder().decode(opened.plaintext()),
            context(body.path("DestinationEncryptionContext")));
    return good(
        ("{\"CiphertextBlob\":\"%s\",\"KeyId\":\"%s\",\"SourceKeyId\":\"%s\","
                + "\"SourceKeyMaterialId\":\"%s\",\"DestinationKeyMaterialId\":\"%s\"}")
            .formatted(
                Base64.getEncoder().encodeToString(blob),
                destination.arn,
                opened.key().arn,
                materialId(opened.key(), opened.material()),
                materialId(destination, destination.materials.size() - 1)));
  }

  /** What was opened, its plaintext in base64; or why not. */
  private record Opened(Key key, int material, String plaintext, @Nullable Reply refusal) {}

  private Opened opened(String base64, String keyId, byte[] context)
      throws GeneralSecurityException {
    Key key = found(keyId);
    Key any = keys.getFirst();
    if (key == null) {
      return new Opened(any, 0, "", error("NotFoundException", "Key is not found."));
    }
    byte[] blob = Base64.getDecoder().decode(base64);
    if (blob.length == 0) {
      return new Opened(
          any, 0, "", error("ValidationException", "Member must have length greater than 0"));
    }
    var invalid = new Opened(any, 0, "", error("InvalidCiphertextException", ""));
    if (blob.length < 30 || blob[0] < 0 || blob[0] >= keys.size()) {
      return invalid;
    }
    if (keys.get(blob[0]) != key) {
      return new Opened(any, 0, "", error("IncorrectKeyException", "Another key was used."));
    }
    if (blob[1] < 0 || blob[1] >= key.materials.size()) {
      return invalid;
    }
    try {
      byte[] plaintext =
          cipher(Cipher.DECRYPT_MODE, key.materials.get(blob[1]), blob, context)
              .doFinal(blob, 14, blob.length - 14);
      return new Opened(key, blob[1], Base64.getEncoder().encodeToString(plaintext), null);
    } catch (AEADBadTagException e) {
      return invalid;
    }
  }

  private byte[] sealed(Key key, byte[] plaintext, byte[] context) throws GeneralSecurityException {
    var head = new byte[14];
    RANDOM.nextBytes(head);
    head[0] = (byte) keys.indexOf(key);
    head[1] = (byte) (key.materials.size() - 1);
    byte[] ciphertext =
        cipher(Cipher.ENCRYPT_MODE, key.materials.getLast(), head, context).doFinal(plaintext);
    return ByteBuffer.allocate(14 + ciphertext.length).put(head).put(ciphertext).array();
  }

  private static Cipher cipher(int mode, byte[] material, byte[] blob, byte[] context)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        mode,
        new SecretKeySpec(material, "AES"),
        new GCMParameterSpec(128, Arrays.copyOfRange(blob, 2, 14)));
    cipher.updateAAD(context);
    return cipher;
  }

  private @Nullable Key found(String id) {
    if (id.equals("alias/graft")) {
      return keys.getLast();
    }
    return keys.stream().filter(key -> key.arn.equals(id) && !key.deleted).findFirst().orElse(null);
  }

  private static String materialId(Key key, int number) throws GeneralSecurityException {
    return hex(MessageDigest.getInstance("SHA-256").digest(key.materials.get(number)));
  }

  /** The pairs in the order of their names, as the service treats them. */
  private static byte[] context(JsonNode pairs) {
    var sorted = new TreeMap<String, String>();
    pairs.properties().forEach(pair -> sorted.put(pair.getKey(), pair.getValue().asString("")));
    return JSON.writeValueAsBytes(sorted);
  }

  private static boolean isSigned(Call call) throws GeneralSecurityException {
    Matcher given = AUTHORIZATION.matcher(call.header("authorization"));
    if (!given.matches()
        || !given.group(1).equals(ACCESS_KEY)
        || !given.group(3).equals(REGION)
        || !call.header("x-amz-date").startsWith(given.group(2))) {
      return false;
    }
    List<String> signed = List.of(given.group(4).split(";", -1));
    if (!signed.containsAll(List.of("host", "x-amz-date", "x-amz-target"))) {
      return false;
    }
    var canonical = new StringBuilder("POST\n/\n\n");
    for (String name : signed) {
      String value = call.header(name).strip().replaceAll(" +", " ");
      canonical.append(name).append(':').append(value).append('\n');
    }
    canonical.append('\n').append(given.group(4)).append('\n').append(sha256(call.body()));
    String scope = given.group(2) + "/" + REGION + "/kms/aws4_request";
    String toSign =
        "AWS4-HMAC-SHA256\n"
            + call.header("x-amz-date")
            + "\n"
            + scope
            + "\n"
            + sha256(canonical.toString());
    byte[] key = ("AWS4" + SECRET_KEY).getBytes(UTF_8);
    for (String part : scope.split("/", -1)) {
      key = hmac(key, part);
    }
    return MessageDigest.isEqual(
        hex(hmac(key, toSign)).getBytes(UTF_8), given.group(5).getBytes(UTF_8));
  }

  private static byte[] hmac(byte[] key, String message) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(message.getBytes(UTF_8));
  }

  private static String sha256(String text) throws GeneralSecurityException {
    return hex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  static String rendered(Call call) {
    String authorization =
        call.header("authorization")
            .replaceAll("/\\d{8}/", "/<date>/")
            .replaceAll("Signature=[0-9a-f]{64}", "Signature=<signature>");
    return """
    %s %s
    content-type: %s
    x-amz-target: %s
    authorization: %s

    %s
    """
        .formatted(
            call.method(),
            call.uri(),
            call.header("content-type"),
            call.header("x-amz-target"),
            authorization,
            call.body().replaceAll("\"[A-Za-z0-9+/]{40,}=*\"", "\"<base64>\""));
  }

  /** Where Graft finds the key. */
  public String address() {
    return "aws-kms:alias/graft?endpoint=http://127.0.0.1:" + port();
  }

  /** What Graft shows to be let in. */
  public Map<String, String> credentials() {
    return Map.of(
        "AWS_ACCESS_KEY_ID", ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY", SECRET_KEY,
        "AWS_REGION", REGION);
  }
}
