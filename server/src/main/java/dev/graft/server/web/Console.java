package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.access.Caller;
import dev.graft.server.access.IssuerAway;
import dev.graft.server.access.People;
import dev.graft.server.access.Permission;
import dev.graft.server.access.Person;
import dev.graft.server.access.Role;
import dev.graft.server.access.SignIns;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.Installations;
import dev.graft.store.KeyState;
import dev.graft.store.KeyStates;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * What people see in a browser: the way in, who they are, their accounts, and the way out. It works
 * without a script.
 */
final class Console {
  private static final Logger LOG = LoggerFactory.getLogger(Console.class);
  private static final int PAGE = 20;
  private static final Duration LOGIN = Duration.ofMinutes(10);
  private static final DateTimeFormatter MINUTES =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm").withZone(ZoneOffset.UTC);

  /** Who sits before a machine that asks nobody for anything. */
  private static final Person HERE = new Person("local", "Everyone on this machine", Role.ADMIN);

  private final SignIns signIns;
  private final Optional<People> people;
  private final Accounts accounts;
  private final Installations installations;
  private final KeyStates keyStates;
  private final boolean isOpen;
  private final Optional<URI> publicUrl;
  private final InstantSource clock;

  /**
   * The pages.
   *
   * @param people who logs in through an issuer; nothing without one
   * @param isOpen whether everyone on this machine may call
   * @param publicUrl the address under which browsers know this server, where it was set
   */
  Console(
      SignIns signIns,
      Optional<People> people,
      Accounts accounts,
      Installations installations,
      KeyStates keyStates,
      boolean isOpen,
      Optional<URI> publicUrl,
      InstantSource clock) {
    this.signIns = signIns;
    this.people = people;
    this.accounts = accounts;
    this.installations = installations;
    this.keyStates = keyStates;
    this.isOpen = isOpen;
    this.publicUrl = publicUrl;
    this.clock = clock;
  }

  /**
   * The way in. A one-time link shows a button, since whoever previews a link must not use it up.
   */
  ServerResponse login(ServerRequest request) {
    if (visit(request).isPresent()) {
      return sentTo(ServerResponse.status(303), "/console");
    }
    return login(200, null, request.param("link").orElse(null));
  }

  private ServerResponse login(int status, @Nullable String message, @Nullable String link) {
    return login(ServerResponse.status(status), message, link);
  }

  private ServerResponse login(
      ServerResponse.BodyBuilder answer, @Nullable String message, @Nullable String link) {
    Map<String, Object> values = new HashMap<>();
    if (message != null) {
      values.put("message", message);
    }
    if (link != null) {
      values.put("link", link);
    }
    people
        .filter(People::canLogIn)
        .ifPresent(known -> values.put("issuer", String.valueOf(known.issuer().getHost())));
    return Html.page(answer, new Html.Page("login", values));
  }

  /** Uses a one-time link. */
  ServerResponse enter(ServerRequest request) {
    Optional<String> session =
        comesFromElsewhere(request)
            ? Optional.empty()
            : signIns.beginByLink(request.param("link").orElse(""));
    return session
        .map(number -> entered(request, number))
        .orElseGet(() ->
            login(
                403,
                "This link was used already, is older than "
                    + SignIns.LINK.toMinutes()
                    + " minutes, or is not whole. Run 'graft login' for a new one.",
                null));
  }

  /** Sends a browser to the issuer. */
  ServerResponse toIssuer(ServerRequest request) {
    if (people.filter(People::canLogIn).isEmpty()) {
      throw Routes.notFound();
    }
    String secret = SignIns.random();
    try {
      URI address = people.get().loginAddress(secret, back(request));
      return ServerResponse.status(303)
          .location(address)
          .header("Set-Cookie", cookie(request, "login", secret, LOGIN))
          .build();
    } catch (IssuerAway e) {
      return away(e);
    }
  }

  /** A browser that comes back from the issuer. */
  ServerResponse fromIssuer(ServerRequest request) {
    if (people.filter(People::canLogIn).isEmpty()) {
      throw Routes.notFound();
    }
    String forget = cookie(request, "login", "", Duration.ZERO);
    Optional<String> secret = cookie(request, "login");
    People.Result result = new People.Result.Refused();
    try {
      if (secret.isPresent() && request.param("code").isPresent()) {
        result =
            people
                .get()
                .byLogin(
                    secret.get(),
                    request.param("state").orElse(""),
                    request.param("code").get(),
                    back(request));
      }
    } catch (IssuerAway e) {
      return away(e);
    }
    return switch (result) {
      case People.Result.Known(var person) -> entered(request, signIns.begin(person));
      case People.Result.NoRole(var subject, var name) -> {
        signIns.endWithoutRole(subject);
        yield login(
            ServerResponse.status(403).header("Set-Cookie", forget),
            "You are known as "
                + name
                + ", and have no role here. Ask whoever runs this server for one.",
            null);
      }
      case People.Result.Refused() ->
          login(
              ServerResponse.status(403).header("Set-Cookie", forget),
              "The login did not succeed: it was cancelled, took longer than "
                  + LOGIN.toMinutes()
                  + " minutes, or did not begin in this browser. Try again.",
              null);
    };
  }

