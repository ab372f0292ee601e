package dev.graft.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.text.ParseException;
import java.time.InstantSource;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a signed token of the issuer is worth: nothing, unless its signature, issuer,
 * audience, algorithm, subject and times are all there and all right.
 */
final class Tokens {
  /** How far the clocks of the issuer and of this machine may be apart. */
  private static final int SKEW_SECONDS = 30;

  private static final int LONGEST = 16 * 1024;

  private final OidcSettings settings;
  private final DefaultJWTProcessor<SecurityContext> bearer;
  private final @Nullable DefaultJWTProcessor<SecurityContext> login;

  Tokens(OidcSettings settings, Issuer issuer, InstantSource clock) {
    this.settings = settings;
    this.bearer = processor(settings, settings.audience(), Set.of(), issuer, clock);
    this.login =
        settings
            .client()
            .map(client -> processor(settings, client.id(), Set.of("nonce"), issuer, clock))
            .orElse(null);
  }

  private static DefaultJWTProcessor<SecurityContext> processor(
      OidcSettings settings,
      String audience,
      Set<String> alsoRequired,
      Issuer issuer,
      InstantSource clock) {
    var processor = new DefaultJWTProcessor<SecurityContext>();
    Set<JWSAlgorithm> algorithms =
        settings.algorithms().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet());
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, issuer));
    Set<String> required = new HashSet<>(Set.of("iss", "aud", "sub", "exp"));
    required.addAll(alsoRequired);
    var claims =
        new DefaultJWTClaimsVerifier<SecurityContext>(
            audience,
            new JWTClaimsSet.Builder().issuer(settings.issuer().toString()).build(),
            required) {
          @Override
          protected Date currentTime() {
            return Date.from(clock.instant());
          }
        };
    claims.setMaxClockSkew(SKEW_SECONDS);
    processor.setJWTClaimsSetVerifier(claims);
    return processor;
  }

  /**
   * What a bearer token says; nothing when it is not to be believed.
   *
   * @throws IssuerAway when that cannot be told now
   */
  Optional<JWTClaimsSet> bearer(String text) {
    return verified(bearer, text);
  }

  /** The same for the token of a login, which must be for Graft itself and answer this login. */
  Optional<JWTClaimsSet> login(String text, String nonce) {
    return login == null
        ? Optional.empty()
        : verified(login, text).filter(claims -> nonce.equals(claims.getClaim("nonce")));
  }

  private static Optional<JWTClaimsSet> verified(
      DefaultJWTProcessor<SecurityContext> processor, String text) {
    if (text.length() > LONGEST) {
      return Optional.empty();
    }
    try {
      JWTClaimsSet claims = processor.process(parsed(text), null);
      String subject = claims.getSubject();
      return subject == null || subject.isBlank() ? Optional.empty() : Optional.of(claims);
    } catch (KeySourceException e) {
      if (e.getCause() instanceof IssuerAway away) {
        throw away;
      }
      return Optional.empty();
    } catch (ParseException | BadJOSEException | JOSEException e) {
      return Optional.empty();
    }
  }

  /** The library takes every header for an object, and falls over one that is {@code null}. */
  private static JWT parsed(String text) throws ParseException {
    try {
      return JWTParser.parse(text);
    } catch (NullPointerException e) {
      throw new ParseException("The header is no object.", 0);
    }
  }

  /** What a person is here for by these claims; nothing when no claim says so. */
  Optional<Person> person(JWTClaimsSet claims) {
    return values(claims.getClaims()).stream()
        .map(settings.roles()::get)
        .filter(role -> role != null)
        .min(Role::compareTo)
        .map(role -> new Person(claims.getSubject(), name(claims), role));
  }

  /** What people call a person. */
  static String name(JWTClaimsSet claims) {
    for (String claim : List.of("name", "preferred_username", "email")) {
      if (claims.getClaim(claim) instanceof String text && !text.isBlank()) {
        return text.strip();
      }
    }
    return claims.getSubject();
  }

  /** The values of the claim for roles: a text, texts with spaces between, or a list of texts. */
  private List<String> values(Map<String, Object> claims) {
    Object value = claims.get(settings.rolesClaim());
    if (value == null) {
      value = claims;
      for (String step : settings.rolesClaim().split("\\.", -1)) {
        value = value instanceof Map<?, ?> map ? map.get(step) : null;
      }
    }
    return switch (value) {
      case String text -> List.of(text.split(" ", -1));
      case List<?> list ->
          list.stream().filter(String.class::isInstance).map(String.class::cast).toList();
      case null, default -> List.of();
    };
  }
}
