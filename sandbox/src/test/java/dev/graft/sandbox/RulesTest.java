package dev.graft.sandbox;

import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.sandbox.Rule.Choice;
import dev.graft.sandbox.Rule.Need;
import dev.graft.sandbox.Rule.Property;
import dev.graft.sandbox.Rule.Shape;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Compares the rules with Vapi's OpenAPI description, property by property and limit by limit. */
class RulesTest {
  /** Properties that may be any object, or anything, though the description says more. */
  private static final Set<String> LEFT_FREE =
      Set.of(
          "conditions",
          "credentials",
          "customVocabularyConfig",
          "excludedStatusCodes",
          "experimental",
          "experimentalControls",
          "knowledgeBase",
          "language",
          "prompt",
          "properties",
          "realtimeConfig",
          "sipVerb",
          "value",
          "version",
          "workflow");

  /** Lists of values that change every month are free text in the rules. */
  private static final Set<String> CATALOGUES =
      Set.of(
          "model",
          "fallbackModels",
          "voiceId",
          "language",
          "languages",
          "languageCode",
          "languageCodes",
          "languageBoost",
          "speechModel",
          "emotion",
          "style",
          "role",
          "punctuationBoundaries");

  @Test
  void everyNameInTheRulesLeadsSomewhere() {
    var seen = new HashSet<String>();
    for (Kind kind : Kind.values()) {
      follow(RuleBook.VAPI.named(kind.title()), seen);
    }
    assertThat(seen).contains("tool", "voice", "transfer-plan", "metric");
  }

  @Test
  void thereAre23CreatableTools() {
    assertThat(((Choice) RuleBook.VAPI.named("tool")).variants()).hasSize(23);
  }

  @TestFactory
  Stream<DynamicTest> theRulesSayWhatTheDescriptionSays() {
    Map<String, String> roots =
        Map.of(
            "assistant", "/components/schemas/CreateAssistantDTO",
            "squad", "/components/schemas/CreateSquadDTO",
            "structured-output", "/components/schemas/CreateStructuredOutputDTO",
            "tool", "/paths/~1tool/post/requestBody/content/application~1json/schema");
    return Published.file("vapi-openapi.json").stream()
        .flatMap(description ->
            roots.entrySet().stream()
                .map(root -> compared(description, root.getValue(), root.getKey())));
  }

  private static DynamicTest compared(JsonNode description, String schema, String rule) {
    return DynamicTest.dynamicTest(
        rule,
        () -> {
          var comparison = new Comparison(description.at("/components/schemas"));
          comparison.compare(description.at(schema), RuleBook.VAPI.named(rule), rule);
          assertThat(comparison.done).hasSizeGreaterThan(5);
          assertThat(comparison.differences).isEmpty();
        });
  }

  private static void follow(Rule rule, Set<String> seen) {
    switch (rule) {
      case Rule.Named named -> {
        if (seen.add(named.name())) {
          follow(named.target().get(), seen);
        }
      }
      case Rule.ListOf(var element) -> follow(element, seen);
      case Rule.Either(var alternatives) -> alternatives.forEach(each -> follow(each, seen));
      case Shape(var properties, _) ->
          properties.values().forEach(each -> follow(each.rule(), seen));
      case Choice(_, var variants) -> variants.values().forEach(each -> follow(each.shape(), seen));
      default -> assertThat(rule).isNotNull();
    }
  }

  private static final class Comparison {
    private final JsonNode schemas;
    private final Set<String> differences = new TreeSet<>();
    private final Set<String> done = new HashSet<>();

    Comparison(JsonNode schemas) {
      this.schemas = schemas;
    }

    void compare(JsonNode given, Rule rule, String at) {
      JsonNode schema = resolved(given);
      switch (rule) {
        case Rule.Named named -> {
          if (done.add(given + " " + named.name())) {
            compare(given, named.target().get(), at);
          }
        }
        case Shape shape -> shape(List.of(schema), shape, null, at);
        case Choice choice -> choice(schema, choice, at);
        case Rule.ListOf(var element) -> {
          expect(schema.path("type").asString("").equals("array"), at + " is no list");
          compare(schema.path("items"), element, at);
        }
        case Rule.Either(var alternatives) -> either(schema, alternatives, at);
        case Rule.Text text -> text(schema, text, at);
        case Rule.Numeric numeric -> numeric(schema, numeric, at);
        case Rule.OneOf oneOf -> oneOf(schema, oneOf, at);
        case Rule.Flag _ -> expect(type(schema).equals("boolean"), at + " is no flag");
        case Rule.Id _, Rule.CredentialId _, Rule.Cased _, Rule.Url _ ->
            expect(type(schema).equals("string"), at + " is no text");
        case Rule.FreeObject _, Rule.Anything _ -> free(schema, at);
      }
    }

    private JsonNode resolved(JsonNode schema) {
      if (schema.has("$ref")) {
        String name = schema.path("$ref").asString();
        return schemas.path(name.substring(name.lastIndexOf('/') + 1));
      }
      for (String wrapping : List.of("allOf", "oneOf")) {
        if (schema.path(wrapping).size() == 1) {
          return resolved(schema.path(wrapping).path(0));
        }
      }
      return schema;
    }

    private static String type(JsonNode schema) {
      return schema.path("type").asString("");
    }

    private void expect(boolean holds, String difference) {
      if (!holds) {
        differences.add(difference);
      }
    }

