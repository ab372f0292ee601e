package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LoginTest {
  @Test
  void theLinkGoesToStandardOutputAlone() {
    try (ScriptedServer server =
        ScriptedServer.start()
            .answers(
                "POST /v1/login-links",
                201,
                "{\"url\": \"http://127.0.0.1:3000/login?link=abc\","
                    + " \"expiresAt\": \"2026-11-23T05:18:52.798Z\"}")) {
      assertThat(Caller.of(server).call("login"))
          .isEqualTo(
              new Caller.Outcome(
                  0,
                  "http://127.0.0.1:3000/login?link=abc\n",
                  "Open it in a browser before 2026-11-23 05:18:52 UTC. It signs in as an admin,"
                      + " once.\n"));
    }
  }
}
