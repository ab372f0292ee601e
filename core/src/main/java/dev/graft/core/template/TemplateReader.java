package dev.graft.core.template;

import dev.graft.core.Diagnostic;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.Cleaning;
import dev.graft.core.kind.Kind;
import dev.graft.core.kind.Kinds;
import dev.graft.core.kind.References;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns the files of a template's folder into a release, or into every reason why they are none.
 * Without a manifest the files are {@code template-assistant.json} and {@code template-tool.json},
 * further ones {@code template-tool-<key>.json}, and every assistant uses every tool.
 */
public final class TemplateReader {
  private static final Pattern FILE =
      Pattern.compile("template-([a-z]+(?:-output)?)(?:-([a-z0-9][a-z0-9-]{0,62}))?\\.json");
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final String ONLY = "main";

  /** What came of reading: a release unless a finding is an error. */
  public record Reading(Optional<Release> release, List<Diagnostic> findings) {
    public Reading {
      findings = List.copyOf(findings);
    }
  }

  private final String template;
  private final Map<String, byte[]> files;
  private final List<Diagnostic> findings = new ArrayList<>();
  private final SequencedMap<Address, String> fileOf = new LinkedHashMap<>();
  private final SequencedMap<Address, ObjectNode> bodies = new LinkedHashMap<>();
  private final Map<String, Address> exportedIds = new HashMap<>();

  private TemplateReader(String template, Map<String, byte[]> files) {
    this.template = template;
    this.files = files;
  }

  /**
   * Reads a template.
   *
   * @param template its name, which is that of its folder
   * @param files the files of the folder by their path in it, with slashes
   */
  public static Reading read(String template, Map<String, byte[]> files) {
    return new TemplateReader(template, files).read();
  }

  /**
   * What is to be said of a template whose files cannot be had.
   *
   * @param file by its path in the folder of the template
   * @param reason in a word
   */
  public static Diagnostic unreadable(String file, String reason) {
    return Diagnostic.error(
        "TEMPLATE_UNREADABLE",
        "The files of the template cannot be read.",
        file
            + " cannot be read by the user as whom Graft runs ("
            + reason
            + "). Let that user read all templates, for instance with chmod -R a+rX on their folder.",
        null);
  }

  private Reading read() {
    if (!NAME.matcher(template).matches()) {
      error(
          "TEMPLATE_NAME_INVALID",
          "The template's name is not valid.",
          "A template is named after its folder, in small letters, digits and hyphens, at most 63"
              + " characters. '"
              + template
              + "' is not such a name. Rename the folder.",
          null);
    }
    Manifest manifest =
        files.get(Manifest.FILE) instanceof byte[] file
            ? Manifest.read(file, findings::add)
            : Manifest.NONE;
    boolean writtenOut = manifest.resources().isPresent();
    fileOf.putAll(manifest.resources().orElseGet(this::filesByName));
    noteUnusedFiles();
    fileOf.forEach((address, file) -> readBody(address, file, manifest));
    bodies.keySet().forEach(this::resolveReferences);
    if (!writtenOut) {
      attachTools();
    }
    checkWhole(writtenOut);
    for (Address address : manifest.owners().keySet()) {
      if (!fileOf.containsKey(address)) {
        error(
            "TEMPLATE_MANIFEST_INVALID",
            "The template's manifest is not valid.",
            "'owners' names " + address + ", and the template has no such resource.",
            Manifest.FILE);
      }
    }
    if (findings.stream().anyMatch(Diagnostic::isError)) {
      return new Reading(Optional.empty(), findings);
    }
    return new Reading(Optional.of(release(manifest)), findings);
  }

  private SequencedMap<Address, String> filesByName() {
    var found = new LinkedHashMap<Address, String>();
    for (Kind kind : Kinds.ALL) {
      files.keySet().stream()
          .map(FILE::matcher)
          .filter(file -> file.matches() && file.group(1).equals(kind.name()))
          .sorted((a, b) ->
              key(a).equals(ONLY) ? -1 : key(b).equals(ONLY) ? 1 : key(a).compareTo(key(b)))
          .forEach(file -> found.put(new Address(kind.name(), key(file)), file.group()));
    }
    return found;
  }

  private static String key(Matcher file) {
    return file.group(2) == null ? ONLY : file.group(2);
  }

  private void noteUnusedFiles() {
    for (String file : files.keySet().stream().sorted().toList()) {
      if (file.endsWith(".json") && !file.equals(Manifest.FILE) && !fileOf.containsValue(file)) {
        warning(
            "TEMPLATE_FILE_UNUSED",
            "A file is not part of the template.",
            "Graft does not use this file. Without a manifest the files are template-assistant.json,"
                + " template-tool.json and template-tool-<key>.json; with one, it names them. Rename"
                + " the file, name it in template.json, or remove it.",
            file);
      }
    }
  }

