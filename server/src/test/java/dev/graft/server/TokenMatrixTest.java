package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.graft.server.web.PublishedApi;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every token that is not exactly as it must be opens nothing. */
class TokenMatrixTest {
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";

  @TempDir private static Path folder;
  private static TestIssuer issuer;
  private static RunningServer server;

  @BeforeAll
  static void start() {
    issuer = TestIssuer.start();
    server = RunningServer.start(settings("data", issuer));
  }

  @AfterAll
  static void stop() {
    server.close();
    issuer.close();
  }

  static Map<String, String> settings(String data, TestIssuer issuer) {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    Map<String, String> environment =
        RunningServer.environment(
            folder.resolve(data), templates, URI.create("http://127.0.0.1:1"));
    environment.put("GRAFT_AUTH", "token");
    environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
    environment.put("GRAFT_PUBLIC_URL", "http://127.0.0.1:3000");
    environment.putAll(issuer.settings());
    return environment;
  }

  private static RunningServer.Answer call(RunningServer at, String token, String path) {
    RunningServer.Answer answer =
        at.send(
            HttpRequest.newBuilder(at.url().resolve(path))
                .header("Authorization", "Bearer " + token));
    PublishedApi.check("GET", path, answer.status(), answer.headers(), answer.body());
    return answer;
  }

  private static JWTClaimsSet.Builder good() {
    return issuer.claims("user-a", "graft-operator");
  }

  private static String rs256(JWTClaimsSet.Builder claims) {
    return TestIssuer.signed(JWSAlgorithm.RS256, issuer.rsa(), claims.build());
  }

  private static String hs256(byte[] secret) throws JOSEException {
    var token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa-1").build(), good().build());
    token.sign(new MACSigner(Arrays.copyOf(secret, Math.max(32, secret.length))));
    return token.serialize();
  }

  private static String headed(JWSHeader header) throws JOSEException {
    var token = new SignedJWT(header, good().build());
    token.sign(new com.nimbusds.jose.crypto.RSASSASigner(issuer.rsa()));
    return token.serialize();
  }

  private static Date in(long seconds) {
    return Date.from(Instant.now().plusSeconds(seconds));
  }

  @Test
  void everyWrongTokenIsRefusedAndToldTheSame() throws JOSEException {
    String token = rs256(good());
    String[] parts = token.split("\\.", -1);
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("rsa-1").generate();
    RSAKey unknown = new RSAKeyGenerator(2048).keyID("rsa-2").generate();
    Map<String, String> wrong = new LinkedHashMap<>();
    wrong.put("expired", rs256(good().expirationTime(in(-31))));
    wrong.put("without an end", rs256(good().expirationTime(null)));
    wrong.put("not yet valid", rs256(good().notBeforeTime(in(60))));
    wrong.put("of another issuer", rs256(good().issuer(issuer.url() + "/")));
    wrong.put("of no issuer", rs256(good().issuer(null)));
    wrong.put("for another audience", rs256(good().audience("another-api")));
    wrong.put("for no audience", rs256(good().audience((String) null)));
    wrong.put("for the console", rs256(good().audience(TestIssuer.CLIENT)));
    wrong.put("of nobody", rs256(good().subject(null)));
    wrong.put("of a blank", rs256(good().subject(" ")));
    wrong.put("a header that is null", "bnVsbA." + parts[1] + "." + parts[2]);
    wrong.put("alg none", new PlainJWT(good().build()).serialize());
    wrong.put("alg none, with a signature", new PlainJWT(good().build()).serialize() + parts[2]);
    wrong.put(
        "HS256 with the public key as DER", hs256(issuer.rsa().toRSAPublicKey().getEncoded()));
    wrong.put(
        "HS256 with the public key as JSON",
        hs256(issuer.rsa().toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8)));
    wrong.put(
        "HS256 with the public key as PEM",
        hs256(
            ("-----BEGIN PUBLIC KEY-----\n"
                    + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(issuer.rsa().toRSAPublicKey().getEncoded())
                    + "\n-----END PUBLIC KEY-----\n")
                .getBytes(StandardCharsets.US_ASCII)));
    wrong.put(
        "an algorithm that is not on the list",
        TestIssuer.signed(JWSAlgorithm.RS512, issuer.rsa(), good().build()));
    wrong.put(
        "signed by a stranger with the same key id",
        TestIssuer.signed(JWSAlgorithm.RS256, stranger, good().build()));
    wrong.put("an unknown key id", TestIssuer.signed(JWSAlgorithm.RS256, unknown, good().build()));
    wrong.put(
        "a key of its own in the header",
        headedBy(stranger, new JWSHeader.Builder(JWSAlgorithm.RS256).jwk(stranger.toPublicJWK())));
    wrong.put(
        "an address of keys in the header",
        headedBy(
            stranger,
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("rsa-1")
                .jwkURL(URI.create(issuer.url() + "/keys"))));
    wrong.put(
        "of another type",
        headed(
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("rsa-1")
                .type(new JOSEObjectType("logout+jwt"))
                .build()));
    wrong.put(
        "with an extension that must be understood",
        headed(
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID("rsa-1")
                .criticalParams(java.util.Set.of("x"))
                .customParam("x", 1)
                .build()));
    wrong.put("cut", token.substring(0, token.length() - 40));
    wrong.put("without its signature", parts[0] + "." + parts[1] + ".");
    wrong.put("with two parts", parts[0] + "." + parts[1]);
    wrong.put("with four parts", token + "." + parts[2]);
    wrong.put(
        "with another user's claims",
        parts[0]
            + "."
            + rs256(issuer.claims("user-b", "graft-admin")).split("\\.", -1)[1]
            + "."
            + parts[2]);
    wrong.put("far too long", parts[0] + "." + "A".repeat(9_000) + "." + parts[2]);
    var random = new Random(20261123);
    byte[] signature = Base64.getUrlDecoder().decode(parts[2]);
    for (int i = 0; i < 20; i++) {
      byte[] changed = signature.clone();
      int bit = random.nextInt(changed.length * 8);
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      wrong.put(
          "with bit " + bit + " of its signature changed",
          parts[0]
              + "."
              + parts[1]
              + "."
              + Base64.getUrlEncoder().withoutPadding().encodeToString(changed));
    }

