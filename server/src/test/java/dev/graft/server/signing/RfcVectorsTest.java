package dev.graft.server.signing;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.Secret;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The test cases of RFC 9421, appendix B, as far as Graft takes such signatures: B.2.1, B.2.3,
 * B.2.5 and B.2.6, B.4. Those of RSA are here for their signature bases; no key of that kind is
 * taken.
 */
class RfcVectorsTest {
  private static final SigningKey ED25519 =
      SigningKey.Ed25519.read(
              """
              -----BEGIN PUBLIC KEY-----
              MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
              -----END PUBLIC KEY-----
              """)
          .orElseThrow();

  private static final SigningKey SHARED =
      new SigningKey.Hmac(() ->
          Secret.owning(
              Base64.getDecoder()
                  .decode(
                      "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsa"
                          + "sjlTMtDQ==")));

  private static final String RSA_PSS =
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6d"
          + "pG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8"
          + "PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTg"
          + "SxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9L"
          + "CNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";

  private static final String DIGEST =
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew"
          + "==:";

  /** The request that nearly all of them sign. */
  private static Message request(String input, String signature) {
    return new Message(
        "POST",
        "https",
        "example.com",
        "/foo",
        "param=Value&Pet=dog",
        Map.of(
            "Host", List.of("example.com"),
            "Date", List.of("Tue, 20 Apr 2021 02:07:55 GMT"),
            "Content-Type", List.of("application/json"),
            "Content-Digest", List.of(DIGEST),
            "Content-Length", List.of("18"),
            "Signature-Input", List.of(input),
            "Signature", List.of(signature)));
  }

  private static boolean fits(Message message, SigningKey key) throws Signature.Unreadable {
    List<Signature> signatures = Signature.of(message);
    assertThat(signatures).hasSize(1);
    return signatures.getFirst().fits(message, key);
  }

