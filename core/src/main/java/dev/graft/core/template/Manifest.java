package dev.graft.core.template;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Kinds;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a template says about itself in {@code template.json}. Every member is optional.
 *
 * @param version if declared, names stay as they are and carry no version
 * @param resources if declared, which file is which resource, and references are written out
 * @param sends secrets that go into every customer's account because the author says so
 * @param owners whose a field is, per resource
 */
record Manifest(
    Optional<Version> version,
    Optional<SequencedMap<Address, String>> resources,
    Map<Address, Set<Place>> sends,
    Map<Address, Map<Place, Owner>> owners) {
  static final String FILE = "template.json";
  static final Manifest NONE = new Manifest(Optional.empty(), Optional.empty(), Map.of(), Map.of());

  private static final Set<String> MEMBERS =
      Set.of("description", "version", "resources", "sends", "owners");

  static Manifest read(byte[] file, Consumer<Diagnostic> findings) {
    ObjectNode json;
    try {
      if (!(Json.parse(file) instanceof ObjectNode object)) {
        findings.accept(malformed("It must be an object in braces.", ""));
        return NONE;
      }
      json = object;
    } catch (MalformedJson e) {
      findings.accept(
          malformed("It cannot be read as JSON: " + e.getMessage() + ".", ":" + e.line()));
      return NONE;
    }
    for (String member : json.propertyNames()) {
      if (!MEMBERS.contains(member)) {
        findings.accept(
            malformed(
                "It has a member '"
                    + member
                    + "' that Graft does not know. Known are description, version, resources, sends"
                    + " and owners.",
                ""));
      }
    }
    return new Manifest(
        version(json, findings),
        resources(json, findings),
        sends(json, findings),
        owners(json, findings));
  }

  private static Optional<Version> version(ObjectNode json, Consumer<Diagnostic> findings) {
    JsonNode value = json.get("version");
    if (value == null) {
      return Optional.empty();
    }
    Optional<Version> version =
        value.isString() && value.stringValue().length() <= 40
            ? Version.parse(value.stringValue())
            : Optional.empty();
    if (version.isEmpty()) {
      findings.accept(
          malformed(
              "'version' must be numbers separated by dots in quotes, at most 40 characters, for"
                  + " instance \"1.4.0\".",
              ""));
    }
    return version;
  }

  private static Optional<SequencedMap<Address, String>> resources(
      ObjectNode json, Consumer<Diagnostic> findings) {
    JsonNode value = json.get("resources");
    if (value == null) {
      return Optional.empty();
    }
    var resources = new LinkedHashMap<Address, String>();
    if (!(value instanceof ObjectNode object)) {
      findings.accept(
          malformed("'resources' must be an object such as {\"tool/book\": \"book.json\"}.", ""));
      return Optional.of(resources);
    }
    for (var entry : object.properties()) {
      Optional<Address> address =
          Address.parse(entry.getKey()).filter(a -> Kinds.named(a.kind()).isPresent());
      if (address.isEmpty()) {
        findings.accept(
            malformed(
                "'resources' has the key '"
                    + entry.getKey()
                    + "'. A key is a kind and a name in small letters, digits and hyphens, for"
                    + " instance tool/book-visit; the kinds are "
                    + String.join(", ", Kinds.ALL.stream().map(k -> k.name()).toList())
                    + ".",
                ""));
      } else if (!entry.getValue().isString() || entry.getValue().stringValue().isBlank()) {
        findings.accept(malformed("'resources' must name a file for " + address.get() + ".", ""));
      } else {
        resources.put(address.get(), entry.getValue().stringValue());
      }
    }
    return Optional.of(resources);
  }

  private static Map<Address, Set<Place>> sends(ObjectNode json, Consumer<Diagnostic> findings) {
    var sends = new LinkedHashMap<Address, Set<Place>>();
    JsonNode value = json.get("sends");
    if (value == null) {
      return sends;
    }
    String form =
        "'sends' must be an object such as {\"tool/book\": [\"server.headers.Authorization\"]}.";
    if (!(value instanceof ObjectNode object)) {
      findings.accept(malformed(form, ""));
      return sends;
    }
    for (var entry : object.properties()) {
      Optional<Address> address = Address.parse(entry.getKey());
      if (address.isEmpty() || !entry.getValue().isArray()) {
        findings.accept(malformed(form, ""));
        continue;
      }
      var places = new LinkedHashSet<Place>();
      for (JsonNode path : List.copyOf(entry.getValue().values())) {
        try {
          places.add(Place.parse(path.isString() ? path.stringValue() : ""));
        } catch (IllegalArgumentException | MalformedJson e) {
          findings.accept(malformed(form, ""));
        }
      }
      sends.put(address.get(), places);
    }
    return sends;
  }

  private static Map<Address, Map<Place, Owner>> owners(
      ObjectNode json, Consumer<Diagnostic> findings) {
    var owners = new LinkedHashMap<Address, Map<Place, Owner>>();
    JsonNode value = json.get("owners");
    if (value == null) {
      return owners;
    }
    String form =
        "'owners' must be an object such as {\"assistant/main\": {\"firstMessage\": \"customer\"}}, with"
            + " vendor, customer or shared for each field.";
    if (!(value instanceof ObjectNode object)) {
      findings.accept(malformed(form, ""));
      return owners;
    }
    for (var entry : object.properties()) {
      Optional<Address> address = Address.parse(entry.getKey());
      if (address.isEmpty() || !(entry.getValue() instanceof ObjectNode fields)) {
        findings.accept(malformed(form, ""));
        continue;
      }
      var ofResource = new LinkedHashMap<Place, Owner>();
      for (var field : fields.properties()) {
        Optional<Owner> owner = owner(field.getValue());
        try {
          Place place = Place.parse(field.getKey());
          owner.ifPresentOrElse(
              known -> ofResource.put(place, known), () -> findings.accept(malformed(form, "")));
        } catch (IllegalArgumentException | MalformedJson e) {
          findings.accept(malformed(form, ""));
        }
      }
      owners.put(address.get(), ofResource);
    }
    return owners;
  }

  private static Optional<Owner> owner(JsonNode word) {
    for (Owner owner : Owner.values()) {
      if (word.isString() && owner.name().toLowerCase(Locale.ROOT).equals(word.stringValue())) {
        return Optional.of(owner);
      }
    }
    return Optional.empty();
  }

  private static Diagnostic malformed(String detail, String line) {
    return Diagnostic.error(
        "TEMPLATE_MANIFEST_INVALID", "The template's manifest is not valid.", detail, FILE + line);
  }
}
