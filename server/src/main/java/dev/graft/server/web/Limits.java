package dev.graft.server.web;

import dev.graft.server.Rate;
import dev.graft.server.access.Caller;
import dev.graft.server.install.StoredPlans;
import dev.graft.store.Accounts;
import dev.graft.store.Allowances;
import io.github.bucket4j.distributed.remote.RemoteBucketState;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.springframework.http.HttpMethod;
import org.springframework.web.servlet.function.ServerRequest;

/**
 * Keeps callers to how often they may ask. Three limits hold: one user is linked and cloned for
 * only so often, whoever asks; one caller asks only so often, whatever for; and from one address it
 * is tried only so often to sign in. All nodes count together.
 */
final class Limits {
  /** Of several users, who has the least left is the one to hear of. */
  private static final Comparator<Limit.Standing> NARROWEST =
      Comparator.comparingLong(Limit.Standing::left)
          .thenComparing(Limit.Standing::untilMore, Comparator.reverseOrder());

  private final Rate.Rates rates;
  private final Allowances allowances;
  private final Accounts accounts;
  private final StoredPlans plans;
  private final Consumer<String> refusals;

  /**
   * Keeps to these rates.
   *
   * @param refusals is told the name of each limit that refuses
   */
  Limits(
      Rate.Rates rates,
      Allowances allowances,
      Accounts accounts,
      StoredPlans plans,
      Consumer<String> refusals) {
    this.rates = rates;
    this.allowances = allowances;
    this.accounts = accounts;
    this.plans = plans;
    this.refusals = refusals;
  }

  private record Count(boolean granted, List<Limit.Standing> standings) {}

  /**
   * Counts a request and lets it through.
   *
   * @return headers that say what is left
   * @throws Problem when there is nothing left; then nothing was counted and nothing written
   */
  List<Problem.Header> admit(Caller caller, Routes.Route route, ServerRequest request) {
    List<Limit> limits = limits(caller, route, request);
    if (limits.isEmpty()) {
      return List.of();
    }
    SortedSet<String> ids =
        limits.stream().map(Limit::id).collect(Collectors.toCollection(TreeSet::new));
    Count count = count(limits, allowances.look(ids)).result();
    if (count.granted()) {
      // Between the look and this, others may have taken what was left.
      count = allowances.take(ids, stock -> count(limits, stock));
    }
    if (!count.granted()) {
      count.standings().stream()
          .filter(one -> one.left() == 0)
          .forEach(one -> refusals.accept(one.limit().name()));
      throw refused(count.standings());
    }
    return headers(count.standings());
  }

  private List<Limit> limits(Caller caller, Routes.Route route, ServerRequest request) {
    var limits = new ArrayList<Limit>();
    if (route.is(Routes.Mark.SIGN_IN)) {
      String network = network(Edge.client(request.servletRequest()));
      rates.signIn().ifPresent(rate -> limits.add(new Limit("sign-in", rate, network)));
    }
    if (route.permission() == null || route.method().equals(HttpMethod.GET)) {
      return limits;
    }
    if (route.is(Routes.Mark.LIMITED_PER_USER) && rates.user().isPresent()) {
      users(caller, route, request)
          .forEach(user -> limits.add(new Limit("user", rates.user().get(), user)));
    }
    rates.service().ifPresent(rate -> limits.add(new Limit("caller", rate, caller.toString())));
    return limits;
  }

  /** An address, or of version 6 the part that one holder has all of. */
  static String network(String client) {
    try {
      byte[] address = InetAddress.ofLiteral(client).getAddress();
      return address.length == 4 ? client : HexFormat.of().formatHex(address, 0, 8);
    } catch (IllegalArgumentException e) {
      return client;
    }
  }

  /**
   * Whom a request is for: the user whom it names, or the one who sent it; where it names an
   * account and comes from none of its users, all of them.
   */
  private Collection<String> users(Caller caller, Routes.Route route, ServerRequest request) {
    String sender = caller.userId();
    if (sender != null) {
      return List.of(sender);
    }
    return switch (route.subject()) {
      case USER -> Body.of(request).userIdIfGood().stream().toList();
      case ACCOUNT -> accounts.usersOf(request.pathVariable("account"));
      case PLAN ->
          plans.accountOf(request.pathVariable("plan")).map(accounts::usersOf).orElse(List.of());
      case NONE, INSTALLATION, OPERATION -> List.of();
    };
  }

  private static Allowances.Ruling<Count> count(List<Limit> limits, Allowances.Stock stock) {
    Map<Limit, RemoteBucketState> buckets = new LinkedHashMap<>();
    limits.forEach(limit -> buckets.put(limit, limit.bucket(stock)));
    boolean granted = buckets.values().stream().allMatch(one -> one.getAvailableTokens() > 0);
    Map<String, Allowances.Left> kept = new HashMap<>();
    if (granted) {
      buckets.forEach((limit, bucket) -> {
        bucket.consume(1);
        kept.put(limit.id(), Limit.left(bucket, stock.now()));
      });
    }
    var standings = new LinkedHashMap<String, Limit.Standing>();
    buckets.forEach((limit, bucket) ->
        standings.merge(
            limit.name(), limit.standing(bucket, stock.now()), BinaryOperator.minBy(NARROWEST)));
    return new Allowances.Ruling<>(kept, new Count(granted, List.copyOf(standings.values())));
  }

  private static List<Problem.Header> headers(List<Limit.Standing> standings) {
    return List.of(
        new Problem.Header(
            "RateLimit-Policy",
            standings.stream().map(one -> one.limit().item()).collect(Collectors.joining(", "))),
        new Problem.Header(
            "RateLimit",
            standings.stream().map(Limit.Standing::item).collect(Collectors.joining(", "))));
  }

  private static String said(String name) {
    return switch (name) {
      case "user" -> "This user was linked or cloned for as often as this server allows";
      case "sign-in" -> "It was tried to sign in from your address as often as this server allows";
      default -> "You asked for something to be done as often as this server allows";
    };
  }

  private static Problem refused(List<Limit.Standing> standings) {
    List<Limit.Standing> violated = standings.stream().filter(one -> one.left() == 0).toList();
    long wait = violated.stream().mapToLong(Limit.Standing::seconds).max().orElse(1);
    Limit first = violated.getFirst().limit();
    var problem =
        new Problem(
                429,
                "RATE_LIMITED",
                said(first.name())
                    + " ("
                    + first.rate()
                    + "), so nothing was done now. Try again in "
                    + wait
                    + " seconds.")
            .withHeader("Retry-After", String.valueOf(Math.max(1, wait)))
            .withList(
                "violated-policies", violated.stream().map(one -> one.limit().name()).toList());
    headers(standings).forEach(header -> problem.withHeader(header.name(), header.value()));
    return problem;
  }
}
