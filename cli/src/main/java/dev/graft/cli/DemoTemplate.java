package dev.graft.cli;

import dev.graft.core.json.Json;
import dev.graft.core.json.Place;
import dev.graft.core.template.VersionedName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/** A copy of a template, of which a demo publishes the next version. */
final class DemoTemplate {
  static final String NAME = "front-desk";
  static final String NEW_LINE = "- You end every call by asking whether there is anything else.";
  static final String NEW_URL = "https://example.com/api/v2/visits";
  static final Place PROMPT = Place.parse("model.messages[0].content");

  private static final String ASSISTANT = "template-assistant.json";
  private static final String TOOL = "template-tool.json";
  private static final Place MODEL_NAME = Place.parse("name");

  private final Path folder;

  private DemoTemplate(Path folder) {
    this.folder = folder;
  }

  /** Copies the template out of a folder of templates into another one. */
  static DemoTemplate copy(Path from, Path to) {
    Path folder = to.resolve(NAME);
    try {
      Files.createDirectories(folder);
      try (Stream<Path> files = Files.list(from.resolve(NAME))) {
        for (Path file : files.toList()) {
          Files.copy(file, folder.resolve(file.getFileName()));
        }
      }
      return new DemoTemplate(folder);
    } catch (IOException | UncheckedIOException e) {
      throw Refusal.failed(
          "The template " + from.resolve(NAME) + " cannot be copied: " + FileTrouble.why(e), e);
    }
  }

  /** Publishes the next version: new names, one line more in the prompt, another address. */
  void publishNext() {
    ObjectNode tool = read(TOOL);
    ObjectNode assistant = read(ASSISTANT);
    String oldToolName = text(tool, MODEL_NAME);
    String newToolName = next(oldToolName);
    tool.put("name", newToolName);
    tool.put("url", NEW_URL);
    assistant.put("name", next(text(assistant, MODEL_NAME)));
    String prompt = text(assistant, PROMPT).replace(oldToolName, newToolName) + "\n" + NEW_LINE;
    PROMPT.set(assistant, Json.text(prompt));
    write(TOOL, tool);
    write(ASSISTANT, assistant);
  }

  private static String next(String name) {
    VersionedName versioned = VersionedName.of(name);
    String major = List.of(versioned.versionOrNone().toString().split("\\.", -1)).getFirst();
    return versioned.base() + "_v" + new BigInteger(major).add(BigInteger.ONE);
  }

  private static String text(ObjectNode body, Place place) {
    var value = place.in(body);
    if (value == null || !value.isString()) {
      throw Refusal.failed("The template " + NAME + " has no text at '" + place + "'.");
    }
    return value.stringValue();
  }

  private ObjectNode read(String file) {
    try {
      return Json.parseObject(Files.readString(folder.resolve(file)));
    } catch (IOException e) {
      throw Refusal.failed(file + " cannot be read: " + FileTrouble.why(e), e);
    }
  }

  /** In one move: the server may look at any time. */
  private void write(String file, ObjectNode json) {
    try {
      Path whole = Files.writeString(folder.resolve(file + ".new"), Json.writePretty(json));
      Files.move(whole, folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw Refusal.failed(file + " cannot be written: " + FileTrouble.why(e), e);
    }
  }
}
