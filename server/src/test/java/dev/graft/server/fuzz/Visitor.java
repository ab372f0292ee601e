package dev.graft.server.fuzz;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A browser, as far as the server can tell: keeps the cookies that it is given, fills in the forms
 * that it is shown, and goes to the issuer when it is sent there.
 */
final class Visitor {
  private static final Pattern FIELD =
      Pattern.compile("name=\"(proof|link)\" value=\"([A-Za-z0-9_-]+)\"");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Map<String, String> cookies = new TreeMap<>();
  private final Map<String, String> fields = new HashMap<>();
  private int signIns;

  /** What goes into the header {@code Cookie}; null for nothing. */
  @Nullable String cookie() {
    return cookies.isEmpty()
        ? null
        : String.join(
            "; ",
            cookies.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).toList());
  }

  /** What belongs into a field of a form or of an address, as it was told; null for unknown. */
  @Nullable String field(String name) {
    return fields.get(name);
  }

  /** How often it was given a session. */
  int signIns() {
    return signIns;
  }

  /** Looks at an answer as a browser does. */
  void see(Connection.Answer answer) {
    for (String set : answer.headers().getOrDefault("set-cookie", List.of())) {
      String[] pair = set.split(";", 2)[0].split("=", 2);
      if (pair[1].isEmpty()) {
        cookies.remove(pair[0]);
      } else {
        cookies.put(pair[0], pair[1]);
        signIns += pair[0].endsWith("session") ? 1 : 0;
      }
    }
    if (answer.header("Content-Type").startsWith("text/html")) {
      Matcher matcher = FIELD.matcher(answer.text());
      while (matcher.find()) {
        fields.put(matcher.group(1), matcher.group(2));
      }
    }
    if (answer.status() == 201 && answer.text().contains("/login?link=")) {
      fields.put(
          "link", answer.text().replaceFirst("(?s).*/login\\?link=([A-Za-z0-9_-]+).*", "$1"));
    }
    String location = answer.header("Location");
    if (answer.status() == 303 && location.contains("/authorize?")) {
      visit(URI.create(location));
    }
  }

  /** The issuer knows everyone and sends them back with a code at once. */
  private void visit(URI issuer) {
    try {
      String back =
          CLIENT
              .send(HttpRequest.newBuilder(issuer).build(), BodyHandlers.discarding())
              .headers()
              .firstValue("Location")
              .orElse("");
      for (String pair : back.replaceFirst("[^?]*\\?", "").split("&", -1)) {
        String[] parts = pair.split("=", 2);
        if (parts.length == 2) {
          fields.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      // Then there is no code, and coming back without one is a request, too.
      fields.remove("code");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
