package dev.graft.sandbox;

import dev.graft.sandbox.Rule.Choice;
import dev.graft.sandbox.Rule.Need;
import dev.graft.sandbox.Rule.Property;
import dev.graft.sandbox.Rule.Shape;
import dev.graft.sandbox.Rule.Variant;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One look at one body in the light of the rules. What it finds is worded as Vapi words it (seen in
 * public clients): the path in front, "each value in" for lists, and one sentence per fault.
 */
final class Validation {
  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final Pattern ANY_URL = Pattern.compile("\\w+://\\S+");

  /** How far the account at hand goes. */
  record Strictness(boolean unpublishedAccepted, boolean nullRefused) {}

  /** Where in the body a value stands. The body itself has no name in a message. */
  private record Spot(String path, String subject) {
    static final Spot BODY = new Spot("", "");

    Spot property(String name) {
      return new Spot(inside(), name);
    }

    Spot each() {
      return new Spot(path, "each value in " + subject);
    }

    String inside() {
      return subject.isEmpty() ? path : path + subject + ".";
    }

    String is(String fault) {
      return path + (subject.isEmpty() ? "body" : subject) + " " + fault;
    }
  }

  private final Strictness strictness;
  private final boolean create;
  private final List<String> faults = new ArrayList<>();
  private final Set<String> credentials = new LinkedHashSet<>();

  private Validation(Strictness strictness, boolean create) {
    this.strictness = strictness;
    this.create = create;
  }

  static Validation ofCreate(Kind kind, ObjectNode body, Strictness strictness) {
    var validation = new Validation(strictness, true);
    validation.check(RuleBook.VAPI.named(kind.title()), body, Spot.BODY);
    return validation;
  }

  /** In a PATCH nothing but the few properties marked so must be there. */
  static Validation ofPatch(Kind kind, ObjectNode body, ObjectNode stored, Strictness strictness) {
    var validation = new Validation(strictness, false);
    Rule rule = RuleBook.VAPI.named(kind.title());
    if (rule instanceof Choice(var key, var variants)) {
      Variant variant = variants.get(stored.path(key).asString(""));
      if (variant != null) {
        validation.shape(variant.shape(), body, Spot.BODY, key);
      }
    } else {
      validation.check(rule, body, Spot.BODY);
    }
    return validation;
  }

  static boolean isUuid(String text) {
    return UUID.matcher(text).matches();
  }

  /** Empty when all is well. */
  List<String> faults() {
    return faults;
  }

  /** The credentials that the body counts on. */
  Set<String> credentials() {
    return credentials;
  }

  private void check(Rule rule, JsonNode value, Spot spot) {
    switch (rule) {
      case Rule.Named named -> check(named.target().get(), value, spot);
      case Rule.Anything _ -> {}
      case Rule.Text text -> text(text, value, spot);
      case Rule.Numeric numeric -> numeric(numeric, value, spot);
      case Rule.Flag _ -> require(value.isBoolean(), () -> spot.is("must be a boolean value"));
      case Rule.Id _ -> require(isText(value, UUID), () -> spot.is("must be a UUID"));
      case Rule.Url _ -> require(isText(value, ANY_URL), () -> spot.is("must be a URL address"));
      case Rule.CredentialId _ -> credential(value, spot);
      case Rule.FreeObject _ -> requireObject(value, spot);
      case Rule.OneOf oneOf -> oneOf(oneOf, value, spot);
      case Rule.Cased(var names) -> cased(names, value, spot);
      case Rule.ListOf(var element) -> list(element, value, spot);
      case Rule.Either(var alternatives) -> check(fitting(alternatives, value), value, spot);
      case Shape shape -> {
        if (requireObject(value, spot)) {
          shape(shape, value, spot, "");
        }
      }
      case Choice choice -> {
        if (requireObject(value, spot)) {
          choice(choice, value, spot);
        }
      }
    }
  }

