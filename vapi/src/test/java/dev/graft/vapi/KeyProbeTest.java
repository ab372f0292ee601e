package dev.graft.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Effect;
import dev.graft.sandbox.Fault;
import dev.graft.sandbox.Region;
import dev.graft.sandbox.Sandbox;
import dev.graft.vault.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeyProbeTest {
  private final Sandbox sandbox = Sandbox.start();
  private final Host us = new Host("us", sandbox.url());
  private final Host eu = new Host("eu", sandbox.euUrl());
  private final VapiHttp http = new VapiHttp(List.of(us, eu), 20);

  @AfterEach
  void close() {
    http.close();
    sandbox.close();
  }

  private KeyProbe.Result probe(String key) {
    return new KeyProbe(http, Duration.ofSeconds(2), InstantSource.system(), false)
        .probe(Secret.copyOf(key), List.of(us, eu));
  }

  @Test
  void aKeyIsFoundInItsRegion() {
    sandbox.account("A", "key-of-a");
    sandbox.account("B", "key-of-b", Region.EU);
    assertThat(probe("key-of-a")).isEqualTo(new KeyProbe.Result.Valid(us, null));
    assertThat(probe("key-of-b")).isEqualTo(new KeyProbe.Result.Valid(eu, null));
  }

  @Test
  void theOrganisationIsReadOffAnyObject() {
    for (String kind : List.of("assistant", "tool", "squad")) {
      Account account = sandbox.account("With " + kind, "key-" + kind);
      account.put(
          kind,
          Json.parseObject(
              switch (kind) {
                case "tool" -> "{\"type\":\"endCall\"}";
                case "squad" -> "{\"members\":[]}";
                default -> "{\"name\":\"A\"}";
              }));
      assertThat(probe("key-" + kind)).isEqualTo(new KeyProbe.Result.Valid(us, account.orgId()));
    }
  }

  @Test
  void aKeyThatNoHostKnowsIsInvalid() {
    sandbox.account("A", "key-of-a").addPublicKey("public").revoke("key-of-a");
    for (String key : List.of("nobody's", "key-of-a", "public")) {
      assertThat(probe(key)).isInstanceOf(KeyProbe.Result.Invalid.class);
      assertThat(((KeyProbe.Result.Invalid) probe(key)).messages())
          .isNotEmpty()
          .noneMatch(message -> message.contains(key));
    }
  }

  @Test
  void aKeyIsNotCalledInvalidWhileAHostIsSilent() {
    sandbox.fault(Fault.on("GET", "/assistant").always().before(Effect.status(503)));
    assertThat(probe("anything")).isInstanceOf(KeyProbe.Result.Unclear.class);
    sandbox.clearFaults();
    sandbox.fault(Fault.on("GET", "/assistant").nth(1).before(Effect.html(403)));
    assertThat(probe("anything")).isInstanceOf(KeyProbe.Result.Invalid.class);
  }

  @Test
  void aKeyIsOnlySentWhereItIsSafe() {
    for (String url :
        List.of("https://api.vapi.ai", "http://127.0.0.1:4010", "http://localhost/x")) {
      assertThat(Host.isSafe(URI.create(url))).as(url).isTrue();
    }
    for (String url :
        List.of(
            "http://api.vapi.ai",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://user:password@api.vapi.ai",
            "https://api.vapi.ai/?a=b",
            "/tool")) {
      assertThatThrownBy(() -> Host.at(URI.create(url)))
          .as(url)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(Host.at(URI.create("http://localhost:1/base/")).urlOf("/tool"))
        .isEqualTo("http://localhost:1/base/tool");
  }
}
