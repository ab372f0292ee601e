package dev.graft.sandbox;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What one value in a body may be. */
sealed interface Rule {
  record Text(int least, int most, @Nullable Pattern pattern) implements Rule {}

  record Numeric(@Nullable BigDecimal least, @Nullable BigDecimal most) implements Rule {}

  record Flag() implements Rule {}

  record Id() implements Rule {}

  record CredentialId() implements Rule {}

  record Url() implements Rule {}

  record FreeObject() implements Rule {}

  record Anything() implements Rule {}

  /** One of these; the unpublished are those that live accounts take but no description lists. */
  record OneOf(List<String> values, Set<String> unpublished) implements Rule {}

  /** Any text, but these names in this spelling only. */
  record Cased(List<String> names) implements Rule {}

  record ListOf(Rule element) implements Rule {}

  record Either(List<Rule> alternatives) implements Rule {}

  /** A rule that has a name, so that rules can go round in circles. */
  record Named(String name, Supplier<Rule> target) implements Rule {}

  /** An object with these properties; if open, further ones are fine. */
  record Shape(Map<String, Property> properties, boolean open) implements Rule {}

  /** An object whose property {@code key} says which shape holds. */
  record Choice(String key, Map<String, Variant> variants) implements Rule {}

  /** One property of a shape, and how far it may be left out, null, or used at all. */
  record Property(Rule rule, Need need, boolean nullable, boolean unpublished) {}

  record Variant(Shape shape, boolean unpublished) {}

  /** When a property must be there. */
  enum Need {
    NEVER,
    ON_CREATE,
    ALWAYS
  }
}
