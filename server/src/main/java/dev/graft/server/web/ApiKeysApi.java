package dev.graft.server.web;

import dev.graft.core.json.Json;
import dev.graft.server.access.KeyRing;
import dev.graft.server.access.Permission;
import dev.graft.server.access.Signing;
import dev.graft.server.signing.SigningKey;
import dev.graft.store.ApiKey;
import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Graft's own API keys over HTTP. */
final class ApiKeysApi {
  private static final Duration LONGEST_OVERLAP = Duration.ofDays(30);

  private final KeyRing ring;
  private final InstantSource clock;

  ApiKeysApi(KeyRing ring, InstantSource clock) {
    this.ring = ring;
    this.clock = clock;
  }

  ServerResponse make(ServerRequest request) {
    Body body = Body.of(request).only(Set.of("label", "scopes", "userId", "expiresAt", "signing"));
    String label =
        body.optional("label", "INVALID_LABEL", "a text of 1 to 255 characters")
            .filter(Body::isUserId)
            .orElseThrow(() ->
                new Problem(
                    400,
                    "INVALID_LABEL",
                    "'label' must be a text of 1 to 255 printable characters that says what the key"
                        + " is for."));
    Set<Permission> scopes = scopes(body);
    String userId = body.any("userId") == null ? null : body.userId();
    if (userId != null
        && (scopes.contains(Permission.MANAGE) || scopes.contains(Permission.METRICS))) {
      throw new Problem(
          400,
          "INVALID_SCOPES",
          "A key for one user cannot have the scopes 'manage' and 'metrics', which are about no"
              + " user's account.");
    }
    var wish = new KeyRing.Wish(label, scopes, userId, later(body, "expiresAt"), signing(body));
    return answer(ring.make(wish));
  }

  ServerResponse list(ServerRequest request) {
    int limit = AccountsApi.limit(request);
    List<ApiKey> keys = ring.page(request.param("after").orElse(""), limit + 1);
    var page = Json.object();
    var all = page.putArray("apiKeys");
    keys.stream().limit(limit).forEach(key -> all.add(view(key)));
    page.put("next", keys.size() > limit ? keys.get(limit - 1).id() : null);
    return Routes.json(200, page);
  }

  ServerResponse rotate(ServerRequest request) {
    Body body = Body.ofOptional(request).only(Set.of("until", "expiresAt", "signing"));
    Instant now = clock.instant();
    Instant until =
        Optional.ofNullable(later(body, "until")).orElse(now.plus(KeyRing.USUAL_OVERLAP));
    if (until.isAfter(now.plus(LONGEST_OVERLAP))) {
      throw new Problem(
          400, "INVALID_TIME", "'until' must be at most 30 days from now: a rotation is to end.");
    }
    return answer(
        ring.rotate(request.pathVariable("key"), until, later(body, "expiresAt"), signing(body)));
  }

  ServerResponse revoke(ServerRequest request) {
    ApiKey key = ring.revoke(request.pathVariable("key")).orElseThrow(ApiKeysApi::unknown);
    return Routes.json(200, view(key));
  }

  private ServerResponse answer(KeyRing.Result result) {
    return switch (result) {
      case KeyRing.Result.Made(var key, var text, var signingSecret) -> {
        ObjectNode json = view(key);
        try (text) {
          String shown =
              text.reveal(
                  SecretAccess.of("showing a new API key once"),
                  bytes -> new String(bytes, StandardCharsets.US_ASCII));
          json.put("key", shown);
        }
        if (signingSecret.isPresent()) {
          try (Secret secret = signingSecret.get()) {
            String shown =
                secret.reveal(
                    SecretAccess.of("showing a new signing secret once"),
                    Base64.getEncoder()::encodeToString);
            json.put("signingSecret", shown);
          }
        }
        yield Routes.json(201, json);
      }
      case KeyRing.Result.TooMuch(var missing) ->
          throw new Problem(
              403,
              "FORBIDDEN",
              "A key cannot have more scopes than whoever makes it, and you do not have: "
                  + missing.stream().map(Permission::word).collect(Collectors.joining(", "))
                  + ".");
      case KeyRing.Result.Unknown() -> throw unknown();
      case KeyRing.Result.Ended(var key) ->
          throw new Problem(
              409,
              "GRAFT_KEY_ENDED",
              key.successor() == null
                  ? "This API key is revoked or expired, and cannot be rotated. Make a new one."
                  : "This API key was rotated already. Its successor is " + key.successor() + ".");
      case KeyRing.Result.Overlapping(var before) ->
          throw new Problem(
              409,
              "ROTATION_RUNNING",
              "The key before this one, "
                  + before.id()
                  + ", is still valid, and of one key two are valid at most. Revoke it first, or wait"
                  + " until it ends.");
    };
  }

