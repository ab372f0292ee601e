package dev.graft.cli;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** An installation of an account, as the API shows it. */
record Installed(JsonNode json) {

  /** All of an account. */
  static List<Installed> all(LinkedAccount account, Api api) {
    return api.get(account.path("installations"))
        .path("installations")
        .valueStream()
        .map(Installed::new)
        .toList();
  }

  /**
   * Those that are asked for: the one of {@code --template}, or all.
   *
   * @throws Refusal when there is none
   */
  static List<Installed> chosen(Given given, LinkedAccount account, Api api) {
    List<Installed> all = all(account, api);
    if (all.isEmpty()) {
      throw Refusal.failed(
          "Nothing was ever cloned into the account of "
              + account.user()
              + ". Clone a template first: graft clone "
              + Shell.word(account.user()));
    }
    var template = given.option("--template");
    if (template.isEmpty()) {
      return all;
    }
    List<Installed> named =
        all.stream().filter(one -> one.template().equals(template.get())).toList();
    if (named.isEmpty()) {
      throw Refusal.failed(
          "The account of "
              + account.user()
              + " has no installation of "
              + template.get()
              + ". It has:",
          lines(all));
    }
    return named;
  }

  /**
   * The one that is asked for.
   *
   * @throws Refusal when there is none, or when it could be one of several
   */
  static Installed one(Given given, LinkedAccount account, Api api) {
    List<Installed> chosen = chosen(given, account, api);
    if (chosen.size() > 1) {
      throw Refusal.usage(
          "The account of "
              + account.user()
              + " has several installations, and only one can be meant. Say which one with"
              + " --template NAME:",
          lines(chosen));
    }
    return chosen.getFirst();
  }

  private static List<Line> lines(List<Installed> all) {
    return all.stream().map(one -> Line.of("  " + one.release())).toList();
  }

  String template() {
    return json.path("template").asString("");
  }

  /** Template and version, the latter if one is installed. */
  String release() {
    return (template() + " " + json.path("version").asString("")).strip();
  }

  /** An address below that of the installation. */
  String path(String below) {
    return "/v1/installations/" + Api.encoded(json.path("id").asString("")) + "/" + below;
  }

  /** The addresses of the objects that it has. */
  List<Deed.Known> known() {
    var known = new ArrayList<Deed.Known>();
    for (JsonNode object : json.path("objects")) {
      known.add(
          new Deed.Known(object.path("object").asString(""), object.path("address").asString("")));
    }
    return known;
  }
}
