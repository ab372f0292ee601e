package dev.graft.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.core.json.Json;
import dev.graft.sandbox.Account;
import dev.graft.sandbox.Sandbox;
import dev.graft.server.webhook.Receiver;
import dev.graft.store.Accounts;
import dev.graft.store.AuditRecord;
import dev.graft.store.Database;
import dev.graft.store.Sealed;
import dev.graft.store.StoredDataKey;
import dev.graft.vault.Context;
import dev.graft.vault.DataKey;
import dev.graft.vault.LocalKeyProvider;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The life of data keys in a running server, on either database. */
abstract class KeyLifeContract {
  /** Acts on record, those among them that have no place in the chain yet. */
  private static final String RECORDED =
      "(SELECT at, act, actor, subject FROM audit_record"
          + " UNION ALL SELECT at, act, actor, subject FROM audit_pending) AS recorded";

  private static final int MANY = Boolean.getBoolean("graft.long") ? 10_000 : 1_000;
  private static final Duration PATIENCE =
      Duration.ofSeconds(Boolean.getBoolean("graft.long") ? 600 : 60);
  private static final String ADMIN = "an-admin-token-of-more-than-twenty-characters";

  /** Everything that is sealed for accounts, but for those that are being cloned into. */
  private static final String[] RECORDS = {
    "SELECT id, org_id, host, data_key, api_key, key_fingerprint, linked_at FROM account ORDER BY id",
    "SELECT l.* FROM ledger l JOIN installation i ON i.id = l.installation_id JOIN account_user u"
        + " ON u.account_id = i.account_id WHERE u.user_id LIKE 'quiet%' ORDER BY 1, 2",
    "SELECT j.* FROM journal j JOIN operation o ON o.id = j.operation_id JOIN account_user u"
        + " ON u.account_id = o.account_id WHERE u.user_id LIKE 'quiet%' ORDER BY 1, 2, 3",
    "SELECT p.* FROM plan p ORDER BY 1"
  };

  @TempDir private Path folder;

  abstract Map<String, String> onDatabase(Map<String, String> environment);

  private Map<String, String> environment(Sandbox sandbox) {
    Path templates = folder.resolve("templates");
    RunningServer.writeTemplate(templates, "front-desk", "1");
    return onDatabase(RunningServer.environment(folder.resolve("data"), templates, sandbox.url()));
  }

  private static Account linked(Sandbox sandbox, RunningServer server, String user) {
    String key = UUID.randomUUID().toString();
    Account account = sandbox.account("Account of " + user, key);
    assertThat(server.link(user, key).status()).isEqualTo(200);
    return account;
  }

  private static String accountOf(RunningServer server, String user) {
    return server.get("/v1/accounts?userId=" + user).json().at("/accounts/0/id").stringValue();
  }

  /** What is told of the one renewal that does not get through. */
  private static String renewalFault(RunningServer server) throws InterruptedException {
    Instant until = Instant.now().plusSeconds(30);
    while (Instant.now().isBefore(until)) {
      JsonNode reason = server.get("/v1/keys").json().at("/renewals/faults/0/reason");
      if (reason.isString()) {
        return reason.stringValue();
      }
      Thread.sleep(100);
    }
    return "nothing";
  }

