package dev.graft.sandbox;

import static java.util.stream.Collectors.toUnmodifiableSet;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One trait of Vapi that can be switched, because accounts differ in it or nobody knows for sure.
 */
public enum Quirk {
  STRICT(true, "Bodies are checked as Vapi checks them; without it any JSON object is taken."),
  UNPUBLISHED_ACCEPTED(
      true, "Properties that live accounts take but Vapi's OpenAPI description leaves out pass."),
  CREDENTIALS_CHECKED(true, "A credentialId that the account does not have is refused."),
  TYPE_IN_PATCH_REFUSED(true, "A PATCH of a tool or a structured output must not carry its type."),
  SCHEMA_OVERRIDE_REQUIRED(
      true, "A PATCH of a structured output needs the query parameter schemaOverride."),
  USER_AGENT_CHECKED(
      true, "A missing or library-default User-Agent gets an HTML 403, as from Cloudflare."),
  OPEN_ACCOUNTS(false, "An unknown key that starts with sandbox- opens a fresh, empty account."),
  RETRY_AFTER(false, "A 429 says in Retry-After how long to wait."),

  NULL_CLEARS(
      false, "A null at the top level of a body removes the property; without it the null stays."),
  NULL_REFUSED(false, "A null is a 400 unless Vapi's OpenAPI description calls it nullable."),

  VERSIONS(true, "latestVersion is v1, v2, ...; without it, null, as in accounts not onboarded."),
  METADATA_VERSIONED(true, "A change of nothing but metadata makes a new version, too."),
  OLD_VERSIONS_PIN(false, "A tool pinned by an earlier version of an assistant stays pinned."),

  SECRET_HIDDEN(
      true, "An assistant's server.secret never comes back; isServerUrlSecretSet tells of it."),
  SECRET_KEPT(false, "An assistant's server replaced without a secret keeps the old secret."),
  TOOL_SERVER_LOST(false, "A PATCH of a tool that does not mention its server removes it."),
  PARAMETERS_REBUILT(
      true, "On apiRequest tools, function.parameters is overwritten with a copy of body."),
  STRICT_DROPPED(true, "function.strict vanishes from all tools but function tools."),
  TOOL_IDS_DEDUPLICATED(
      true, "Repeated model.toolIds, and those that model.toolRefs names too, are dropped."),
  TRANSFER_MODES_REWRITTEN(
      true, "Old names of transferPlan.mode come back under their present name."),
  DEFAULTS_FILLED(false, "A few properties that were not sent come back with their default."),
  UNLISTED_FIELDS(true, "Assistants come back with fields that no description lists."),
  SURPRISE_FIELD(false, "Every object comes back with one field nobody has ever heard of.");

  private final boolean usual;
  private final String meaning;

  Quirk(boolean usual, String meaning) {
    this.usual = usual;
    this.meaning = meaning;
  }

  /** Whether it is on unless someone switches it off. */
  public boolean usual() {
    return usual;
  }

  /** What it means while it is on, in one sentence. */
  public String meaning() {
    return meaning;
  }

  /** Its name in the control API, such as {@code secret-hidden}. */
  public String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Quirk titled(String title) {
    return Stream.of(values())
        .filter(quirk -> quirk.title().equals(title))
        .findAny()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "There is no quirk called " + title + "; GET /_sandbox lists them."));
  }

  static Set<Quirk> usualOnes() {
    return Stream.of(values()).filter(Quirk::usual).collect(toUnmodifiableSet());
  }
}