  private void readBody(Address address, String file, Manifest manifest) {
    byte[] content = files.get(file);
    if (content == null) {
      error(
          "TEMPLATE_FILE_MISSING",
          "A file of the template is missing.",
          "template.json names this file for " + address + ", and it is not in the folder.",
          file);
      return;
    }
    try {
      if (Json.parse(content) instanceof ObjectNode raw) {
        checkBody(address, file, raw, manifest.sends().getOrDefault(address, Set.of()));
      } else {
        error(
            "TEMPLATE_FILE_INVALID",
            "A file of the template is not valid.",
            "It must hold one JSON object: the body of " + address + ".",
            file);
      }
    } catch (MalformedJson e) {
      error(
          "TEMPLATE_FILE_INVALID",
          "A file of the template is not valid.",
          "It cannot be read as JSON: "
              + e.getMessage()
              + " (line "
              + e.line()
              + ", column "
              + e.column()
              + ").",
          file + ":" + e.line());
    }
  }

  private void checkBody(Address address, String file, ObjectNode raw, Set<Place> sends) {
    Kind kind = Kinds.of(address);
    if (raw.get("id") instanceof JsonNode id && id.isString()) {
      exportedIds.put(id.stringValue(), address);
    }
    Cleaning.Cleaned cleaned = Cleaning.clean(kind, raw, sends);
    for (Cleaning.LeftOut left : cleaned.leftOut()) {
      note(
          "LEFT_OUT_" + left.reason(),
          "Something of the template is not copied.",
          left.place() + " " + left.reason().sentence() + ", so it is not copied.",
          file);
    }
    for (Place place : Cleaning.secretUrls(kind, raw)) {
      if (!sends.contains(place)) {
        error(
            "TEMPLATE_SECRET_IN_URL",
            "An address on the network holds a password.",
            place
                + " holds user and password. Take them out, or list the place under 'sends' in"
                + " template.json to have it sent to every customer's account.",
            file);
      }
    }
    for (Place place : kind.required()) {
      if (place.in(raw) == null) {
        error(
            "TEMPLATE_FIELD_MISSING",
            "A field that Vapi requires is missing.",
            "Vapi refuses a " + kind.name() + " without '" + place + "'.",
            file);
      }
    }
    kind.madeByVapi()
        .forEach((place, values) -> {
          if (place.in(raw) instanceof JsonNode value
              && value.isString()
              && values.contains(value.stringValue())) {
            error(
                "TEMPLATE_NOT_CREATABLE",
                "Vapi makes this by itself.",
                "A "
                    + kind.name()
                    + " with '"
                    + place
                    + "' "
                    + value.stringValue()
                    + " cannot be created by anyone but Vapi. Take it out of the template.",
                file);
          }
        });
    checkTexts(kind, file, raw);
    bodies.put(address, cleaned.body());
  }

  private void checkTexts(Kind kind, String file, ObjectNode raw) {
    kind.lengths()
        .forEach((place, longest) -> {
          if (place.in(raw) instanceof JsonNode text
              && text.isString()
              && text.stringValue().length() > longest) {
            error(
                "TEMPLATE_NAME_TOO_LONG",
                "A name is longer than Vapi takes.",
                "'"
                    + place
                    + "' has "
                    + text.stringValue().length()
                    + " characters and Vapi takes at most "
                    + longest
                    + ", version suffix included. Shorten it.",
                file);
          }
        });
    for (Kind.Alphabet alphabet : kind.alphabets()) {
      if (alphabet.place().in(raw) instanceof JsonNode text
          && text.isString()
          && alphabet.when().test(raw)
          && !alphabet.allowed().test(text.stringValue())) {
        error(
            "TEMPLATE_NAME_CHARACTERS",
            "A name has characters that Vapi refuses.",
            "'"
                + alphabet.place()
                + "' is passed to the model as the name of a function, so that Vapi takes letters,"
                + " digits, underscores and hyphens only. A version in it is a whole number: name_v2.",
            file);
      }
    }
    if (kind.mark() != null && kind.nameOf(raw).isEmpty()) {
      warning(
          "TEMPLATE_NAME_MISSING",
          "Something in the template has no name.",
          "Without a name nobody can tell this "
              + kind.name()
              + " from others in the customer's dashboard, and Graft cannot recognise one that is"
              + " already there. Give it a 'name'.",
          file);
    }
  }