  private static JsonNode rewrapped(RunningServer server, String body) throws Exception {
    RunningServer.Answer asked = server.post("/v1/keys/rewrap", body);
    assertThat(asked.status()).as(asked.body()).isEqualTo(202);
    String id = asked.json().get("id").stringValue();
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      JsonNode status = server.get("/v1/keys").json();
      assertThat(status.at("/rewrap/id").stringValue()).isEqualTo(id);
      if (status.at("/rewrap/status").stringValue().equals("finished")) {
        return status;
      }
      assertThat(Instant.now()).as(status.toString()).isBefore(end);
      Thread.sleep(20);
    }
  }

  private static void renewed(RunningServer server, String body) throws Exception {
    RunningServer.Answer asked = server.post("/v1/keys/renew", body);
    assertThat(asked.status()).as(asked.body()).isEqualTo(202);
    Instant end = Instant.now().plus(PATIENCE);
    while (server.get("/v1/keys").json().at("/renewals/waiting").intValue() > 0) {
      assertThat(Instant.now()).as(server.get("/v1/keys").body()).isBefore(end);
      Thread.sleep(20);
    }
  }

  /** Accounts that have a key and nothing else, made as fast as the database takes them. */
  private static void seed(RunningServer server, Vault vault, int count) throws Exception {
    var accounts = new Accounts(server.bean(Database.class));
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String id = "acc_seeded_%05d".formatted(i);
      tasks.add(() -> {
        DataKey key = vault.newDataKey(id);
        byte[] sealed =
            vault.seal(
                key,
                new Context(id, "vapi-key", id),
                ("key of " + id).getBytes(StandardCharsets.UTF_8));
        return accounts.link(
            "user of " + id,
            null,
            new dev.graft.store.Account(
                id,
                null,
                "us",
                key.id().toString(),
                new Sealed(sealed),
                "print of " + id,
                Instant.now()),
            new StoredDataKey(
                key.id().toString(),
                id,
                key.providerUri(),
                key.wrapped().kekVersion(),
                new Sealed(key.wrapped().bytes())),
            new AuditRecord(
                Instant.now(), "test", "account.linked", id, null, null, Json.object()));
      });
    }
    try (var threads = Executors.newFixedThreadPool(16, Thread.ofVirtual().factory())) {
      for (var made : threads.invokeAll(tasks)) {
        assertThat(made.get()).isTrue();
      }
    }
  }

  @Test
  void manyDataKeysAreWrappedAgainUnderLoadAndNoRequestFailsAndNoRecordChanges() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      environment.put("GRAFT_MASTER_KEY", SwitchedKeyProvider.digits(0x11));
      var live = new ArrayList<String>();
      try (var server = RunningServer.start(environment)) {
        var vault =
            new Vault(
                new LocalKeyProvider(SwitchedKeyProvider.masterKey(0x11), List.of()),
                List.of(),
                InstantSource.system(),
                Vault.CacheLimits.USUAL);
        seed(server, vault, MANY - 21);
        for (int i = 0; i < 20; i++) {
          String user = (i < 8 ? "live-" : "quiet-") + i;
          linked(sandbox, server, user);
          assertThat(server.clone(user).status()).isEqualTo(200);
          if (i < 8) {
            live.add(user);
          } else {
            RunningServer.Answer plan =
                server.post("/v1/accounts/" + accountOf(server, user) + "/plans", "{}");
            assertThat(plan.status()).isEqualTo(201);
          }
        }
      }
      environment.put("GRAFT_MASTER_KEY", SwitchedKeyProvider.digits(0x22));
      assertThatThrownBy(() -> RunningServer.start(environment))
          .hasMessageContaining("another master key");
      environment.put("GRAFT_MASTER_KEY_OLDER", SwitchedKeyProvider.digits(0x11));

      try (var server = RunningServer.start(environment);
          var rows = StoredRows.of(environment)) {
        String before = rows.digest(RECORDS);
        List<DataKey> old = rows.dataKeys();
        assertThat(old).hasSize(MANY);
        var answered = new AtomicInteger();
        var failed = new ArrayList<String>();
        var over = new AtomicBoolean();
        var threads = new ArrayList<Thread>();
        for (String user : live) {
          threads.add(
              Thread.startVirtualThread(() -> {
                while (!over.get()) {
                  RunningServer.Answer answer = server.clone(user);
                  answered.incrementAndGet();
                  if (answer.status() != 200
                      || !answer.actions().stream().allMatch(a -> a.startsWith("reused-"))) {
                    synchronized (failed) {
                      failed.add(answer.body());
                    }
                  }
                }
              }));
        }
        long started = System.nanoTime();
        JsonNode status = rewrapped(server, "{}");
        long millis = (System.nanoTime() - started) / 1_000_000;
        over.set(true);
        for (Thread thread : threads) {
          thread.join();
        }
        System.out.printf(
            "%d data keys wrapped again in %d ms, %d clones meanwhile, %d failed%n",
            MANY, millis, answered.get(), failed.size());

        assertThat(failed).isEmpty();
        assertThat(answered.get()).isGreaterThan(8);
        assertThat(rows.digest(RECORDS)).as("no record was touched").isEqualTo(before);
        assertThat(status.at("/rewrap/rewrapped").intValue()).isEqualTo(MANY);
        assertThat(status.at("/rewrap/remaining").intValue()).isZero();
        assertThat(status.get("faultCount").intValue()).isZero();
        assertThat(status.get("dataKeys")).hasSize(1);
        assertThat(status.at("/dataKeys/0/current").booleanValue()).isTrue();
        String newest = SwitchedKeyProvider.masterKey(0x22).id();
        assertThat(rows.dataKeys())
            .hasSize(MANY)
            .allMatch(key -> key.wrapped().kekVersion().equals(newest))
            .doesNotContainAnyElementsOf(old);
        assertThat(
                rows.rows(
                    "SELECT act FROM "
                        + RECORDED
                        + " WHERE act LIKE 'data-keys.%' ORDER BY at, act"))
            .containsExactlyInAnyOrder("data-keys.rewrap-asked|", "data-keys.rewrapped|");
      }
      environment.remove("GRAFT_MASTER_KEY_OLDER");
      try (var server = RunningServer.start(environment)) {
        for (String user : List.of("live-0", "quiet-19")) {
          assertThat(server.clone(user).actions())
              .isNotEmpty()
              .allMatch(action -> action.startsWith("reused-"));
        }
      }
    }
  }

  @Test
  void aDataKeyThatCannotBeWrappedAgainIsToldByItsIdAndDoesNotStopTheRest() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      var local = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      var other = new SwitchedKeyProvider("other:", SwitchedKeyProvider.masterKey(0x33));
      try (var server = RunningServer.start(environment, vault(local, other))) {
        for (int i = 0; i < 4; i++) {
          linked(sandbox, server, "user-" + i);
        }
        RunningServer.Answer mismatch =
            server.post("/v1/keys/rewrap", "{\"from\":\"local:\",\"to\":\"other:\"}");
        assertThat(mismatch.status()).isEqualTo(409);
        assertThat(mismatch.code()).isEqualTo("KEY_PROVIDER_MISMATCH");
        assertThat(server.post("/v1/keys/rewrap", "{\"from\":\"local:\",\"to\":\"local:\"}").code())
            .isEqualTo("KEY_PROVIDER_MISMATCH");
        assertThat(
                server.post("/v1/keys/rewrap", "{\"from\":\"nowhere:\",\"to\":\"local:\"}").code())
            .isEqualTo("KEY_PROVIDER_MISMATCH");
        assertThat(server.post("/v1/keys/rewrap", "{\"from\":\"local:\"}").code())
            .isEqualTo("INVALID_REWRAP");
        RunningServer.Answer noAddress =
            server.post("/v1/keys/rewrap", "{\"from\":\"local\",\"to\":\"local:\"}");
        assertThat(noAddress.status()).isEqualTo(400);
        assertThat(noAddress.code()).isEqualTo("INVALID_REWRAP");
        assertThat(noAddress.body()).contains("'local' is no address of a key provider");
      }
      try (var server = RunningServer.start(environment, vault(other, local));
          var rows = StoredRows.of(environment)) {
        String account = accountOf(server, "user-2");
        String broken =
            rows.rows("SELECT data_key FROM account WHERE id = ?", account)
                .getFirst()
                .replace("|", "");
        byte[] wrapped = rows.bytes("SELECT wrapped FROM data_key WHERE id = ?", broken);
        wrapped[20] ^= 1;
        String literal = HexFormat.of().formatHex(wrapped);
        assertThat(
                rows.execute(
                    "UPDATE data_key SET wrapped = "
                        + (environment.containsKey("GRAFT_DATABASE_URL")
                            ? "decode('" + literal + "', 'hex')"
                            : "x'" + literal + "'")
                        + " WHERE id = '"
                        + broken
                        + "'"))
            .isEqualTo(1);

        // One that no code of Graft's expects.
        String unexpected =
            "INSERT INTO data_key (id, owner, provider, wrapping_key, wrapped, created_at)"
                + " SELECT 'no-id', owner, provider, wrapping_key, wrapped, created_at"
                + " FROM data_key WHERE id = '"
                + broken
                + "'";
        assertThat(rows.execute(unexpected)).isEqualTo(1);

        JsonNode status = rewrapped(server, "{\"from\":\"local:\",\"to\":\"other:\"}");

        assertThat(status.at("/rewrap/rewrapped").intValue()).isEqualTo(4);
        assertThat(status.at("/rewrap/remaining").intValue()).isEqualTo(2);
        assertThat(status.get("faultCount").intValue()).isEqualTo(2);
        assertThat(status.at("/faults/1/dataKey").stringValue()).isEqualTo("no-id");
        assertThat(status.at("/faults/1/reason").stringValue()).contains("Graft's log tells");
        assertThat(rows.execute("DELETE FROM data_key WHERE id = 'no-id'")).isEqualTo(1);
        assertThat(status.at("/faults/0/dataKey").stringValue()).isEqualTo(broken);
        assertThat(status.at("/faults/0/owner").stringValue()).isEqualTo(account);
        assertThat(status.at("/faults/0/reason").stringValue()).contains("was changed");
        assertThat(rows.dataKeys().stream().filter(key -> key.providerUri().equals("local:")))
            .extracting(key -> key.id().toString())
            .containsExactly(broken);
        assertThat(server.clone("user-1").status()).isEqualTo(200);
        RunningServer.Answer refused = server.clone("user-2");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.code()).isEqualTo("KEYS_UNAVAILABLE");
        assertThat(refused.header("Retry-After")).as("trying again cannot help").isEmpty();

        assertThat(rows.execute(unexpected)).isEqualTo(1);
        server.post("/v1/keys/renew", "{\"account\":\"" + account + "\"}");
        assertThat(renewalFault(server)).contains("Something went wrong inside Graft");
        assertThat(rows.execute("DELETE FROM data_key WHERE id = 'no-id'")).isEqualTo(1);
      }
      // What was moved needs the former provider no more.
      try (var server =
          RunningServer.start(
              environment,
              vault(
                  other, new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11))))) {
        assertThat(server.clone("user-1").status()).isEqualTo(200);
      }
    }
  }

  /**
   * What belongs to no account is sealed with a data key of Graft's own, which moves like the
   * others: what recognises API keys, signs webhooks and checkpoints, and what requests were
   * answered.
   */
  @Test
  void whatGraftKeepsForItselfSurvivesAMoveAndWhatIsDoneToKeysIsOnRecord() throws Exception {
    try (var sandbox = Sandbox.start();
        var receiver = new Receiver()) {
      Map<String, String> environment = environment(sandbox);
      environment.put("GRAFT_AUTH", "token");
      environment.put("GRAFT_ADMIN_TOKEN", ADMIN);
      environment.put("GRAFT_WEBHOOK_ALLOW", "127.0.0.1");
      var local = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      var other = new SwitchedKeyProvider("other:", SwitchedKeyProvider.masterKey(0x33));
      String customersKey = UUID.randomUUID().toString();
      sandbox.account("A", customersKey);
      String linking = Json.write(Json.object().put("userId", "user").put("apiKey", customersKey));
      JsonNode apiKey;
      JsonNode webhook;
      String auditKey;
      String linked;
      try (var server = RunningServer.start(environment, vault(local))) {
        apiKey =
            posted(
                    server,
                    ADMIN,
                    "",
                    "/v1/api-keys",
                    "{\"label\":\"x\",\"scopes\":[\"manage\",\"link\",\"read\"]}")
                .json();
        String key = apiKey.get("key").stringValue();
        webhook =
            posted(
                    server,
                    key,
                    "",
                    "/v1/webhooks",
                    Json.write(Json.object().put("url", receiver.url().toString())))
                .json();
        auditKey = got(server, key, "/v1/audit/key").json().get("publicKey").stringValue();
        RunningServer.Answer answer = posted(server, key, "link-1", "/v1/accounts", linking);
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        linked = answer.body();
      }
      String key = apiKey.get("key").stringValue();
      String rewrap;
      try (var server = RunningServer.start(environment, vault(other, local))) {
        String move = "{\"from\":\"local:\",\"to\":\"other:\"}";
        RunningServer.Answer asked = posted(server, key, "move-1", "/v1/keys/rewrap", move);
        assertThat(asked.status()).as(asked.body()).isEqualTo(202);
        rewrap = asked.json().get("id").stringValue();
        RunningServer.Answer again = posted(server, key, "move-1", "/v1/keys/rewrap", move);
        assertThat(again.body()).isEqualTo(asked.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(posted(server, key, "", "/v1/keys/renew", "{\"all\":true}").status())
            .isEqualTo(202);
        Instant end = Instant.now().plus(PATIENCE);
        JsonNode status = got(server, key, "/v1/keys").json();
        while (!status.at("/rewrap/status").stringValue().equals("finished")
            || status.at("/renewals/waiting").intValue() > 0) {
          assertThat(Instant.now()).as(status.toString()).isBefore(end);
          Thread.sleep(20);
          status = got(server, key, "/v1/keys").json();
        }
        assertThat(status.get("dataKeys")).hasSize(1);
      }
      try (var server = RunningServer.start(environment, vault(other));
          var rows = StoredRows.of(environment)) {
        assertThat(rows.dataKeys())
            .hasSize(2)
            .allMatch(dataKey -> dataKey.providerUri().equals("other:"));
        assertThat(got(server, key, "/v1/audit/key").json().get("publicKey").stringValue())
            .isEqualTo(auditKey);
        RunningServer.Answer again = posted(server, key, "link-1", "/v1/accounts", linking);
        assertThat(again.body()).isEqualTo(linked);
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        receiver.forget();
        String test = "/v1/webhooks/" + webhook.get("id").stringValue() + "/test";
        assertThat(posted(server, key, "", test, "{}").status()).isEqualTo(200);
        assertThat(receiver.await("webhook.test").isSignedWith(webhook.get("secret").stringValue()))
            .isTrue();
        String byKey = "key:" + apiKey.get("id").stringValue() + "|";
        assertThat(
                rows.rows(
                    "SELECT act, actor, subject FROM "
                        + RECORDED
                        + " WHERE act LIKE 'data-key%'"
                        + " AND act <> 'data-key.renewed'"))
            .containsExactlyInAnyOrder(
                "data-keys.rewrap-asked|" + byKey + rewrap + "|",
                "data-keys.rewrapped|node:graft|" + rewrap + "|",
                "data-key.renewal-asked|" + byKey + "null|");
        assertThat(rows.rows("SELECT actor FROM " + RECORDED + " WHERE act = 'data-key.renewed'"))
            .containsExactly("node:graft|");
      }
    }
  }

  private static RunningServer.Answer posted(
      RunningServer server, String token, String idempotencyKey, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.url().resolve(path))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (!idempotencyKey.isEmpty()) {
      request.header("Idempotency-Key", idempotencyKey);
    }
    return server.send(request);
  }

  private static RunningServer.Answer got(RunningServer server, String token, String path) {
    return server.send(
        HttpRequest.newBuilder(server.url().resolve(path))
            .header("Authorization", "Bearer " + token));
  }

  /** Where something sealed stands: its row, and what opens it there. */
  private record Stored(DataKey dataKey, Context context, Sealed sealed) {
    byte[] bytes() {
      return sealed.bytes();
    }
  }

  /** By someone who can write to the database, with everything that a server put there itself. */
  @Test
  void nothingThatIsStoredOpensAnywhereButInItsPlace() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      var provider = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      Vault vault = vault(provider);
      var stored = new ArrayList<Stored>();
      try (var server = RunningServer.start(environment, vault);
          var rows = StoredRows.of(environment)) {
        for (int i = 0; i < 12; i++) {
          String user = "user-" + i;
          linked(sandbox, server, user);
          assertThat(server.clone(user).status()).isEqualTo(200);
          String account = accountOf(server, user);
          assertThat(server.post("/v1/accounts/" + account + "/plans", "{}").status())
              .isEqualTo(201);
        }
        for (DataKey dataKey : rows.dataKeys()) {
          String account = dataKey.accountId();
          if (account.equals("system")) {
            continue;
          }
          stored.add(
              new Stored(
                  dataKey,
                  new Context(account, "vapi-key", account),
                  new Sealed(rows.bytes("SELECT api_key FROM account WHERE id = ?", account))));
          for (String column : List.of("applied", "observed")) {
            for (String address : List.of("tool/main", "assistant/main")) {
              String installation =
                  rows.rows("SELECT id FROM installation WHERE account_id = ?", account)
                      .getFirst()
                      .replace("|", "");
              stored.add(
                  new Stored(
                      dataKey,
                      new Context(
                          account, "body", "ledger " + installation + " " + address + " " + column),
                      new Sealed(
                          rows.bytes(
                              "SELECT "
                                  + column
                                  + " FROM ledger WHERE address = '"
                                  + address
                                  + "' AND installation_id = ?",
                              installation))));
            }
          }
          String plan =
              rows.rows("SELECT id FROM plan WHERE account_id = ?", account)
                  .getFirst()
                  .replace("|", "");
          stored.add(
              new Stored(
                  dataKey,
                  new Context(account, "body", "plan " + plan),
                  new Sealed(rows.bytes("SELECT content FROM plan WHERE id = ?", plan))));
        }
      }
      int swaps = 0;
      var accepted = new ArrayList<String>();
      for (Stored from : stored) {
        assertThat(vault.open(from.dataKey(), from.context(), from.bytes())).isNotEmpty();
        for (Stored to : stored) {
          // With the data key of where it goes, and with its own brought along.
          for (DataKey dataKey : List.of(to.dataKey(), from.dataKey())) {
            if (!from.context().equals(to.context())) {
              swaps++;
              try {
                vault.open(dataKey, to.context(), from.bytes());
                accepted.add(from.context() + " as " + to.context());
              } catch (VaultException e) {
                assertThat(e.mayHelpToTryAgain()).isFalse();
              }
            }
          }
        }
      }
      assertThat(accepted).isEmpty();
      assertThat(swaps).isEqualTo(72 * 71 * 2);

      Stored one = stored.getFirst();
      int flips = 0;
      for (int bit = 0; bit < one.bytes().length * Byte.SIZE; bit++) {
        byte[] changed = one.bytes().clone();
        changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        flips++;
        assertThatThrownBy(() -> vault.open(one.dataKey(), one.context(), changed))
            .isInstanceOf(VaultException.class);
      }
      assertThat(flips).isEqualTo(8 * (102 + 36));
    }
  }

  private static Vault vault(SwitchedKeyProvider current, SwitchedKeyProvider... older) {
    return new Vault(current, List.of(older), InstantSource.system(), Vault.CacheLimits.USUAL);
  }

  @Test
  void anAccountsRecordsAreSealedAnewWhileItIsCloned() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      try (var server = RunningServer.start(environment);
          var rows = StoredRows.of(environment)) {
        var users = new ArrayList<String>();
        for (int i = 0; i < 6; i++) {
          users.add("user-" + i);
          linked(sandbox, server, users.getLast());
          assertThat(server.clone(users.getLast()).status()).isEqualTo(200);
        }
        RunningServer.writeTemplate(folder.resolve("templates"), "front-desk", "2");
        users.forEach(user -> assertThat(server.clone(user).status()).isEqualTo(200));
        String account = accountOf(server, "user-0");
        String plan =
            server.post("/v1/accounts/" + account + "/plans", "{}").json().get("id").stringValue();
        String shown = server.get("/v1/plans/" + plan).body();
        List<DataKey> old = rows.dataKeys();

        assertThat(server.post("/v1/keys/renew", "{}").code()).isEqualTo("INVALID_RENEWAL");
        assertThat(server.post("/v1/keys/renew", "{\"account\":\"acc_none\"}").code())
            .isEqualTo("ACCOUNT_NOT_FOUND");
        var over = new AtomicBoolean();
        var failed = new ArrayList<String>();
        var threads = new ArrayList<Thread>();
        for (String user : users) {
          String id = accountOf(server, user);
          threads.add(
              Thread.startVirtualThread(() -> {
                while (!over.get()) {
                  for (RunningServer.Answer answer :
                      List.of(
                          server.clone(user), server.post("/v1/accounts/" + id + "/plans", "{}"))) {
                    if (answer.status() / 100 != 2) {
                      synchronized (failed) {
                        failed.add(answer.body());
                      }
                    }
                  }
                }
              }));
        }
        renewed(server, "{\"account\":\"" + account + "\"}");
        renewed(server, "{\"all\":true}");
        over.set(true);
        for (Thread thread : threads) {
          thread.join();
        }

        assertThat(failed).isEmpty();
        List<DataKey> now = rows.dataKeys();
        assertThat(now).hasSameSizeAs(old);
        assertThat(now)
            .filteredOn(key -> !key.accountId().equals("system"))
            .doesNotContainAnyElementsOf(old);
        Map<String, String> keyOf =
            now.stream()
                .collect(
                    java.util.stream.Collectors.toMap(
                        DataKey::accountId, key -> key.id().toString().replace("-", "")));
        int records = 0;
        for (String record :
            rows.rows(
                """
                SELECT id, api_key FROM account
                UNION ALL SELECT i.account_id, l.applied FROM ledger l
                  JOIN installation i ON i.id = l.installation_id
                UNION ALL SELECT i.account_id, l.observed FROM ledger l
                  JOIN installation i ON i.id = l.installation_id
                UNION ALL SELECT o.account_id, j.making FROM journal j
                  JOIN operation o ON o.id = j.operation_id WHERE j.making IS NOT NULL
                UNION ALL SELECT o.account_id, j.earlier FROM journal j
                  JOIN operation o ON o.id = j.operation_id WHERE j.earlier IS NOT NULL
                UNION ALL SELECT account_id, content FROM plan
                """)) {
          String[] columns = record.split("\\|", -1);
          assertThat(columns[1].substring(12, 44)).isEqualTo(keyOf.get(columns[0]));
          records++;
        }
        assertThat(records).isGreaterThan(60);
        assertThat(server.get("/v1/plans/" + plan).body()).isEqualTo(shown);
        for (String user : users) {
          JsonNode installation =
              server
                  .get("/v1/accounts/" + accountOf(server, user) + "/installations")
                  .json()
                  .at("/installations/0/id");
          RunningServer.Answer back =
              server.post(
                  "/v1/installations/" + installation.stringValue() + "/operations",
                  "{\"kind\":\"rollback\",\"release\":\"1\"}");
          assertThat(back.status()).as(back.body()).isEqualTo(200);
          assertThat(back.actions()).isNotEmpty().allMatch(action -> action.startsWith("updated-"));
        }
        assertThat(rows.rows("SELECT act FROM " + RECORDED + " WHERE act = 'data-key.renewed'"))
            .hasSize(1 + users.size());
      }
    }
  }

  @Test
  void ofAnErasedAccountNothingOpensAnyMoreNotEvenInACopy() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      var provider = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      var clock = new SetClock();
      var vault = new Vault(provider, List.of(), clock, Vault.CacheLimits.USUAL);
      var otherNodes = new Vault(provider, List.of(), clock, Vault.CacheLimits.USUAL);
      try (var server = RunningServer.start(environment, vault);
          var rows = StoredRows.of(environment)) {
        for (String user : List.of("gone", "stays")) {
          linked(sandbox, server, user);
          assertThat(server.clone(user).status()).isEqualTo(200);
        }
        String account = accountOf(server, "gone");
        byte[] record = rows.bytes("SELECT api_key FROM account WHERE id = ?", account);
        DataKey dataKey = dataKeyOf(rows, account);
        String staying = accountOf(server, "stays");
        byte[] stayingRecord = rows.bytes("SELECT api_key FROM account WHERE id = ?", staying);
        DataKey stayingKey = dataKeyOf(rows, staying);
        var context = new Context(account, "vapi-key", account);
        var stayingContext = new Context(staying, "vapi-key", staying);
        assertThat(vault.open(dataKey, context, record)).isNotEmpty();
        assertThat(otherNodes.open(dataKey, context, record)).isNotEmpty();
        assertThat(vault.open(stayingKey, stayingContext, stayingRecord)).isNotEmpty();

        RunningServer.Answer unlinked =
            server.send(
                java.net.http.HttpRequest.newBuilder(
                        server.url().resolve("/v1/accounts/" + account + "?clones=keep"))
                    .DELETE());
        assertThat(unlinked.status()).as(unlinked.body()).isEqualTo(200);

        assertThat(rows.dataKeys()).extracting(DataKey::accountId).doesNotContain(account);
        // Whatever is left in a copy, with every data key in it and the wrapping key itself.
        for (DataKey left : rows.dataKeys()) {
          var disguised = new DataKey(dataKey.id(), account, left.providerUri(), left.wrapped());
          for (DataKey tried : List.of(left, disguised)) {
            assertThatThrownBy(() -> otherNodes.open(tried, context, record))
                .isInstanceOf(VaultException.class);
          }
        }
        if (!environment.containsKey("GRAFT_DATABASE_URL")) {
          for (String file : List.of("graft.db", "graft.db-wal")) {
            assertThat(
                    Canary.holds(
                        Files.readAllBytes(folder.resolve("data").resolve(file)),
                        List.of(dataKey.wrapped().bytes())))
                .as("the wrapped data key in a copy of " + file)
                .isFalse();
          }
        }
        // Not from memory either, on this node at once and on others when the time is up.
        provider.away(true);
        assertThat(vault.open(stayingKey, stayingContext, stayingRecord)).isNotEmpty();
        assertUnavailable(vault, dataKey, context, record);
        assertThat(otherNodes.open(dataKey, context, record)).isNotEmpty();
        clock.pass(Vault.CacheLimits.USUAL.time());
        assertUnavailable(otherNodes, dataKey, context, record);
      }
    }
  }

  private static DataKey dataKeyOf(StoredRows rows, String account) throws Exception {
    return rows.dataKeys().stream()
        .filter(key -> key.accountId().equals(account))
        .findFirst()
        .orElseThrow();
  }

  private static void assertUnavailable(
      Vault vault, DataKey dataKey, Context context, byte[] record) {
    assertThatThrownBy(() -> vault.open(dataKey, context, record))
        .isInstanceOfSatisfying(
            VaultException.class,
            e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.KEY_UNAVAILABLE));
  }

  /** Ten minutes by the vault's clock, a minute at a time. */
  @Test
  void whileTheKeyProviderIsAwayKnownAccountsWorkUntilTheirTimeIsUpAndNoAnswerIsWrong()
      throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      var provider = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      var clock = new SetClock();
      var vault = new Vault(provider, List.of(), clock, Vault.CacheLimits.USUAL);
      try (var server = RunningServer.start(environment, vault)) {
        List<String> users = List.of("known-1", "known-2", "unknown", "cut-off");
        var expected = new java.util.HashMap<String, String>();
        for (String user : users) {
          linked(sandbox, server, user);
          RunningServer.Answer answer = server.clone(user);
          assertThat(answer.status()).isEqualTo(200);
          expected.put(user, ids(answer));
        }
        clock.pass(Duration.ofMinutes(6));
        assertThat(ids(server.clone("known-1"))).isEqualTo(expected.get("known-1"));
        assertThat(ids(server.clone("known-2"))).isEqualTo(expected.get("known-2"));
        sandbox.account("New", "key of somebody new");
        sandbox.requests().clear();
        provider.away(true);

        RunningServer.Answer cutOff = server.clone("cut-off");
        assertThat(cutOff.status()).isEqualTo(503);
        int served = 0;
        int refused = 0;
        for (int minute = 0; minute < 10; minute++) {
          for (String user : List.of("known-1", "known-2", "unknown")) {
            RunningServer.Answer answer = server.clone(user);
            if (minute < 5 && !user.equals("unknown")) {
              assertThat(answer.status()).as("%s at %d", user, minute).isEqualTo(200);
              assertThat(ids(answer)).isEqualTo(expected.get(user));
              served++;
            } else {
              assertRefused(answer);
              refused++;
            }
          }
          assertRefused(server.link("new", "key of somebody new"));
          RunningServer.Answer ready = server.get("/health/ready");
          assertThat(ready.status()).isEqualTo(503);
          assertThat(ready.json().at("/checks/keys").stringValue())
              .isEqualTo("The key provider does not answer.");
          assertThat(server.get("/health").status()).isEqualTo(200);
          RunningServer.Answer status = server.get("/v1/keys");
          assertThat(status.status()).isEqualTo(200);
          assertThat(status.json().get("trouble").stringValue()).contains("does not answer");
          assertRefused(server.post("/v1/keys/rewrap", "{}"));
          clock.pass(Duration.ofMinutes(1));
        }
        assertThat(served).isEqualTo(10);
        assertThat(refused).isEqualTo(20);
        provider.away(false);

        // What was cut off is finished though nobody asks again.
        String operation = lastOperation(server, "cut-off");
        Instant end = Instant.now().plus(PATIENCE);
        while (!server
            .get("/v1/operations/" + operation)
            .json()
            .get("status")
            .stringValue()
            .equals("succeeded")) {
          assertThat(Instant.now()).isBefore(end);
          Thread.sleep(50);
        }
        for (String user : users) {
          assertThat(ids(server.clone(user))).isEqualTo(expected.get(user));
        }
        assertThat(server.get("/health/ready").status()).isEqualTo(200);
        assertThat(sandbox.requests().entries(entry -> !entry.method().equals("GET")))
            .as("nothing was written by mistake")
            .isEmpty();
      }
    }
  }

  private static String lastOperation(RunningServer server, String user) {
    return server
        .get("/v1/accounts/" + accountOf(server, user) + "/operations")
        .json()
        .at("/operations/0/id")
        .stringValue();
  }

  private static String ids(RunningServer.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().get("assistantId") + " " + answer.json().get("toolId");
  }

  private static void assertRefused(RunningServer.Answer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.code()).isEqualTo("KEYS_UNAVAILABLE");
    assertThat(answer.json().get("error").stringValue())
        .isEqualTo(
            "The keys cannot be opened now. The key provider local: does not answer. Graft goes on by"
                + " itself when it does.");
    assertThat(answer.header("Retry-After")).isNotEmpty();
  }

  /** An outage in the middle: what is left waits, and is done when the provider is back. */
  @Test
  void aRewrapAndARenewalWaitForTheKeyProvider() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      var provider = new SwitchedKeyProvider("local:", SwitchedKeyProvider.masterKey(0x11));
      try (var server = RunningServer.start(environment, vault(provider))) {
        for (int i = 0; i < 3; i++) {
          linked(sandbox, server, "user-" + i);
        }
        assertThat(server.post("/v1/keys/rewrap", "{}").status()).isEqualTo(202);
        assertThat(server.post("/v1/keys/renew", "{\"all\":true}").status()).isEqualTo(202);
        provider.away(true);
        Thread.sleep(1_500);
        JsonNode status = server.get("/v1/keys").json();
        provider.away(false);
        Instant end = Instant.now().plus(PATIENCE);
        while (!status.at("/rewrap/status").stringValue().equals("finished")
            || status.at("/renewals/waiting").intValue() > 0) {
          assertThat(Instant.now()).as(status.toString()).isBefore(end);
          Thread.sleep(50);
          status = server.get("/v1/keys").json();
        }
        assertThat(status.get("faultCount").intValue()).isZero();
        assertThat(status.at("/rewrap/remaining").intValue()).isZero();
        for (int i = 0; i < 3; i++) {
          assertThat(server.clone("user-" + i).status()).isEqualTo(200);
        }
        assertThat(Json.write(status)).doesNotContain("does not answer");
      }
    }
  }

  @Test
  void recordsOfTheOriginalProductOpenWithAFormerMasterKeyToo() throws Exception {
    try (var sandbox = Sandbox.start()) {
      Map<String, String> environment = environment(sandbox);
      environment.put("GRAFT_MASTER_KEY", SwitchedKeyProvider.digits(0x22));
      environment.put(
          "GRAFT_MASTER_KEY_OLDER",
          SwitchedKeyProvider.digits(0x44) + ", " + OriginalRecords.MASTER_KEY);
      sandbox.account("A", OriginalRecords.API_KEY);
      try (var server = RunningServer.start(environment)) {
        RunningServer.Answer linked =
            server.post(
                "/v1/accounts",
                Json.write(
                    Json.object()
                        .put("userId", "moving")
                        .put("sealedApiKey", OriginalRecords.RECORD)));
        assertThat(linked.status()).as(linked.body()).isEqualTo(201);
        assertThat(server.clone("moving").status()).isEqualTo(200);
        assertThat(
                server
                    .post(
                        "/api/vapi/link",
                        Json.write(
                            Json.object()
                                .put("userId", "moving-too")
                                .put("sealedApiKey", OriginalRecords.RECORD)))
                    .status())
            .isEqualTo(200);
        try (var rows = StoredRows.of(environment)) {
          assertThat(rows.rows("SELECT api_key FROM account"))
              .as("in its own form")
              .hasSize(1)
              .allMatch(record ->
                  record.startsWith(
                      HexFormat.of().formatHex("GRFT".getBytes(StandardCharsets.US_ASCII))));
        }
        assertThat(Canary.findIn(folder, OriginalRecords.API_KEY)).isEmpty();
      }
      environment.put("GRAFT_MASTER_KEY_OLDER", "");
      try (var server = RunningServer.start(environment)) {
        assertThat(server.clone("moving").actions())
            .as("it was sealed anew, and needs the original's master key no more")
            .allMatch(action -> action.startsWith("reused-"));
        assertThat(
                server
                    .post(
                        "/v1/accounts",
                        Json.write(
                            Json.object()
                                .put("userId", "late")
                                .put("sealedApiKey", OriginalRecords.RECORD)))
                    .code())
            .isEqualTo("INVALID_API_KEY");
      }
    }
  }
}
