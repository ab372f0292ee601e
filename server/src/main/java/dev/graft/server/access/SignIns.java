package dev.graft.server.access;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.graft.core.json.Json;
import dev.graft.store.AuditRecord;
import dev.graft.store.Session;
import dev.graft.store.Sessions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * People who are signed in with a browser. The browser has a random number and nothing else; what
 * it stands for is in the database, so that every node knows it and ending it takes effect at once.
 */
public final class SignIns {
  /** How long a session lives that nobody uses. */
  public static final Duration IDLE = Duration.ofMinutes(30);

  /** How long a session lives at most. */
  public static final Duration LONGEST = Duration.ofHours(12);

  /** How long a one-time link can be used. */
  public static final Duration LINK = Duration.ofMinutes(15);

  private static final Duration NOTED_EVERY = Duration.ofMinutes(1);
  private static final Pattern FORM = Pattern.compile("[0-9A-Za-z_-]{43}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Sessions sessions;
  private final Pepper pepper;
  private final InstantSource clock;

  public SignIns(Sessions sessions, Pepper pepper, InstantSource clock) {
    this.sessions = sessions;
    this.pepper = pepper;
    this.clock = clock;
  }

  /** A number that nobody can guess, for a cookie or a link. */
  public static String random() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * A person who is signed in.
   *
   * @param proof what a form of theirs must bring along, since no other site can know it
   */
  public record Visit(Person person, String proof, Instant endsAt) {
    /** Whether a form came from a page of this session. */
    public boolean isProvenBy(String text) {
      return MessageDigest.isEqual(proof.getBytes(US_ASCII), text.getBytes(US_ASCII));
    }
  }

  /**
   * Begins a session.
   *
   * @return what the browser gets for it
   */
  public String begin(Person person) {
    String number = random();
    sessions.begin(session(number), session(person), IDLE, began(person));
    return number;
  }

  /** The same for whoever has a one-time link; nothing when it is used up, too old or none. */
  public Optional<String> beginByLink(String link) {
    if (!FORM.matcher(link).matches()) {
      return Optional.empty();
    }
    String number = random();
    boolean begun =
        sessions.beginByLink(
            link(link), session(number), session(Person.BY_LINK), IDLE, began(Person.BY_LINK));
    return begun ? Optional.of(number) : Optional.empty();
  }

  /** Whoever has this number in their browser, if their session has not ended. */
  public Optional<Visit> visit(String number) {
    if (!FORM.matcher(number).matches()) {
      return Optional.empty();
    }
    String hash = session(number);
    Instant now = clock.instant();
    Optional<Session> session =
        sessions
            .withHash(hash)
            .filter(known -> now.isBefore(known.endsAt()))
            .filter(known -> now.isBefore(known.seenAt().plus(IDLE)));
    session
        .filter(known -> !now.isBefore(known.seenAt().plus(NOTED_EVERY)))
        .ifPresent(_ -> sessions.seen(hash, now));
    return session.map(known ->
        new Visit(
            new Person(known.subject(), known.name(), Role.named(known.role()).orElseThrow()),
            pepper.hash("the forms of a session", number),
            known.endsAt()));
  }

  /** Ends a session, on every node at once. */
  public void end(String number) {
    visit(number)
        .ifPresent(visit ->
            sessions.end(
                session(number), record(visit.person().caller().toString(), "session.ended")));
  }

  /** Ends every session of the person who has this one, in whichever browser. */
  public void endEverywhere(String number) {
    visit(number)
        .ifPresent(visit -> endAllOf(visit.person().subject(), visit.person().caller().toString()));
  }

  /** Ends every session of a person who has no role any more. */
  public void endWithoutRole(String subject) {
    endAllOf(subject, Caller.Kind.PERSON.name().toLowerCase(Locale.ROOT) + ":" + subject);
  }

  /** Ends every session of one person, and gives how many there were. */
  public int endAllOf(String subject) {
    return endAllOf(subject, Caller.current().toString());
  }

  private int endAllOf(String subject, String actor) {
    return sessions.endAllOf(
        subject,
        new AuditRecord(
            clock.instant(),
            actor,
            "sessions.ended",
            null,
            subject,
            RequestId.current(),
            Json.object()));
  }

  /** Ends every session there is, and gives how many there were. */
  public int endAll() {
    return sessions.endAll(record(Caller.current().toString(), "sessions.ended"));
  }

  /** A link that begins the session of an admin, once. */
  public String newLink() {
    String link = random();
    Instant now = clock.instant();
    sessions.addLink(
        link(link), now, now.plus(LINK), record(Caller.current().toString(), "login-link.made"));
    return link;
  }

  private Session session(Person person) {
    Instant now = clock.instant();
    return new Session(
        person.subject(), person.name(), person.role().word(), now, now, now.plus(LONGEST));
  }

  private String session(String number) {
    return pepper.hash("a session", number);
  }

  private String link(String text) {
    return pepper.hash("a one-time link", text);
  }

  private AuditRecord began(Person person) {
    return new AuditRecord(
        clock.instant(),
        person.caller().toString(),
        "session.began",
        null,
        null,
        RequestId.current(),
        Json.object().put("role", person.role().word()));
  }

  private AuditRecord record(String actor, String act) {
    return new AuditRecord(
        clock.instant(), actor, act, null, null, RequestId.current(), Json.object());
  }
}
