package dev.graft.server.fuzz;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.server.web.PublishedApi;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Says what is wrong with an answer, whatever the request was. */
final class Judge {
  /** What a server says when it shows what it is made of. */
  private static final List<String> INSIDES =
      List.of("Exception", "\tat ", "dev.graft.", "org.springframework", "org.apache", "SQLITE_");

  private final Set<String> secrets;

  /**
   * A judge.
   *
   * @param secrets what no answer may hold
   */
  Judge(Set<String> secrets) {
    this.secrets = Set.copyOf(secrets);
  }

  /**
   * What is wrong.
   *
   * @param isVapiFailing whether Vapi was told to fail, which excuses documented answers of 5xx
   */
  Optional<String> fault(Call call, Connection.Answer answer, boolean isVapiFailing) {
    String body = answer.text();
    if (answer.status() >= 500 && (!isVapiFailing || answer.status() == 500)) {
      return Optional.of("an answer of " + answer.status() + ": " + body);
    }
    boolean isPage =
        answer
            .header("Content-Type")
            .matches("(text|application)/(html|javascript|css|yaml|x-yaml).*");
    for (String inside : isPage ? List.<String>of() : INSIDES) {
      if (body.contains(inside) && !call.toString().contains(inside)) {
        return Optional.of("the answer shows '" + inside.strip() + "'");
      }
    }
    for (String secret : secrets) {
      if (body.contains(secret)) {
        return Optional.of("the answer holds a secret");
      }
    }
    for (String header : List.of("Server", "X-Powered-By")) {
      if (!answer.header(header).isEmpty()) {
        return Optional.of("the answer has the header " + header);
      }
    }
    if (call.method().equals("OPTIONS") && call.target().equals("*")) {
      // Asks about the server as a whole, and is answered by what is below Graft's first line.
      return answer.status() < 500 && body.isEmpty()
          ? Optional.empty()
          : Optional.of("an odd answer to OPTIONS *: " + answer.status() + " " + body);
    }
    if (answer.header("X-Request-Id").isEmpty() && !isBelowRoutes(answer)) {
      return Optional.of("the answer has no request id");
    }
    return outsideTheContract(call, answer, body);
  }

  /** Answers to what is not well-formed HTTP come from before the first line of Graft's. */
  private static boolean isBelowRoutes(Connection.Answer answer) {
    if (answer.status() == 431) {
      return true;
    }
    try {
      return answer.status() >= 400
          && answer.status() < 500
          && (answer.body().length == 0
              || Json.parseObject(answer.text())
                  .path("code")
                  .asString("")
                  .equals("INVALID_REQUEST"));
    } catch (MalformedJson e) {
      return false;
    }
  }

  private static Optional<String> outsideTheContract(
      Call call, Connection.Answer answer, String body) {
    var faults = new ArrayList<String>();
    for (String path : paths(call.target())) {
      try {
        PublishedApi.check(call.method(), path, answer.status(), answer.headers(), body);
        return Optional.empty();
      } catch (AssertionError | MalformedJson e) {
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    return Optional.of("outside the contract: " + faults.getFirst());
  }

  /** The path as it was sent and as a server may read it. */
  private static Set<String> paths(String target) {
    var paths = new LinkedHashSet<String>();
    String path = target.replaceFirst("^https?://[^/]*", "").replaceFirst("[?#].*", "");
    // An address without a path is that of the root.
    paths.add(path.isEmpty() && !target.isEmpty() ? "/" : path);
    String plain = path.replaceAll(";[^/]*", "");
    paths.add(plain);
    try {
      plain = URLDecoder.decode(plain.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return paths;
    }
    paths.add(plain);
    if (plain.equals("/") && !path.equals("/")) {
      // The root takes no parameters of a segment; every other address does.
      paths.add("/nothing");
    }
    return paths;
  }
}