  private static Problem unknown() {
    return new Problem(
        404, "GRAFT_KEY_NOT_FOUND", "There is no API key of this id. GET /v1/api-keys lists them.");
  }

  private static Set<Permission> scopes(Body body) {
    Set<Permission> scopes = EnumSet.noneOf(Permission.class);
    boolean good = false;
    if (body.any("scopes") instanceof ArrayNode list) {
      good = !list.isEmpty();
      for (JsonNode scope : list) {
        Optional<Permission> known =
            scope.isString() ? Permission.named(scope.stringValue()) : Optional.empty();
        good &= known.isPresent();
        known.ifPresent(scopes::add);
      }
    }
    if (!good) {
      throw new Problem(
          400,
          "INVALID_SCOPES",
          "'scopes' must be a list of one or more of "
              + EnumSet.allOf(Permission.class).stream()
                  .map(Permission::word)
                  .collect(Collectors.joining(", "))
              + ".");
    }
    return scopes;
  }

  /** How requests are to be signed, which may be left out. */
  private static @Nullable Signing signing(Body body) {
    String form =
        "{\"algorithm\": \"hmac-sha256\"}, or {\"algorithm\": \"ed25519\", \"publicKey\": …} with the"
            + " public key as PEM or as the base64 of its 32 bytes, or left out";
    Optional<ObjectNode> wanted = body.optionalObject("signing", "INVALID_SIGNING", form);
    if (wanted.isEmpty()) {
      return null;
    }
    ObjectNode signing = wanted.get();
    String algorithm = signing.path("algorithm").asString("");
    if (signing.size() == 1 && algorithm.equals(SigningKey.Hmac.NAME)) {
      return new Signing.Hmac();
    }
    if (signing.size() == 2
        && algorithm.equals(SigningKey.Ed25519.NAME)
        && signing.path("publicKey").isString()) {
      Optional<SigningKey.Ed25519> key =
          SigningKey.Ed25519.read(signing.path("publicKey").stringValue());
      if (key.isPresent()) {
        return new Signing.Ed25519(key.get());
      }
    }
    throw new Problem(400, "INVALID_SIGNING", "'signing' must be " + form + ".");
  }

  /** A time in the future that may be left out. */
  private @Nullable Instant later(Body body, String member) {
    String form = "a time in the future such as 2027-01-31T00:00:00Z, or left out";
    Optional<String> text = body.optional(member, "INVALID_TIME", form);
    if (text.isEmpty()) {
      return null;
    }
    try {
      Instant time = Instant.parse(text.get());
      if (time.isAfter(clock.instant()) && time.isBefore(Instant.parse("3000-01-01T00:00:00Z"))) {
        return time;
      }
    } catch (DateTimeParseException e) {
      // Said below.
    }
    throw new Problem(400, "INVALID_TIME", "'" + member + "' must be " + form + ".");
  }

  ObjectNode view(ApiKey key) {
    var json = Json.object();
    json.put("id", key.id());
    json.put("label", key.label());
    var scopes = json.putArray("scopes");
    for (Permission permission : Permission.values()) {
      if (key.scopes().contains(permission.word())) {
        scopes.add(permission.word());
      }
    }
    json.put("userId", key.userId());
    json.put("valid", ring.isValid(key));
    json.put("madeAt", key.madeAt().toString());
    json.put("madeBy", key.madeBy());
    json.put("expiresAt", text(key.expiresAt()));
    json.put("lastUsedAt", text(key.lastUsedAt()));
    json.put("revokedAt", text(key.revokedAt()));
    json.put("successor", key.successor());
    json.set("signing", view(KeyRing.signing(key)));
    return json;
  }

  private static JsonNode view(@Nullable Signing signing) {
    return switch (signing) {
      case null -> Json.object().nullNode();
      case Signing.Ed25519(var key) ->
          Json.object().put("algorithm", signing.algorithm()).put("publicKey", key.text());
      case Signing.Hmac() -> Json.object().put("algorithm", signing.algorithm());
    };
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }
}
