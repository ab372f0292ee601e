package dev.graft.kms.transit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.MissingNode;

/**
 * The service's HTTP API: one request with its answer, logged in before if need be, within the time
 * that the address allows.
 */
final class TransitClient {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int MOST_BYTES = 64 * 1024;

  private final String providerUri;
  private final URI address;
  private final Login login;
  private final Optional<String> namespace;
  private final Duration timeout;
  private final HttpClient http;
  private @Nullable Session session;

  /** A token and when it stops to be good, by {@link System#nanoTime()}. */
  private record Session(Secret token, long until) {}

  /** What the service answered. */
  record Answer(int status, JsonNode body) {
    JsonNode data() {
      return body.path("data");
    }

    /** The service's own sentences, which name keys and policies and hold no secret. */
    String errors() {
      var errors = new ArrayList<String>();
      body.path("errors").forEach(error -> errors.add(error.asString("")));
      String text = String.join("; ", errors).replaceAll("\\s+", " ").strip();
      return text.length() > 300 ? text.substring(0, 300) : text;
    }
  }

  TransitClient(ProviderUri uri, URI address, Login login, Map<String, String> environment) {
    this.providerUri = uri.identity();
    this.address = address;
    this.login = login;
    this.namespace = Optional.ofNullable(environment.get("VAULT_NAMESPACE"));
    this.timeout = uri.timeout();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout);
    String authorities = environment.get("VAULT_CACERT");
    if (authorities != null) {
      builder.sslContext(trusting(uri, Path.of(authorities)));
    }
    this.http = builder.build();
  }

  Answer get(String path) {
    return call("GET", path, new byte[0]);
  }

  /** The body stays the caller's, to be wiped. */
  Answer post(String path, byte[] body) {
    return call("POST", path, body);
  }

  private Answer call(String method, String path, byte[] body) {
    long deadline = System.nanoTime() + timeout.toNanos();
    Session used = session(deadline);
    Answer answer = send(method, path, body, used.token(), deadline);
    boolean mayBeRenewed = !(login instanceof Login.Token);
    if (answer.status() == 403 && mayBeRenewed) {
      // A token that was revoked looks like one that is not allowed: one new login tells.
      forget(used);
      answer = send(method, path, body, session(deadline).token(), deadline);
    }
    return answer;
  }

  private synchronized Session session(long deadline) {
    if (session == null || session.until() - System.nanoTime() <= 0) {
      session = loggedIn(deadline);
    }
    return session;
  }

  private synchronized void forget(Session used) {
    if (used.equals(session)) {
      session = null;
    }
  }

  private Session loggedIn(long deadline) {
    return switch (login) {
      case Login.Token(Secret token) -> new Session(token, System.nanoTime() + Long.MAX_VALUE / 2);
      case Login.TokenFile(Path file) -> session(Login.read(file), 60);
      case Login.AppRole(String mount, Login.Source role, Login.Source secret) ->
          loggedIn(mount, Map.of("role_id", role.read(), "secret_id", secret.read()), deadline);
      case Login.Kubernetes(String mount, String role, Path jwt) ->
          loggedIn(mount, Map.of("role", Secret.copyOf(role), "jwt", Login.read(jwt)), deadline);
    };
  }

  private Session loggedIn(String mount, Map<String, Secret> shown, long deadline) {
    var fields = JSON.createObjectNode();
    for (var field : shown.entrySet()) {
      String text =
          field
              .getValue()
              .reveal(
                  SecretAccess.of("logging in at vault-transit"),
                  bytes -> new String(bytes, UTF_8));
      fields.put(field.getKey(), text);
    }
    Answer answer =
        send("POST", "auth/" + mount + "/login", JSON.writeValueAsBytes(fields), null, deadline);
    JsonNode token = answer.body().path("auth").path("client_token");
    if (answer.status() != 200 || !token.isString()) {
      throw unavailable(
          "it refuses the login at auth/%s (HTTP %d%s). Check the role, its secret or service"
                  .formatted(mount, answer.status(), inBrackets(answer))
              + " account, and that they have not expired",
          null);
    }
    return session(
        Secret.copyOf(token.stringValue()),
        answer.body().path("auth").path("lease_duration").asLong(0));
  }

  /** Gone a little early, so that it does not end on the way. Zero means that it lasts. */
  private static Session session(Secret token, long seconds) {
    Duration lasts = seconds <= 0 ? Duration.ofHours(1) : Duration.ofSeconds(seconds * 9 / 10);
    return new Session(token, System.nanoTime() + lasts.toNanos());
  }

  private Answer send(
      String method, String path, byte[] body, @Nullable Secret token, long deadline) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + "/v1/" + path))
            .method(
                method,
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body))
            .header("X-Vault-Request", "true");
    if (body.length > 0) {
      request.header("Content-Type", "application/json");
    }
    namespace.ifPresent(name -> request.header("X-Vault-Namespace", name));
    if (token != null) {
      token.reveal(
          SecretAccess.of("calling vault-transit"),
          bytes -> request.header("X-Vault-Token", word(bytes)));
    }
    try {
      return sentOnce(request.build(), deadline);
    } catch (Broken _) {
      // As a connection does that was kept and was closed just then: to wrap, unwrap or log in once
      // more changes nothing there.
      try {
        return sentOnce(request.build(), deadline);
      } catch (Broken e) {
        throw unavailable("the connection broke off", e.getCause());
      }
    }
  }

  /** A connection that was there broke before all of the answer had come. */
  private static final class Broken extends Exception {
    private static final long serialVersionUID = 1;

    Broken(@Nullable Throwable cause) {
      super(cause);
    }
  }

  /** A token as it may stand in a header: Java's own refusal of any other would show it. */
  private String word(byte[] token) {
    for (byte b : token) {
      if (b <= 0x20 || b >= 0x7f) {
        throw unavailable(
            "the token for it has a space, a control sign or a sign that is no ASCII in it. Put the"
                + " token alone into VAULT_TOKEN or the file that VAULT_TOKEN_FILE names",
            null);
      }
    }
    return new String(token, UTF_8);
  }

  private Answer sentOnce(HttpRequest request, long deadline) throws Broken {
    CompletableFuture<HttpResponse<byte[]>> sent =
        http.sendAsync(
            request,
            HttpResponse.BodyHandlers.limiting(
                HttpResponse.BodyHandlers.ofByteArray(), MOST_BYTES));
    try {
      HttpResponse<byte[]> response =
          sent.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      byte[] said = response.body();
      try {
        return new Answer(response.statusCode(), parsed(said));
      } finally {
        // It may hold a data key.
        Arrays.fill(said, (byte) 0);
      }
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw unavailable("it did not answer within " + timeout.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable("the wait for it was interrupted", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case ConnectException _ ->
            throw unavailable("nothing answers at its address. Check the address", e);
        case SSLException refused ->
            throw unavailable(
                "no trusted connection comes about (%s). VAULT_CACERT names the authorities to trust"
                    .formatted(refused.getMessage()),
                e);
        case null, default -> throw new Broken(e.getCause());
      }
    }
  }

  /** What is no JSON says as little as nothing at all. */
  private static JsonNode parsed(byte[] body) {
    try {
      return body.length == 0 ? MissingNode.getInstance() : JSON.readTree(body);
    } catch (JacksonException e) {
      return MissingNode.getInstance();
    }
  }

  static String inBrackets(Answer answer) {
    return answer.errors().isEmpty() ? "" : ": " + answer.errors();
  }

  VaultException unavailable(String reason, @Nullable Throwable cause) {
    return VaultException.unavailable(providerUri, reason, cause);
  }

  private static SSLContext trusting(ProviderUri uri, Path authorities) {
    try (InputStream in = Files.newInputStream(authorities)) {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      int number = 0;
      for (var certificate :
          List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in))) {
        trusted.setCertificateEntry("authority-" + number++, certificate);
      }
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      return tls;
    } catch (IOException | GeneralSecurityException e) {
      throw uri.unusable(
          "the file of VAULT_CACERT, " + authorities + ", holds no certificates that can be read");
    }
  }
}
