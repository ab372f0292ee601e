package dev.graft.server.doctor;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A question to a server, without a key or token. */
final class Asked {
  private static final Duration PATIENCE = Duration.ofSeconds(8);
  private static final int MOST_TEXT = 2_000;
  private static final Pattern VERSION =
      Pattern.compile("^info:\\R(?:  .*\\R)*?  version: (\\S+)", Pattern.MULTILINE);

  private Asked() {}

  /**
   * What came back.
   *
   * @param status 0 when nothing did
   * @param text the beginning of the body, or why nothing came
   * @param ahead how far its clock is ahead of this machine's, to the second
   */
  record Answer(int status, String text, Optional<Duration> ahead) {
    boolean isThere() {
      return status != 0;
    }
  }

  /** Asks someone who has to be who its address says. */
  static Answer get(URI url) {
    return get(url, client());
  }

  /**
   * Asks a server of Graft's, whatever certificate it shows: on its own machine it is called by
   * another name than that of the certificate, and nothing is told to it.
   */
  static Answer getAnyhow(URI url) {
    return get(url, builder().sslContext(AnyCertificate.context()).build());
  }

  private static Answer get(URI url, HttpClient client) {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(PATIENCE)
            // A firewall in front of Vapi refuses a library's own.
            .header("User-Agent", "graft-doctor")
            .build();
    try (client) {
      Instant before = Instant.now();
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      Instant here = before.plus(Duration.between(before, Instant.now()).dividedBy(2));
      String text = response.body();
      return new Answer(
          response.statusCode(),
          text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) : text,
          response.headers().firstValue("Date").flatMap(date -> ahead(date, here)));
    } catch (IOException e) {
      return new Answer(
          0,
          e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(),
          Optional.empty());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer(0, "interrupted", Optional.empty());
    }
  }

  static HttpClient client() {
    return builder().build();
  }

  private static HttpClient.Builder builder() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(5));
  }

  private static Optional<Duration> ahead(String date, Instant here) {
    try {
      Instant there = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      // It tells whole seconds, cut off.
      Duration ahead = Duration.between(here, there.plusMillis(500));
      return Optional.of(ahead);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** The version that a server's description of its API names; empty when it is not Graft. */
  static String versionOf(URI server) {
    Matcher version = VERSION.matcher(getAnyhow(server.resolve("/openapi.yaml")).text());
    return version.find() ? version.group(1) : "";
  }
}