  @Test
  void aSharedSecret() throws Exception {
    Message message =
        request(
            "sig-b25=(\"date\" \"@authority\" \"content-type\")"
                + ";created=1618884473;keyid=\"test-shared-secret\"",
            "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
    assertThat(fits(message, SHARED)).isTrue();
    assertThat(fits(message, ED25519)).isFalse();
  }

  @Test
  void anEd25519Key() throws Exception {
    Message message =
        request(
            "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\""
                + " \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"",
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WP"
                + "pBKRCw==:");
    assertThat(fits(message, ED25519)).isTrue();
    assertThat(fits(message, SHARED)).isFalse();
    Signature signature = Signature.of(message).getFirst();
    assertThat(signature.base(message))
        .isEqualTo(
            """
            "date": Tue, 20 Apr 2021 02:07:55 GMT
            "@method": POST
            "@path": /foo
            "@authority": example.com
            "content-type": application/json
            "content-length": 18
            "@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")\
            ;created=1618884473;keyid="test-key-ed25519\"\
            """);
    assertThat(signature.number("created")).isEqualTo(Optional.of(1618884473L));
    assertThat(signature.text("keyid")).isEqualTo(Optional.of("test-key-ed25519"));
    assertThat(signature.text("created")).isEmpty();
    assertThat(signature.covers("@query")).isFalse();
  }

  @Test
  void theBasesOfRsaSignatures() throws Exception {
    PublicKey key = KeyFactory.getInstance("RSASSA-PSS").generatePublic(rsaPssKey());
    for (Message message :
        List.of(
            request(
                "sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\""
                    + ";nonce=\"b3k2pp5k7z-50gnwp.yemd\"",
                "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U"
                    + "7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxb"
                    + "R/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKW"
                    + "mAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8I"
                    + "U1bLhdxO5Nyt8C8ssinQ98Xw9Q==:"),
            request(
                "sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\""
                    + " \"content-digest\" \"content-length\")"
                    + ";created=1618884473;keyid=\"test-key-rsa-pss\"",
                "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVx"
                    + "FkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1"
                    + "TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65"
                    + "ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyo"
                    + "EZAFL2FUo5fTIztsDZKEgM4cUA==:"))) {
      var verifier = java.security.Signature.getInstance("RSASSA-PSS");
      verifier.setParameter(
          new PSSParameterSpec("SHA-512", "MGF1", MGF1ParameterSpec.SHA512, 64, 1));
      verifier.initVerify(key);
      verifier.update(Signature.of(message).getFirst().base(message).getBytes(US_ASCII));
      String value = message.lines("signature").getFirst();
      assertThat(
              verifier.verify(
                  Base64.getDecoder()
                      .decode(value.substring(value.indexOf(':') + 1, value.length() - 1))))
          .isTrue();
    }
  }

  private static X509EncodedKeySpec rsaPssKey() {
    // The RFC's key says that it is one of RSA, whatever for; the JDK wants it to say so.
    byte[] rsa = Base64.getDecoder().decode(RSA_PSS);
    byte[] pss = rsa.clone();
    pss[16] = 0x0a;
    return new X509EncodedKeySpec(pss);
  }

  /** A request of B.4: what a proxy may change, and what it may not. */
  private static Message transformed(
      String method, String authority, String query, List<Map.Entry<String, String>> headers) {
    Map<String, List<String>> fields = new HashMap<>();
    headers.forEach(header ->
        fields.merge(
            header.getKey(),
            List.of(header.getValue()),
            (before, more) -> Stream.concat(before.stream(), more.stream()).toList()));
    fields.put(
        "Signature-Input",
        List.of(
            "transform=(\"@method\" \"@path\" \"@authority\" \"accept\")"
                + ";created=1618884473;keyid=\"test-key-ed25519\""));
    fields.put(
        "Signature",
        List.of(
            "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m"
                + "0pmj3NDA==:"));
    return new Message(
        method, "https", Message.authority("https", authority), "/demo", query, fields);
  }

  @Test
  void whatMayChangeOnTheWayAndWhatNot() throws Exception {
    var json = Map.entry("Accept", "application/json");
    var any = Map.entry("Accept", "*/*");
    String query = "name1=Value1&Name2=value2";
    assertThat(fits(transformed("GET", "example.org", query, List.of(json, any)), ED25519))
        .isTrue();
    assertThat(
            fits(
                transformed(
                    "GET",
                    "EXAMPLE.org:443",
                    query + "&param=added",
                    List.of(json, any, Map.entry("Accept-Language", "en-US,en;q=0.5"))),
                ED25519))
        .isTrue();
    assertThat(
            fits(
                transformed(
                    "GET",
                    "example.org",
                    query,
                    List.of(Map.entry("aCCept", "  application/json, */*"))),
                ED25519))
        .isTrue();
    assertThat(fits(transformed("POST", "example.com", query, List.of(json, any)), ED25519))
        .isFalse();
    assertThat(fits(transformed("GET", "example.org", query, List.of(any, json)), ED25519))
        .isFalse();
    assertThatThrownBy(() -> fits(transformed("GET", "example.org", query, List.of()), ED25519))
        .isInstanceOf(Signature.Unreadable.class)
        .hasMessageContaining("'accept' is covered, and this request has none");
  }

  @Test
  void theDigestOfTheRfc() {
    byte[] body = "{\"hello\": \"world\"}".getBytes(UTF_8);
    assertThat(ContentDigest.fits(List.of(DIGEST), body)).isTrue();
    assertThat(
            ContentDigest.fits(
                List.of("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", DIGEST), body))
        .isTrue();
    assertThat(
            ContentDigest.fits(
                List.of("md5=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
                body))
        .isTrue();
    byte[] other = "{\"hello\": \"world\"}\n".getBytes(UTF_8);
    assertThat(ContentDigest.fits(List.of(DIGEST), other)).isFalse();
    assertThat(ContentDigest.fits(List.of(DIGEST + ", sha-256=:AAAA:"), body)).isFalse();
    for (String none : List.of("", "md5=:AAAA:", "sha-256=1", "sha-256", "sha-256=:", "x")) {
      assertThat(ContentDigest.fits(List.of(none), body)).as(none).isFalse();
    }
    assertThat(ContentDigest.fits(List.of(), new byte[0])).isFalse();
  }

  @Test
  void whatCannotBeReadIsRefused() {
    for (String[] pair :
        new String[][] {
          {"a=()", "b=:AA==:"},
          {"a=()", "a=1"},
          {"a=(", "a=:AA==:"},
          {"a=(\"@method\";req)", "a=:AA==:"},
          {"a=(\"date\";sf)", "a=:AA==:"},
          {"a=(\"Date\")", "a=:AA==:"},
          {"a=(date)", "a=:AA==:"},
          {"a=(\"date\" \"date\")", "a=:AA==:"},
          {"a=(\"@signature-params\")", "a=:AA==:"},
          {"a=(\"@status\")", "a=:AA==:"},
          {"a=(\"x-none\")", "a=:AA==:"},
        }) {
      Message message = request(pair[0], pair[1]);
      assertThatThrownBy(() -> Signature.of(message).getFirst().fits(message, ED25519))
          .as(pair[0])
          .isInstanceOf(Signature.Unreadable.class);
    }
  }

  @Test
  void ofSeveralSignaturesThatOfAKeyIsFound() throws Exception {
    Message message =
        request(
            "theirs=(\"@method\";req);keyid=\"proxy\", sig-b25=(\"date\" \"@authority\""
                + " \"content-type\");created=1618884473;keyid=\"test-shared-secret\", none=1",
            "theirs=:AA==:, sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
    List<Signature> own = Signature.of(message, "test-shared-secret");
    assertThat(own).hasSize(1);
    assertThat(own.getFirst().fits(message, SHARED)).isTrue();
    assertThat(Signature.of(message, "test-key-ed25519")).isEmpty();
    assertThatThrownBy(() -> Signature.of(message, "proxy"))
        .isInstanceOf(Signature.Unreadable.class);
  }

  @Test
  void whatIsNoPublicKeyIsNone() {
    assertThat(key("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")).isNotNull();
    assertThat(key("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")).isNotNull();
    for (String none :
        List.of(
            "",
            "x",
            "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0Q==",
            "MCowBQYDK2VuAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=",
            RSA_PSS)) {
      assertThat(key(none)).as(none).isNull();
    }
  }

  private static SigningKey.@Nullable Ed25519 key(String text) {
    return SigningKey.Ed25519.read(text).orElse(null);
  }
}