  private ServerResponse away(IssuerAway e) {
    LOG.warn("nobody can log in: {}", e.getMessage());
    return login(
        ServerResponse.status(503).header("Retry-After", "5"),
        "The service that knows you does not answer now, so nobody can log in. Try again in a"
            + " moment.",
        null);
  }

  private ServerResponse entered(ServerRequest request, String number) {
    cookie(request, "session").ifPresent(old -> signIns.end(old));
    return sentTo(
        ServerResponse.status(303)
            .header("Set-Cookie", cookie(request, "session", number, SignIns.LONGEST))
            .header("Set-Cookie", cookie(request, "login", "", Duration.ZERO)),
        "/console");
  }

  /** Ends the session, or all that the person has. */
  ServerResponse logout(ServerRequest request) {
    Optional<SignIns.Visit> visit = visit(request);
    if (visit.isPresent()
        && (comesFromElsewhere(request)
            || !visit.get().isProvenBy(request.param("proof").orElse("")))) {
      throw new Problem(
          403,
          "FORGED_FORM",
          "This form does not come from a page of your session, so nothing was done. Go back to"
              + " /console and try again.");
    }
    boolean everywhere = request.param("everywhere").isPresent();
    cookie(request, "session").ifPresent(everywhere ? signIns::endEverywhere : signIns::end);
    return sentTo(
        ServerResponse.status(303)
            .header("Set-Cookie", cookie(request, "session", "", Duration.ZERO)),
        "/login");
  }

  /** Who someone is, and the accounts that they may see. */
  ServerResponse home(ServerRequest request) {
    Optional<SignIns.Visit> visit = visit(request);
    if (visit.isEmpty()) {
      return sentTo(ServerResponse.status(303), "/login");
    }
    Person person = visit.get().person();
    Map<String, Object> values = new HashMap<>();
    values.put("name", person.name());
    values.put("subject", person.subject());
    values.put("role", person.role().word());
    values.put("may", may(person));
    values.put("isLocal", isOpen);
    values.put("proof", visit.get().proof());
    values.put("until", MINUTES.format(visit.get().endsAt()) + " UTC");
    String after = request.param("after").orElse("");
    boolean onlyRevoked = request.param("state").filter("revoked"::equals).isPresent();
    List<Accounts.Line> lines = lines(person.caller(), after, onlyRevoked);
    values.put("accounts", lines.stream().limit(PAGE).map(this::shown).toList());
    values.put("isTenant", person.role() == Role.TENANT);
    values.put("onlyRevoked", onlyRevoked);
    values.put("revoked", person.role() == Role.TENANT ? 0 : keyStates.countRevoked());
    String here = onlyRevoked ? "/console?state=revoked" : "/console";
    if (!after.isEmpty()) {
      values.put("first", here);
    }
    if (lines.size() > PAGE) {
      values.put(
          "next",
          here
              + (onlyRevoked ? "&" : "?")
              + "after="
              + encoded(lines.get(PAGE - 1).account().id()));
    }
    return Html.page(ServerResponse.ok(), new Html.Page("console", values));
  }

  private static String may(Person person) {
    return EnumSet.copyOf(person.role().permissions()).stream()
        .map(Permission::word)
        .collect(Collectors.joining(", "));
  }

  private List<Accounts.Line> lines(Caller caller, String after, boolean onlyRevoked) {
    String userId = caller.userId();
    if (userId == null) {
      return accounts.page(after, PAGE + 1, onlyRevoked ? true : null);
    }
    return accounts.ofUser(userId).stream()
        .flatMap(account -> accounts.line(account.id()).stream())
        .map(line -> new Accounts.Line(line.account(), List.of(userId), line.key()))
        .toList();
  }

  private Map<String, Object> shown(Accounts.Line line) {
    Account account = line.account();
    Map<String, Object> shown = new HashMap<>();
    shown.put("id", account.id());
    shown.put("users", line.userIds());
    shown.put("region", account.host());
    shown.put("linkedAt", account.linkedAt().toString());
    shown.put("linked", MINUTES.format(account.linkedAt()));
    var installed = new ArrayList<Map<String, Object>>();
    for (var installation : installations.ofAccount(account.id())) {
      String version = installation.version();
      installed.add(
          Map.of("template", installation.template(), "version", version == null ? "" : version));
    }
    shown.put("installed", installed);
    shown.put("key", shown(line.key()));
    return shown;
  }

