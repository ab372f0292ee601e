package dev.graft.sandbox;

import dev.graft.sandbox.Rule.Choice;
import dev.graft.sandbox.Rule.Need;
import dev.graft.sandbox.Rule.Property;
import dev.graft.sandbox.Rule.Shape;
import dev.graft.sandbox.Rule.Variant;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The rules for bodies, by name, as read from the table {@code vapi.rules}. */
final class RuleBook {
  private static final Pattern HEADING =
      Pattern.compile("(shape|choice) (\\S+)( open)?(?: by (\\S+))?(?: = (\\S+))?");
  private static final Pattern VARIANT =
      Pattern.compile("  ([^\\s~]+)(~?)(?:\\s+= ([^\\s;]+))?(?:;|\\s+|$)(.*)");
  private static final Pattern PROPERTY = Pattern.compile("([^\\s!?~]+)([!?~]*)\\s+(.+)");
  private static final Pattern LIMITED =
      Pattern.compile("(text|number)(?: (-?[\\d.]+?)?\\.\\.(-?[\\d.]+)?)?(?: /(.+)/)?");

  /** Below the patterns, since it is read by means of them. */
  static final RuleBook VAPI = read("vapi.rules");

  private final Map<String, Rule> rules = new HashMap<>();

  private RuleBook() {}

  Rule named(String name) {
    return Objects.requireNonNull(rules.get(name), () -> "There is no rule called " + name);
  }

  private static RuleBook read(String resource) {
    var book = new RuleBook();
    for (List<String> block : blocks(textOf(resource))) {
      book.define(block);
    }
    return book;
  }

  private static String textOf(String resource) {
    try (InputStream table = RuleBook.class.getResourceAsStream(resource)) {
      if (table == null) {
        throw new IllegalStateException(resource + " is missing from the jar");
      }
      return new String(table.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /**
   * A heading with the indented lines below it; a line indented further belongs to the one above.
   */
  private static List<List<String>> blocks(String table) {
    var blocks = new ArrayList<List<String>>();
    for (String line : table.lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      if (!line.startsWith(" ")) {
        blocks.add(new ArrayList<>(List.of(line)));
      } else if (line.startsWith("    ")) {
        List<String> block = blocks.getLast();
        block.add(block.removeLast() + "; " + line.strip());
      } else {
        blocks.getLast().add(line);
      }
    }
    return blocks;
  }

  private void define(List<String> block) {
    Matcher heading = matched(HEADING, block.getFirst());
    List<String> lines = block.subList(1, block.size());
    String base = heading.group(5);
    String key = heading.group(4);
    if (key == null) {
      boolean open = heading.group(3) != null;
      rules.put(heading.group(2), new Shape(properties(base, String.join("; ", lines)), open));
    } else {
      rules.put(heading.group(2), new Choice(key, variants(base, lines)));
    }
  }

  private Map<String, Variant> variants(@Nullable String base, List<String> lines) {
    var variants = new LinkedHashMap<String, Variant>();
    for (String line : lines) {
      Matcher variant = matched(VARIANT, line);
      String own = variant.group(3) == null ? base : variant.group(3);
      var shape = new Shape(properties(own, variant.group(4)), false);
      variants.put(variant.group(1), new Variant(shape, !variant.group(2).isEmpty()));
    }
    return variants;
  }

  private Map<String, Property> properties(@Nullable String base, String text) {
    var properties = new LinkedHashMap<String, Property>();
    if (base != null) {
      properties.putAll(((Shape) named(base)).properties());
    }
    for (String entry : text.split("; +", -1)) {
      if (!entry.isBlank()) {
        Matcher property = matched(PROPERTY, entry.strip());
        properties.put(property.group(1), property(property.group(2), property.group(3)));
      }
    }
    return properties;
  }

  private Property property(String marks, String rule) {
    Need need =
        marks.contains("!!") ? Need.ALWAYS : marks.contains("!") ? Need.ON_CREATE : Need.NEVER;
    return new Property(rule(rule), need, marks.contains("?"), marks.contains("~"));
  }

  private Rule rule(String text) {
    List<Rule> alternatives =
        Pattern.compile(" or ").splitAsStream(text).map(this::single).toList();
    return alternatives.size() == 1 ? alternatives.getFirst() : new Rule.Either(alternatives);
  }

  private Rule single(String text) {
    if (text.startsWith("[")) {
      return new Rule.ListOf(rule(text.substring(1, text.length() - 1)));
    }
    if (text.startsWith("= ")) {
      return oneOf(text.substring(2).split(" \\| ", -1));
    }
    if (text.startsWith("cased ")) {
      return new Rule.Cased(List.of(text.substring(6).split(" \\| ", -1)));
    }
    return switch (text) {
      case "flag" -> new Rule.Flag();
      case "id" -> new Rule.Id();
      case "credential" -> new Rule.CredentialId();
      case "url" -> new Rule.Url();
      case "object" -> new Rule.FreeObject();
      case "any" -> new Rule.Anything();
      default -> {
        Matcher limited = LIMITED.matcher(text);
        yield limited.matches() ? limited(limited) : new Rule.Named(text, () -> named(text));
      }
    };
  }

  private static Rule oneOf(String[] values) {
    var all = new ArrayList<String>();
    Set<String> unpublished = new LinkedHashSet<>();
    for (String value : values) {
      String plain = value.startsWith("~") ? value.substring(1) : value;
      all.add(plain);
      if (value.startsWith("~")) {
        unpublished.add(plain);
      }
    }
    return new Rule.OneOf(List.copyOf(all), unpublished);
  }

  private static Rule limited(Matcher limited) {
    String least = limited.group(2);
    String most = limited.group(3);
    String pattern = limited.group(4);
    if (limited.group(1).equals("number")) {
      return new Rule.Numeric(
          least == null ? null : new BigDecimal(least), most == null ? null : new BigDecimal(most));
    }
    return new Rule.Text(
        least == null ? 0 : Integer.parseInt(least),
        most == null ? Integer.MAX_VALUE : Integer.parseInt(most),
        pattern == null ? null : Pattern.compile(pattern));
  }

  private static Matcher matched(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalStateException("The rules have a line that cannot be read: " + text);
    }
    return matcher;
  }
}