  /** Makes every reference an address of this template, as far as it is meant to be one. */
  private void resolveReferences(Address address) {
    Kind kind = Kinds.of(address);
    ObjectNode body = bodies.get(address);
    if (body == null) {
      return;
    }
    for (References.Reference reference : References.in(kind, body)) {
      Optional<Address> target =
          reference
              .address()
              .or(() -> Optional.ofNullable(exportedIds.get(reference.value())))
              .or(() -> ofFile(reference.value()))
              .or(() -> Address.parse(reference.kind() + "/" + reference.value()))
              .filter(found -> found.kind().equals(reference.kind()))
              .filter(bodies::containsKey);
      if (target.isPresent()) {
        reference.place().set(body, Json.text(target.get().toString()));
      } else if (UUID.matcher(reference.value()).matches()) {
        warning(
            "TEMPLATE_REFERENCE_OUTSIDE",
            "A reference leaves the template.",
            reference.place()
                + " names "
                + reference.kind()
                + " "
                + reference.value()
                + ", which is not part of this template. It is copied as it is, and calls fail in"
                + " every account where it does not exist. Add its file to the template, or take the"
                + " reference out.",
            fileOf.get(address));
      } else {
        error(
            "TEMPLATE_REFERENCE_UNKNOWN",
            "A reference names nothing.",
            reference.place()
                + " names "
                + reference.kind()
                + " '"
                + reference.value()
                + "', and the template has none of that name. It has: "
                + String.join(", ", bodies.keySet().stream().map(Address::toString).toList())
                + ".",
            fileOf.get(address));
      }
    }
  }

  private Optional<Address> ofFile(String name) {
    return fileOf.entrySet().stream()
        .filter(entry -> entry.getValue().equals(name))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private void attachTools() {
    List<Address> tools = ofKind(Kinds.TOOL);
    for (Address assistant : ofKind(Kinds.ASSISTANT)) {
      ObjectNode body = bodies.get(assistant);
      if (body == null) {
        continue;
      }
      var missing = new LinkedHashSet<>(tools);
      missing.removeAll(References.addresses(Kinds.ASSISTANT, body));
      if (missing.isEmpty()) {
        continue;
      }
      if (!(body.get("model") instanceof ObjectNode model)) {
        error(
            "TEMPLATE_MODEL_MISSING",
            "An assistant cannot use its tools.",
            "The template has tools, and this assistant has no 'model' to use them with. Add"
                + " 'model' with provider and model.",
            fileOf.get(assistant));
        continue;
      }
      ArrayNode ids =
          model.get("toolIds") instanceof ArrayNode array ? array : model.putArray("toolIds");
      missing.forEach(tool -> ids.add(tool.toString()));
    }
  }

  private List<Address> ofKind(Kind kind) {
    return bodies.keySet().stream().filter(address -> address.kind().equals(kind.name())).toList();
  }

  private void checkWhole(boolean writtenOut) {
    if (fileOf.keySet().stream().noneMatch(a -> a.kind().equals(Kinds.ASSISTANT.name()))) {
      error(
          "TEMPLATE_ASSISTANT_MISSING",
          "The template has no assistant.",
          "A template is at least one assistant. Add template-assistant.json, or name its file in"
              + " template.json under \"assistant/main\".",
          null);
    }
    if (writtenOut) {
      var used = new LinkedHashSet<Address>();
      bodies.forEach((address, body) -> used.addAll(References.addresses(Kinds.of(address), body)));
      for (Address tool : ofKind(Kinds.TOOL)) {
        if (!used.contains(tool)) {
          warning(
              "TEMPLATE_TOOL_UNUSED",
              "A tool is used by nothing.",
              "No assistant of the template uses "
                  + tool
                  + ". Name it in an assistant's model.toolIds as \""
                  + tool
                  + "\".",
              fileOf.get(tool));
        }
      }
    }
  }

  private Release release(Manifest manifest) {
    var resources = new ArrayList<Resource>();
    for (Address address : Order.of(bodies)) {
      ObjectNode body = bodies.get(address);
      if (body != null) {
        resources.add(
            new Resource(
                address,
                versionOf(address, body, manifest),
                body,
                manifest.owners().getOrDefault(address, Map.of())));
      }
    }
    Version version =
        manifest
            .version()
            .orElseGet(() ->
                resources.stream()
                    .filter(resource -> resource.kind().equals(Kinds.ASSISTANT))
                    .map(Resource::version)
                    .findFirst()
                    .orElse(Version.NONE));
    return new Release(template, manifest.version().isPresent(), version, resources);
  }

  private static Version versionOf(Address address, ObjectNode body, Manifest manifest) {
    return manifest
        .version()
        .orElseGet(() ->
            Kinds.of(address)
                .nameOf(body)
                .map(name -> VersionedName.of(name).versionOrNone())
                .orElse(Version.NONE));
  }

  private void error(String code, String summary, String detail, @Nullable String where) {
    findings.add(Diagnostic.error(code, summary, detail, where));
  }

  private void warning(String code, String summary, String detail, @Nullable String where) {
    findings.add(Diagnostic.warning(code, summary, detail, where));
  }

  private void note(String code, String summary, String detail, @Nullable String where) {
    findings.add(Diagnostic.note(code, summary, detail, where));
  }
}
