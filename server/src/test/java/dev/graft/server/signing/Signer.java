package dev.graft.server.signing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A caller that signs, written from RFC 9421 and not from what verifies. Each of its parts can be
 * set to something wrong.
 */
public final class Signer {
  private final Signs signs;
  private final String keyId;
  private List<String> covered =
      new ArrayList<>(List.of("@method", "@authority", "@path", "@query"));
  private Map<String, String> parameters = new LinkedHashMap<>();

  private interface Signs {
    byte[] sign(byte[] base) throws GeneralSecurityException;
  }

  private Signer(Signs signs, String keyId) {
    this.signs = signs;
    this.keyId = keyId;
  }

  public static KeyPair pair() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The public key of a pair in PEM. */
  public static String pem(KeyPair pair) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getEncoder().encodeToString(pair.getPublic().getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  public static Signer with(KeyPair pair, String keyId) {
    return new Signer(
        base -> {
          Signature signature = Signature.getInstance("Ed25519");
          signature.initSign(pair.getPrivate());
          signature.update(base);
          return signature.sign();
        },
        keyId);
  }

  public static Signer with(String secret, String keyId) {
    return new Signer(
        base -> {
          Mac mac = Mac.getInstance("HmacSHA256");
          mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret), "HmacSHA256"));
          return mac.doFinal(base);
        },
        keyId);
  }

  public Signer covering(String... components) {
    covered = new ArrayList<>(List.of(components));
    return this;
  }

  /** As it stands in the header; empty for none. */
  public Signer saying(String parameter, String value) {
    parameters.put(parameter, value);
    return this;
  }

  public static String digest(String body) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(body.getBytes(UTF_8));
      return "sha-256=:" + Base64.getEncoder().encodeToString(digest) + ":";
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The headers that sign a request, those given among them.
   *
   * @param address with scheme, authority, path and query
   */
  public Map<String, String> headers(
      String method, String address, Map<String, String> given, long now) {
    var said = new LinkedHashMap<String, String>();
    said.put("created", String.valueOf(now));
    said.put("nonce", "\"" + UUID.randomUUID() + "\"");
    said.put("keyid", "\"" + keyId + "\"");
    said.putAll(parameters);
    said.values().removeIf(String::isEmpty);
    String input =
        covered.stream().map(one -> "\"" + one + "\"").collect(Collectors.joining(" ", "(", ")"))
            + said.entrySet().stream()
                .map(one -> ";" + one.getKey() + "=" + one.getValue())
                .collect(Collectors.joining());
    int pathAt = address.indexOf('/', address.indexOf("//") + 2);
    String authority = address.substring(address.indexOf("//") + 2, pathAt);
    String[] target = address.substring(pathAt).split("\\?", 2);
    var base = new StringBuilder();
    for (String component : covered) {
      String value =
          switch (component) {
            case "@method" -> method;
            case "@authority" -> authority;
            case "@path" -> target[0];
            case "@query" -> "?" + (target.length == 2 ? target[1] : "");
            case "@target-uri" -> address;
            default -> given.getOrDefault(component, "");
          };
      base.append('"').append(component).append("\": ").append(value).append('\n');
    }
    base.append("\"@signature-params\": ").append(input);
    try {
      byte[] signature = signs.sign(base.toString().getBytes(UTF_8));
      var headers = new LinkedHashMap<>(given);
      headers.put("signature-input", "sig1=" + input);
      headers.put("signature", "sig1=:" + Base64.getEncoder().encodeToString(signature) + ":");
      return headers;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