    /** A free rule is meant for JSON Schemas, for maps, and for a few places that are listed. */
    private void free(JsonNode schema, String at) {
      boolean map = type(schema).equals("object") && schema.path("properties").isEmpty();
      boolean jsonSchema = schema.path("properties").has("items");
      expect(map || jsonSchema || LEFT_FREE.contains(last(at)), at + " is free");
    }

    private static String last(String place) {
      return place.substring(place.lastIndexOf('.') + 1);
    }

    private void text(JsonNode schema, Rule.Text rule, String at) {
      boolean loose = schema.has("enum") || schema.has("oneOf");
      expect(!loose || CATALOGUES.contains(last(at)), at + " is not any text");
      if (!loose) {
        expect(type(schema).equals("string"), at + " is no text");
        expect(schema.path("minLength").asInt(0) == rule.least(), at + " has another minLength");
        expect(
            schema.path("maxLength").asInt(Integer.MAX_VALUE) == rule.most()
                || schema.path("maxLength").asInt(0) > 1_000_000,
            at + " has another maxLength");
        String pattern = schema.path("pattern").asString("").replaceAll("^/|/u?$", "");
        expect(
            pattern.equals(rule.pattern() == null ? "" : String.valueOf(rule.pattern())),
            at + " has another pattern");
      }
    }

    private void numeric(JsonNode schema, Rule.Numeric rule, String at) {
      expect(Set.of("number", "integer").contains(type(schema)), at + " is no number");
      expect(same(schema.get("minimum"), rule.least()), at + " has another minimum");
      expect(same(schema.get("maximum"), rule.most()), at + " has another maximum");
    }

    private static boolean same(@Nullable JsonNode bound, @Nullable BigDecimal rule) {
      return bound == null || rule == null
          ? bound == null && rule == null
          : bound.decimalValue().compareTo(rule) == 0;
    }

    private void oneOf(JsonNode schema, Rule.OneOf rule, String at) {
      Set<String> published = new HashSet<>(rule.values());
      published.removeAll(rule.unpublished());
      expect(texts(schema.path("enum")).equals(published), at + " has other values");
    }

    private static Set<String> texts(JsonNode list) {
      return StreamSupport.stream(list.spliterator(), false)
          .map(JsonNode::asString)
          .collect(toSet());
    }

    /** Of several ways to write something, only those that are objects are looked into. */
    private void either(JsonNode schema, List<Rule> alternatives, String at) {
      for (Rule rule : alternatives) {
        Rule target = rule instanceof Rule.Named named ? named.target().get() : rule;
        if (target instanceof Choice choice) {
          choice(schema, choice, at);
        }
      }
    }

    private void choice(JsonNode schema, Choice choice, String at) {
      List<JsonNode> all = new ArrayList<>();
      JsonNode options = schema.has("oneOf") ? schema.path("oneOf") : Json.array().add(schema);
      options.forEach(each -> all.add(resolved(each)));
      all.removeIf(each -> !each.has("properties"));
      var met = new HashSet<JsonNode>();
      choice
          .variants()
          .forEach((value, variant) -> {
            List<JsonNode> candidates =
                all.stream().filter(each -> isCalled(each, choice.key(), value)).toList();
            met.addAll(candidates);
            boolean missing = candidates.isEmpty() && !variant.unpublished();
            expect(!missing || isFallback(schema), at + " has no " + value);
            if (!candidates.isEmpty()) {
              shape(candidates, variant.shape(), choice.key(), at + "[" + value + "]");
            }
          });
      expect(met.containsAll(all), at + " has more choices");
    }

    /** A fallback has one voice less, and no fallback of its own; the rules do not mind. */
    private static boolean isFallback(JsonNode schema) {
      return schema.toString().contains("/Fallback");
    }

    private static boolean isCalled(JsonNode schema, String key, String value) {
      JsonNode property = schema.path("properties").path(key);
      return property.has("enum")
          ? texts(property.path("enum")).contains(value)
          : value.equals("customer.speech.timeout");
    }

    /** Usually one schema; where several share a value, their properties count together. */
    private void shape(List<JsonNode> all, Shape shape, @Nullable String key, String at) {
      var names = new TreeSet<String>();
      all.forEach(schema -> names.addAll(schema.path("properties").propertyNames()));
      Set<String> published =
          shape.properties().entrySet().stream()
              .filter(each -> !each.getValue().unpublished())
              .map(Map.Entry::getKey)
              .collect(toCollection(TreeSet::new));
      if (key != null) {
        published.add(key);
      }
      // In an open shape the rules name only what they look at.
      if (!shape.open()) {
        var missing = new TreeSet<>(names);
        missing.removeAll(published);
        expect(all.size() > 1 || missing.isEmpty(), at + " lacks " + missing);
      }
      published.removeAll(names);
      published.remove("fallbackPlan");
      expect(published.isEmpty(), at + " has also " + published);
      shape
          .properties()
          .forEach((name, property) -> {
            for (JsonNode schema : all) {
              if (schema.path("properties").has(name) && !property.unpublished()) {
                property(schema, name, property, all.size() > 1, at + "." + name);
              }
            }
          });
    }

    private void property(
        JsonNode schema, String name, Property property, boolean shared, String at) {
      boolean required = texts(schema.path("required")).contains(name);
      boolean demanded = property.need() != Need.NEVER;
      // Vapi's docs show toolRefs without a version, meaning the latest.
      expect(
          shared || at.endsWith("toolRefs.version") || required == demanded,
          at + " is required: " + required);
      JsonNode type = schema.path("properties").path(name);
      boolean nullable = type.path("nullable").asBoolean(false);
      expect(shared || nullable == property.nullable(), at + " is nullable: " + nullable);
      compare(type, property.rule(), at);
    }
  }
}
