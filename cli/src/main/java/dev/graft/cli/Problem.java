package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An error document of Graft's API, on a terminal: its sentences first, then all it says. */
final class Problem {
  private Problem() {}

  static boolean isOne(ObjectNode document) {
    return document.path("error").isString() && document.path("code").isString();
  }

  /**
   * The document as a reason to stop.
   *
   * @param wantsToken whether what is missing is Graft's own token
   */
  static Refusal refusal(ObjectNode document, boolean wantsToken) {
    String error = document.path("error").asString("");
    var more = new ArrayList<Line>();
    if (wantsToken) {
      more.add(
          Line.prose(
              2,
              "Give the token in the environment variable GRAFT_TOKEN, or in a file with"
                  + " --token-file."));
    }
    more.add(code(document.path("code").asString("")));
    var findings = new ArrayList<Finding>();
    for (JsonNode finding : document.path("diagnostics")) {
      findings.add(Finding.of(finding));
    }
    more.addAll(diagnostics(findings, error));
    for (JsonNode action : document.path("actions")) {
      more.add(field("done", Deed.of(action.asString(""), List.of()).words()));
    }
    JsonNode vapi = document.path("vapi");
    if (vapi.path("status").isNumber()) {
      more.add(field("Vapi said", "status " + vapi.path("status").asInt(0)));
      for (JsonNode message : vapi.path("messages")) {
        more.add(field("", message.asString("")));
      }
    }
    for (String id : List.of("account", "operation", "requestId")) {
      if (document.path(id).isString()) {
        more.add(field(id.equals("requestId") ? "request" : id, document.path(id).asString("")));
      }
    }
    return Refusal.answered(error, more, document);
  }

  /** The same sentences are not said twice. */
  private static List<Line> diagnostics(List<Finding> findings, String error) {
    var lines = new ArrayList<Line>();
    for (Finding finding : findings) {
      if (!finding.detail().equals(error)) {
        lines.addAll(finding.lines(2));
        continue;
      }
      if (!finding.where().isEmpty()) {
        lines.add(field("at", finding.where()));
      }
      finding.whatToType().ifPresent(hint -> lines.add(field("decide", hint)));
    }
    return lines;
  }

  /** The stable name of what went wrong, below the sentences. */
  static Line code(String code) {
    return field("code", code);
  }

  private static Line field(String name, String text) {
    return Line.of("  %-10s ".formatted(name), Style.DIM).and(text).hanging(13);
  }
}