  /** A shape, in which the property {@code key} has been looked at already. */
  private void shape(Shape shape, JsonNode value, Spot spot, String key) {
    Map<String, Property> properties = shape.properties();
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      String name = entry.getKey();
      Property property = properties.get(name);
      if (property == null || (property.unpublished() && !strictness.unpublishedAccepted())) {
        require(
            shape.open() || name.equals(key),
            () -> spot.inside() + "property " + name + " should not exist");
      } else if (!entry.getValue().isNull() || !mayBeNull(property)) {
        check(property.rule(), entry.getValue(), spot.property(name));
      }
    }
    boolean outermost = spot.inside().isEmpty();
    properties.forEach((name, property) -> {
      if (!value.has(name) && isMissed(property.need(), outermost)) {
        missing(property.rule(), spot.property(name));
      }
    });
  }

  private boolean mayBeNull(Property property) {
    return property.nullable() || (property.need() == Need.NEVER && !strictness.nullRefused());
  }

  private boolean isMissed(Need need, boolean outermost) {
    return switch (need) {
      case NEVER -> false;
      case ON_CREATE -> create || !outermost;
      case ALWAYS -> true;
    };
  }

  private void missing(Rule rule, Spot spot) {
    int before = faults.size();
    check(rule, Json.object().path("nothing"), spot);
    require(faults.size() > before, () -> spot.is("should not be empty"));
  }

  private void choice(Choice choice, JsonNode value, Spot spot) {
    String chosen = value.path(choice.key()).asString("");
    // A hook may carry a condition: customer.speech.timeout[timeoutSeconds=10].
    int bracket = chosen.indexOf('[');
    Variant variant = choice.variants().get(bracket < 0 ? chosen : chosen.substring(0, bracket));
    if (variant == null || (variant.unpublished() && !strictness.unpublishedAccepted())) {
      faults.add(spot.property(choice.key()).is(mustBeOneOf(choice.variants().keySet())));
    } else {
      shape(variant.shape(), value, spot, choice.key());
    }
  }

  private void list(Rule element, JsonNode value, Spot spot) {
    if (require(value.isArray(), () -> spot.is("must be an array"))) {
      Spot each = spot.each();
      value.forEach(one -> check(element, one, each));
    }
  }

  private void text(Rule.Text rule, JsonNode value, Spot spot) {
    if (!requireText(value, spot)) {
      return;
    }
    String text = value.stringValue();
    int length = text.codePointCount(0, text.length());
    require(
        length >= rule.least(),
        () -> spot.is("must be longer than or equal to " + rule.least() + " characters"));
    require(
        length <= rule.most(),
        () -> spot.is("must be shorter than or equal to " + rule.most() + " characters"));
    Pattern pattern = rule.pattern();
    require(
        pattern == null || pattern.matcher(text).matches(),
        () -> spot.is("must match /" + pattern + "/ regular expression"));
  }

  private void numeric(Rule.Numeric rule, JsonNode value, Spot spot) {
    if (require(
        value.isNumber(),
        () -> spot.is("must be a number conforming to the specified constraints"))) {
      BigDecimal number = value.decimalValue();
      BigDecimal least = rule.least();
      BigDecimal most = rule.most();
      require(
          least == null || number.compareTo(least) >= 0,
          () -> spot.is("must not be less than " + least));
      require(
          most == null || number.compareTo(most) <= 0,
          () -> spot.is("must not be greater than " + most));
    }
  }

  private void oneOf(Rule.OneOf rule, JsonNode value, Spot spot) {
    String text = value.asString("");
    boolean shy = rule.unpublished().contains(text) && !strictness.unpublishedAccepted();
    require(
        value.isString() && rule.values().contains(text) && !shy,
        () ->
            spot.is(
                mustBeOneOf(
                    rule.values().stream()
                        .filter(each -> !rule.unpublished().contains(each))
                        .toList())));
  }

  /** Vapi's own voices go by name, and the wrong case is a 400 (Vapi's own tooling). */
  private void cased(List<String> names, JsonNode value, Spot spot) {
    if (requireText(value, spot)) {
      String text = value.stringValue();
      boolean misspelt = !names.contains(text) && names.stream().anyMatch(text::equalsIgnoreCase);
      require(!misspelt, () -> spot.is(mustBeOneOf(names)));
    }
  }

  private static String mustBeOneOf(Iterable<String> values) {
    return "must be one of the following values: " + String.join(", ", values);
  }

  private void credential(JsonNode value, Spot spot) {
    if (requireText(value, spot)) {
      credentials.add(value.stringValue());
    }
  }

  /** Among several ways to write something, the one that the value seems to try. */
  private static Rule fitting(List<Rule> alternatives, JsonNode value) {
    return alternatives.stream()
        .filter(rule -> fits(rule, value))
        .findFirst()
        .orElse(alternatives.getLast());
  }

  private static boolean fits(Rule rule, JsonNode value) {
    return switch (rule) {
      case Rule.Named named -> fits(named.target().get(), value);
      case Rule.OneOf(var values, _) -> value.isString() && values.contains(value.stringValue());
      case Rule.Text _, Rule.Id _, Rule.CredentialId _, Rule.Cased _, Rule.Url _ ->
          value.isString();
      case Rule.Numeric _ -> value.isNumber();
      case Rule.Flag _ -> value.isBoolean();
      case Rule.ListOf _ -> value.isArray();
      case Shape _, Choice _, Rule.FreeObject _ -> value.isObject();
      case Rule.Anything _ -> true;
      case Rule.Either(var inner) -> inner.stream().anyMatch(each -> fits(each, value));
    };
  }

  private static boolean isText(JsonNode value, Pattern pattern) {
    return value.isString() && pattern.matcher(value.stringValue()).matches();
  }

  private boolean requireText(JsonNode value, Spot spot) {
    return require(value.isString(), () -> spot.is("must be a string"));
  }

  private boolean requireObject(JsonNode value, Spot spot) {
    return require(value.isObject(), () -> spot.is("must be an object"));
  }

  private boolean require(boolean holds, Supplier<String> fault) {
    if (!holds) {
      faults.add(fault.get());
    }
    return holds;
  }
}