    assertThat(call(server, token, "/v1/templates").status()).isEqualTo(200);
    String said =
        call(server, wrong.get("expired"), "/v1/templates").json().get("error").stringValue();
    assertThat(said).contains(issuer.url().toString(), TestIssuer.AUDIENCE, "graft_live_");
    wrong.forEach((what, text) -> {
      RunningServer.Answer answer = call(server, text, "/v1/templates");
      assertThat(answer.status()).as(what).isEqualTo(401);
      assertThat(answer.json().get("error").stringValue()).as(what).isEqualTo(said);
    });
    // Keys that are not there are asked for, but not for each token that someone makes up.
    assertThat(issuer.keyRequests()).isLessThanOrEqualTo(3);
    assertThat(call(server, token, "/v1/templates").status()).isEqualTo(200);
  }

  private static String headedBy(RSAKey key, JWSHeader.Builder header) throws JOSEException {
    var token = new SignedJWT(header.build(), good().build());
    token.sign(new com.nimbusds.jose.crypto.RSASSASigner(key));
    return token.serialize();
  }

  @Test
  void theRoleInATokenSaysWhatItMayDo() {
    assertThat(call(server, issuer.token("ops", "graft-admin"), "/v1/api-keys").status())
        .isEqualTo(200);
    for (String role : List.of("graft-operator", "graft-developer", "graft-tenant")) {
      RunningServer.Answer answer = call(server, issuer.token("ops", role), "/v1/api-keys");
      assertThat(answer.code()).as(role).isEqualTo("FORBIDDEN");
    }
    for (String none : List.of("admin", "GRAFT-ADMIN", "none")) {
      RunningServer.Answer answer = call(server, issuer.token("ops", none), "/v1/templates");
      assertThat(answer.status()).as(none).isEqualTo(403);
      assertThat(answer.json().get("error").stringValue()).contains("no role");
    }
    String ec =
        TestIssuer.signed(
            JWSAlgorithm.ES256, issuer.ec(), issuer.claims("dev", "graft-developer").build());
    assertThat(call(server, ec, "/v1/templates").status()).isEqualTo(200);
  }

  @Test
  void anIssuerThatCannotBeAskedLetsNobodyInAndKeepsNobodyElseOut() {
    try (TestIssuer gone = TestIssuer.start()) {
      gone.setAway(true);
      try (RunningServer lonely = RunningServer.start(settings("lonely", gone))) {
        RunningServer.Answer answer =
            call(lonely, gone.token("ops", "graft-admin"), "/v1/accounts");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.code()).isEqualTo("ISSUER_UNAVAILABLE");
        assertThat(answer.header("Retry-After")).isNotBlank();
        assertThat(call(lonely, ADMIN, "/v1/accounts").status()).isEqualTo(200);
      }
    }
  }
}
