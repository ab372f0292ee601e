package dev.graft.server.install;

import dev.graft.core.json.Digest;
import dev.graft.core.json.Json;
import dev.graft.server.access.Acts;
import dev.graft.server.link.Keys;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.AuditRecord;
import dev.graft.store.Plans;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** Plans that someone looked at and may apply: kept for a day, and only as good as their basis. */
public final class StoredPlans {
  private static final Duration KEPT = Duration.ofDays(1);
  private static final int DROPPED_TOGETHER = 500;

  private final Plans plans;
  private final Accounts accounts;
  private final Keys keys;
  private final Acts acts;
  private final InstantSource clock;
  private final Supplier<String> newId;

  public StoredPlans(
      Plans plans,
      Accounts accounts,
      Keys keys,
      Acts acts,
      InstantSource clock,
      Supplier<String> newId) {
    this.plans = plans;
    this.accounts = accounts;
    this.keys = keys;
    this.acts = acts;
    this.clock = clock;
    this.newId = newId;
  }

  /** A plan as it was shown, and what it was made from. */
  public record Kept(
      String id,
      Account account,
      String template,
      Digest release,
      Digest basis,
      Wish wish,
      ObjectNode content) {}

  /** Keeps a plan and gives its id. */
  public String keep(
      Account account,
      String template,
      Digest release,
      Digest basis,
      Wish wish,
      ObjectNode content) {
    String id = newId.get();
    var row =
        new Plans.Row(
            id, account.id(), template, release, basis, Json.write(wish.toJson()), clock.instant());
    AuditRecord act = acts.record("plan.made", account.id(), id, about(template, release, wish));
    Keys.Present present;
    do {
      // It may have got a new data key while the plan was made, and get another one at any time.
      present = keys.present(account.id()).orElseThrow();
    } while (!plans.keep(
        row,
        content,
        present.bodies(),
        present.account().dataKey(),
        clock.instant().minus(KEPT),
        act));
    return id;
  }

  /** Drops the plans that nobody can apply any more, a few at a time. */
  public void dropExpired() {
    int dropped;
    do {
      dropped = plans.drop(clock.instant().minus(KEPT), DROPPED_TOGETHER);
    } while (dropped == DROPPED_TOGETHER);
  }

  /** Writes down that a plan is about to be applied. */
  public void applied(Kept plan) {
    acts.add(
        "plan.applied",
        plan.account().id(),
        plan.id(),
        about(plan.template(), plan.release(), plan.wish()));
  }

  private static ObjectNode about(String template, Digest release, Wish wish) {
    return Json.object()
        .put("kind", wish.goal().kind())
        .put("template", template)
        .put("release", release.hex());
  }

  public Optional<Kept> withId(String id) {
    return row(id)
        .flatMap(row ->
            accounts
                .withId(row.accountId())
                .map(account ->
                    new Kept(
                        row.id(),
                        account,
                        row.template(),
                        row.release(),
                        row.basis(),
                        Wish.fromJson(Json.parse(row.request())),
                        plans.content(row, keys.bodies(account)))));
  }

  /** The account that a plan is for, without a look into the plan. */
  public Optional<String> accountOf(String id) {
    return row(id).map(Plans.Row::accountId);
  }

  private Optional<Plans.Row> row(String id) {
    return plans.withId(id).filter(row -> row.createdAt().isAfter(clock.instant().minus(KEPT)));
  }
}