  private Map<String, Object> shown(KeyState key) {
    Map<String, Object> shown = new HashMap<>();
    Instant now = clock.instant();
    shown.put("revoked", key.revoked());
    Optional.ofNullable(key.reason()).ifPresent(reason -> shown.put("reason", reason));
    Optional.ofNullable(key.revoked() ? key.since() : key.checkedAt())
        .ifPresent(at -> {
          shown.put("at", at.toString());
          shown.put("age", age(at, now));
        });
    return shown;
  }

  /** How long ago, to the largest unit: nobody reckons with more. */
  static String age(Instant then, Instant now) {
    Duration age = Duration.between(then, now);
    if (age.toDays() > 0) {
      return plural(age.toDays(), "day");
    }
    if (age.toHours() > 0) {
      return plural(age.toHours(), "hour");
    }
    return age.toMinutes() > 0 ? plural(age.toMinutes(), "minute") : "less than a minute";
  }

  private static String plural(long count, String unit) {
    return count + " " + unit + (count == 1 ? "" : "s");
  }

  ServerResponse style(ServerRequest request) {
    return Pages.file("/dev/graft/server/pages/style.css", MediaType.valueOf("text/css"));
  }

  /** A one-time link for whoever may do everything, since that is what it opens. */
  ServerResponse newLink(ServerRequest request) {
    if (!Gate.caller(request).permissions().containsAll(Role.ADMIN.permissions())) {
      throw new Problem(
          403,
          "FORBIDDEN",
          "A one-time link opens the session of an admin, so only whoever has every permission gets"
              + " one.");
    }
    Body.ofOptional(request).only(Set.of());
    var json = Json.object();
    json.put("url", address(base(request), signIns.newLink()));
    json.put("expiresAt", clock.instant().plus(SignIns.LINK).toString());
    return Routes.json(201, json);
  }

  /** Ends every session of everyone, or of one person. */
  ServerResponse endSessions(ServerRequest request) {
    Optional<String> subject = request.param("subject");
    int ended = subject.isPresent() ? signIns.endAllOf(subject.get()) : signIns.endAll();
    return Routes.json(200, Json.object().put("ended", ended));
  }

  /** The address of a one-time link. */
  static String address(URI base, String link) {
    return base.toString().replaceFirst("/+$", "") + "/login?link=" + encoded(link);
  }

  private URI base(ServerRequest request) {
    return publicUrl.orElseGet(() ->
        URI.create(
            (Edge.isEncrypted(request.servletRequest()) ? "https" : "http")
                + "://"
                + request.uri().getRawAuthority()));
  }

  private URI back(ServerRequest request) {
    return URI.create(base(request).toString().replaceFirst("/+$", "") + "/login/back");
  }

  private Optional<SignIns.Visit> visit(ServerRequest request) {
    if (isOpen) {
      Instant end = clock.instant().plus(SignIns.LONGEST);
      return Optional.of(new SignIns.Visit(HERE, "", end));
    }
    return cookie(request, "session").flatMap(signIns::visit);
  }

  /** Browsers say where a request comes from; those that do not are told apart by the form. */
  private static boolean comesFromElsewhere(ServerRequest request) {
    String site = request.headers().firstHeader("Sec-Fetch-Site");
    return site != null && !site.equals("same-origin") && !site.equals("none");
  }

  private boolean isSecure(ServerRequest request) {
    return Edge.isEncrypted(request.servletRequest())
        || publicUrl.filter(url -> "https".equals(url.getScheme())).isPresent();
  }

  /** Over HTTPS a browser takes this name only from this host, and only if it is sent securely. */
  private String name(ServerRequest request, String what) {
    return (isSecure(request) ? "__Host-" : "") + "graft-" + what;
  }

  private Optional<String> cookie(ServerRequest request, String what) {
    return Optional.ofNullable(request.cookies().getFirst(name(request, what)))
        .map(cookie -> cookie.getValue())
        .filter(value -> !value.isEmpty());
  }

  private String cookie(ServerRequest request, String what, String value, Duration age) {
    return ResponseCookie.from(name(request, what), value)
        .path("/")
        .httpOnly(true)
        .secure(isSecure(request))
        .sameSite("Lax")
        .maxAge(age)
        .build()
        .toString();
  }

  private static ServerResponse sentTo(ServerResponse.BodyBuilder answer, String path) {
    return answer.location(URI.create(path)).build();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
