package dev.graft.sandbox;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/** Vapi's HTTP API: what it answers to a request, and what the request does to an account. */
final class VapiApi {
  private static final Set<String> PAGE_PARAMETERS =
      Set.of("id", "name", "page", "sortOrder", "sortBy");

  /** What HTTP libraries call themselves when nobody tells them otherwise. */
  private static final List<String> LIBRARY_AGENTS =
      List.of(
          "java/",
          "java-http-client/",
          "apache-httpclient/",
          "python-requests/",
          "python-urllib/",
          "go-http-client/",
          "libwww-perl/");

  private final Accounts accounts;

  VapiApi(Accounts accounts) {
    this.accounts = accounts;
  }

  Reply answer(Call call) {
    try {
      if (accounts.options().has(Quirk.USER_AGENT_CHECKED) && isBlocked(call.userAgent())) {
        return cloudflare();
      }
      return route(call);
    } catch (Reply.Refusal refusal) {
      return refusal.reply();
    }
  }

  private static boolean isBlocked(@Nullable String agent) {
    String name = agent == null ? "" : agent.strip().toLowerCase(Locale.ROOT);
    return name.isEmpty() || LIBRARY_AGENTS.stream().anyMatch(name::startsWith);
  }

  private static Reply cloudflare() {
    return Reply.text(
        403,
        Reply.HTML,
        "<!DOCTYPE html>\n<html><head><title>Access denied | Cloudflare</title></head>"
            + "<body><h1>Error 1010</h1><p>The owner of this website has banned your access based"
            + " on your browser's signature.</p></body></html>\n");
  }

  private Reply route(Call call) {
    if (call.path().equals("/v2/phone-number") && call.method().equals("GET")) {
      return new Listing(call.parameters(), Set.of("search", "page", "sortOrder", "sortBy"))
          .page(admitted(call), Kind.PHONE_NUMBER);
    }
    Optional<Kind> collection = Kind.at(call.path());
    if (collection.isPresent()) {
      return onCollection(collection.get(), call);
    }
    String path = call.path();
    int lengthOfId = call.lastSegment().length() + 1;
    Kind kind =
        Kind.at(path.substring(0, Math.max(0, path.length() - lengthOfId)))
            .orElseThrow(() -> noRoute(call));
    return onObject(kind, call);
  }

  private Reply onCollection(Kind kind, Call call) {
    return switch (call.method()) {
      case "GET" -> list(kind, call);
      case "POST" -> create(kind, call);
      default -> throw noRoute(call);
    };
  }

  private Reply onObject(Kind kind, Call call) {
    if (!Set.of("GET", "PATCH", "DELETE").contains(call.method())) {
      throw noRoute(call);
    }
    Account account = admitted(call);
    String id = call.lastSegment();
    if (!Validation.isUuid(id)) {
      throw Reply.error(400, "Validation failed (uuid is expected)").refusal();
    }
    // Another account's object looks the same as one that is not there.
    Stored stored =
        account.find(kind, id.toLowerCase(Locale.ROOT)).orElseThrow(() -> notFound(kind, id));
    return switch (call.method()) {
      case "GET" -> ok(stored, account);
      case "PATCH" -> patch(account, stored, call);
      default -> delete(account, stored);
    };
  }

  private static Reply.Refusal notFound(Kind kind, String id) {
    String title = kind.title().replace('-', ' ');
    String spoken = title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1);
    return Reply.error(404, spoken + " " + id + " not found").refusal();
  }

  private static Reply.Refusal noRoute(Call call) {
    return Reply.error(404, "Cannot " + call.method() + " " + call.target()).refusal();
  }

  /** The account whose private key the request has, within its rate limit. */
  private Account admitted(Call call) {
    if (call.authorization() == null) {
      throw Reply.error(401, "Missing Authorization Header.").refusal();
    }
    String key = call.key();
    Account account =
        Optional.ofNullable(key)
            .flatMap(each -> accounts.openedBy(each, call.region()))
            .orElseThrow(() ->
                Reply.error(
                        401,
                        "Invalid Key. Hot tip, you may be using the private key instead of the"
                            + " public key, or vice versa.")
                    .refusal());
    if (!account.admits()) {
      throw tooMany(account).refusal();
    }
    return account;
  }

  private static Reply tooMany(Account account) {
    Reply reply = Reply.error(429, "Rate limit exceeded. Please try again later.");
    long seconds = Math.ceilDiv(account.dial(Dial.RATE_WINDOW_MS), 1000L);
    return account.has(Quirk.RETRY_AFTER) ? reply.with("Retry-After", "" + seconds) : reply;
  }

  private Reply list(Kind kind, Call call) {
    Account account = admitted(call);
    if (kind.paged()) {
      return new Listing(call.parameters(), PAGE_PARAMETERS).page(account, kind);
    }
    Set<String> also = kind == Kind.SQUAD ? Set.of("idAny") : Set.of();
    return new Listing(call.parameters(), also).array(account, kind);
  }

  private Reply create(Kind kind, Call call) {
    Account account = admitted(call);
    ObjectNode body = bodyOf(call);
    new Screening(account).create(kind, body);
    return new Reply(201, Reply.JSON, account.create(kind, body).text(account.quirks()));
  }

  private Reply patch(Account account, Stored stored, Call call) {
    ObjectNode body = bodyOf(call);
    new Screening(account).patch(stored, body, call.parameters());
    return account
        .change(stored, body)
        .map(changed -> ok(changed, account))
        .orElseThrow(() -> notFound(stored.kind, stored.id));
  }

  private static Reply delete(Account account, Stored stored) {
    synchronized (account) {
      refuseIfPinned(account, stored);
      if (!account.remove(stored)) {
        throw notFound(stored.kind, stored.id);
      }
    }
    return ok(stored, account);
  }

  /** Who may pin what is our reading of Vapi's description, which names no pinner here. */
  private static void refuseIfPinned(Account account, Stored stored) {
    if (stored.kind == Kind.ASSISTANT
        && all(account, Kind.SQUAD).anyMatch(squad -> squad.pinsAssistant(stored.id))) {
      throw Reply.conflict("assistant_pinned", "A version of this assistant is pinned by a squad.")
          .refusal();
    }
    boolean formerToo = account.has(Quirk.OLD_VERSIONS_PIN);
    if (stored.kind == Kind.TOOL
        && all(account, Kind.ASSISTANT).anyMatch(each -> each.pinsTool(stored.id, formerToo))) {
      throw Reply.conflict("tool_pinned", "A version of this tool is pinned by an assistant.")
          .refusal();
    }
  }

  private static Stream<Stored> all(Account account, Kind kind) {
    return account.shelf(kind).newestFirst().stream();
  }

  private static ObjectNode bodyOf(Call call) {
    if (call.body().size() == 0) {
      return Json.object();
    }
    try {
      if (call.body().parsed() instanceof ObjectNode body) {
        return body;
      }
    } catch (JacksonException malformed) {
      throw Reply.error(400, "Unexpected token in JSON: " + malformed.getOriginalMessage())
          .refusal();
    }
    throw Reply.error(400, List.of("body must be an object")).refusal();
  }

  private static Reply ok(Stored stored, Account account) {
    return new Reply(200, Reply.JSON, stored.text(account.quirks()));
  }
}
