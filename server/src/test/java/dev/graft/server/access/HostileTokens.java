package dev.graft.server.access;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The reading of tokens, for tests that feed it anything: an issuer with a key, and its token. */
public final class HostileTokens {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private final String sound;
  private final Tokens tokens;

  private HostileTokens(String sound, Tokens tokens) {
    this.sound = sound;
    this.tokens = tokens;
  }

  public static HostileTokens start() {
    try {
      ECKey key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
      HttpServer server = HttpServer.create(address, 0);
      URI issuer = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      String discovery =
          "{\"issuer\":\"%1$s\",\"jwks_uri\":\"%1$s/keys\"}".formatted(issuer.toString());
      String keys = "{\"keys\":[" + key.toPublicJWK().toJSONString() + "]}";
      server.createContext(
          "/",
          exchange -> {
            boolean isKeys = exchange.getRequestURI().getPath().equals("/keys");
            byte[] body = (isKeys ? keys : discovery).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.setExecutor(runnable -> Thread.ofPlatform().daemon().name("issuer").start(runnable));
      server.start();
      var jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("k1").build(),
              new JWTClaimsSet.Builder()
                  .issuer(issuer.toString())
                  .audience("graft")
                  .subject("someone")
                  .claim("roles", java.util.List.of("operator"))
                  .expirationTime(Date.from(NOW.plusSeconds(600)))
                  .build());
      jwt.sign(new ECDSASigner(key));
      var settings =
          new OidcSettings(
              issuer,
              "graft",
              Set.of("ES256"),
              "roles",
              Map.of("operator", Role.OPERATOR),
              Optional.empty());
      var tokens = new Tokens(settings, new Issuer(issuer, new IssuerHttp(), () -> NOW), () -> NOW);
      if (tokens.bearer(jwt.serialize()).flatMap(tokens::person).isEmpty()) {
        throw new IllegalStateException("the token that everything starts from is refused");
      }
      return new HostileTokens(jwt.serialize(), tokens);
    } catch (java.io.IOException | com.nimbusds.jose.JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  public String sound() {
    return sound;
  }

  /** Reads a token; only the one that was signed may be believed. */
  public void read(String text) {
    if (tokens.bearer(text).isPresent() && !isSame(text)) {
      throw new IllegalStateException("believed although it was never signed: " + text);
    }
  }

  /**
   * What is signed is all before the last dot; the signature itself can be written in more ways.
   */
  private boolean isSame(String text) {
    return signed(text).equals(signed(sound));
  }

  private static String signed(String token) {
    return token.substring(0, Math.max(0, token.lastIndexOf('.')));
  }

  /** A key of Graft's own as it is shown. */
  public static String key() {
    return KeyText.random(KeyText.newId(NOW.toEpochMilli()));
  }

  public static void readKey(String text) {
    KeyText.idIn(text)
        .filter(id -> !text.contains(id))
        .ifPresent(id -> {
          throw new IllegalStateException("an id that is not in the key");
        });
  }
}
