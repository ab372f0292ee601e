package dev.graft.kms.azure;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Asks for the tokens that the vault wants to see, and keeps one for as long as it is good. */
final class Tokens {
  private final String providerUri;
  private final Http http;
  private final Login login;
  private final String resource;
  private @Nullable Token kept;

  /** A token and when it stops to be good, by {@link System#nanoTime()}. */
  record Token(Secret secret, long until) {}

  Tokens(String providerUri, Http http, Login login, String resource) {
    this.providerUri = providerUri;
    this.http = http;
    this.login = login;
    this.resource = resource;
  }

  synchronized Token token(long deadline) {
    if (kept == null || kept.until() - System.nanoTime() <= 0) {
      kept = asked(deadline);
    }
    return kept;
  }

  synchronized void forget(Token refused) {
    if (refused.equals(kept)) {
      kept = null;
    }
  }

  private Token asked(long deadline) {
    return switch (login) {
      case Login.ClientSecret(
              URI authority,
              String tenant,
              String client,
              Login.Proof(Optional<Secret> value, Path file)) ->
          fromAuthority(
              authority,
              tenant,
              client,
              Map.of("client_secret", value.orElseGet(() -> read(file))),
              "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, and that it has not expired",
              deadline);
      case Login.Workload(URI authority, String tenant, String client, Path token) ->
          fromAuthority(
              authority,
              tenant,
              client,
              Map.of(
                  "client_assertion_type",
                  Secret.copyOf("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                  "client_assertion",
                  read(token)),
              "Check the federated credential of the application, and its subject and audience",
              deadline);
      case Login.Machine(URI host, Optional<String> client) ->
          fromHere(
              HttpRequest.newBuilder(
                      URI.create(
                          host
                              + "/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
                              + encoded(resource)
                              + clientIn(client)))
                  .header("Metadata", "true"),
              "Assign an identity to this machine, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and"
                  + " AZURE_CLIENT_SECRET_FILE",
              deadline);
      case Login.Container(URI endpoint, Secret header, Optional<String> client) -> {
        HttpRequest.Builder request =
            HttpRequest.newBuilder(
                URI.create(
                    endpoint
                        + "?api-version=2019-08-01&resource="
                        + encoded(resource)
                        + clientIn(client)));
        header.reveal(
            SecretAccess.of("asking Azure for a token"),
            bytes -> request.header("X-IDENTITY-HEADER", new String(bytes, UTF_8)));
        yield fromHere(request, "Assign an identity to this app", deadline);
      }
    };
  }

  private static String clientIn(Optional<String> client) {
    return client.map(id -> "&client_id=" + encoded(id)).orElse("");
  }

  private Token fromAuthority(
      URI authority,
      String tenant,
      String client,
      Map<String, Secret> proof,
      String advice,
      long deadline) {
    var fields = new LinkedHashMap<String, String>();
    fields.put("client_id", client);
    fields.put("grant_type", "client_credentials");
    fields.put("scope", resource + "/.default");
    proof.forEach((name, secret) ->
        fields.put(
            name,
            secret.reveal(
                SecretAccess.of("asking Azure for a token"), bytes -> new String(bytes, UTF_8))));
    String form =
        fields.entrySet().stream()
            .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
            .collect(Collectors.joining("&"));
    return token(
        http.send(
            HttpRequest.newBuilder(URI.create(authority + "/" + tenant + "/oauth2/v2.0/token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build(),
            "the login at " + authority,
            deadline),
        "the login at " + authority,
        advice);
  }

  private Token fromHere(HttpRequest.Builder request, String advice, long deadline) {
    String whom = "the managed identity at " + request.copy().build().uri().getAuthority();
    return token(http.send(request.build(), whom, deadline), whom, advice);
  }

  private Token token(Http.Answer answer, String whom, String advice) {
    String token = answer.text("access_token");
    // A number from the login, a text from a managed identity.
    JsonNode seconds = answer.body().path("expires_in");
    long lasts = seconds.isNumber() ? seconds.asLong(0) : digits(seconds.asString(""));
    if (lasts == 0) {
      long expiresOn = digits(answer.body().path("expires_on").asString(""));
      lasts = Math.max(0, expiresOn - System.currentTimeMillis() / 1000);
    }
    if (answer.status() != 200 || token.isEmpty()) {
      String said = answer.sentence("error_description");
      throw http.unavailable(
          whom
              + " gives no token (HTTP "
              + answer.status()
              + (said.isEmpty() ? "" : ": " + said)
              + "). "
              + advice,
          null);
    }
    // Gone a little early, so that it does not end on the way.
    return new Token(
        Secret.copyOf(token), System.nanoTime() + Duration.ofSeconds(lasts * 9 / 10).toNanos());
  }

  private static long digits(String text) {
    return text.matches("\\d{1,12}") ? Long.parseLong(text) : 0;
  }

  private Secret read(Path file) {
    try {
      return Secret.copyOf(Files.readString(file).strip());
    } catch (IOException e) {
      throw http.unavailable(
          "the file "
              + file
              + " with credentials for it cannot be read. Make it readable for the user that runs"
              + " Graft",
          e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  @Override
  public String toString() {
    return "Tokens[" + providerUri + "]";
  }
}
