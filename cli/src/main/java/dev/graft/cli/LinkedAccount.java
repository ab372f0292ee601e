package dev.graft.cli;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The account that a user is linked to, as the API shows it. */
record LinkedAccount(String user, ObjectNode json) {

  /**
   * Finds it.
   *
   * @throws Refusal when the user is linked to none
   */
  static LinkedAccount of(String user, Api api) {
    JsonNode found = api.get("/v1/accounts?userId=" + Api.encoded(user)).path("accounts").path(0);
    if (found instanceof ObjectNode account && account.path("id").isString()) {
      return new LinkedAccount(user, account);
    }
    throw Refusal.failed(
        "No Vapi account is linked for the user "
            + user
            + ". Link one first: graft link "
            + Shell.word(user),
        List.of(Problem.code("API_KEY_NOT_FOUND")));
  }

  String id() {
    return json.path("id").asString("");
  }

  /** Whoever else has this account. */
  List<String> otherUsers() {
    return json.path("userIds")
        .valueStream()
        .map(other -> other.asString(""))
        .filter(other -> !other.equals(user))
        .toList();
  }

  String path() {
    return "/v1/accounts/" + Api.encoded(id());
  }

  /** An address below that of the account. */
  String path(String below) {
    return path() + "/" + below;
  }
}
