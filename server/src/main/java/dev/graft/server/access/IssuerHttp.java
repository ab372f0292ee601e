package dev.graft.server.access;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * What is said to an issuer: short waits, small answers, no redirect followed, and nothing that can
 * be read on the way.
 */
final class IssuerHttp {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int LARGEST = 512 * 1024;

  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  /** What came back. */
  record Answer(int status, String body) {}

  Answer get(URI url) {
    return send(HttpRequest.newBuilder(checked(url)).GET());
  }

  Answer post(URI url, String form, String authorization) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(checked(url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(form));
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    return send(request);
  }

  private static URI checked(URI url) {
    if (!OidcSettings.isSafe(url)) {
      throw new IssuerAway(
          "The issuer names the address " + url + ", which is no https address. It is not asked.");
    }
    return url;
  }

  private Answer send(HttpRequest.Builder request) {
    HttpRequest asked = request.header("Accept", "application/json").timeout(PATIENCE).build();
    try {
      HttpResponse<InputStream> response =
          client.send(asked, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        byte[] bytes = body.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
          throw new IssuerAway("The issuer's answer from " + asked.uri() + " is far too large.");
        }
        return new Answer(response.statusCode(), new String(bytes, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new IssuerAway("The issuer does not answer at " + asked.uri() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IssuerAway("The question to " + asked.uri() + " was interrupted.", e);
    }
  }
}
