package dev.graft.server.web;

import dev.graft.core.audit.ChainedRecord;
import dev.graft.core.audit.Checkpoint;
import dev.graft.core.json.Json;
import dev.graft.server.audit.Sealing;
import dev.graft.store.AuditChain;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/** The audit trail over HTTP. */
final class AuditApi {
  private final AuditChain chain;
  private final Sealing sealing;
  private final AccountsApi accounts;

  AuditApi(AuditChain chain, Sealing sealing, AccountsApi accounts) {
    this.chain = chain;
    this.sealing = sealing;
    this.accounts = accounts;
  }

  ServerResponse list(ServerRequest request) {
    return page(request, request.param("account").orElse(null));
  }

  ServerResponse ofAccount(ServerRequest request) {
    return page(request, accounts.named(request).id());
  }

  private ServerResponse page(ServerRequest request, @Nullable String accountId) {
    int limit = AccountsApi.limit(request);
    long after = after(request);
    // So that whoever did something finds it at once.
    sealing.turn();
    List<ChainedRecord> records = chain.page(after, limit + 1, accountId);
    var page = Json.object();
    var all = page.putArray("records");
    records.stream().limit(limit).forEach(record -> all.add(record.toJson()));
    page.put("next", records.size() > limit ? String.valueOf(records.get(limit - 1).seq()) : null);
    page.put("waiting", chain.waiting());
    return Routes.json(200, page);
  }

  private static long after(ServerRequest request) {
    String text = request.param("after").orElse("0");
    if (text.matches("\\d{1,18}")) {
      return Long.parseLong(text);
    }
    throw new Problem(
        400, "INVALID_AFTER", "'after' must be the 'next' of the page before, or left out.");
  }

  ServerResponse key(ServerRequest request) {
    var json = Json.object();
    json.put("publicKey", Checkpoint.text(sealing.keys().publicKey()));
    json.put("key", Checkpoint.keyId(sealing.keys().publicKey()));
    json.put("checkpoint", sealing.latest().map(Checkpoint::line).orElse(null));
    return Routes.json(200, json);
  }

  ServerResponse restored(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Set.of("checkpoint"));
    String form = "a line that begins with " + Checkpoint.MARKER + ", or left out";
    Optional<Checkpoint> outside =
        body.optional("checkpoint", "INVALID_CHECKPOINT", form)
            .map(line ->
                Checkpoint.in(line)
                    .filter(checkpoint -> checkpoint.isSignedBy(sealing.keys().publicKey()))
                    .orElseThrow(() ->
                        new Problem(
                            400,
                            "INVALID_CHECKPOINT",
                            "'checkpoint' must be "
                                + form
                                + ", and signed by the key of this server's audit trail.")));
    AuditChain.Head head = sealing.restored(outside.orElse(null));
    return Routes.json(
        200,
        Json.object()
            .put("epoch", head.epoch())
            .put("seq", head.size())
            .put("checkpoint", sealing.latest().map(Checkpoint::line).orElse(null)));
  }
}
