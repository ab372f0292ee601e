package dev.graft.server.web;

import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.server.log.Redaction;
import dev.graft.vault.Secret;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.ServerRequest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object that came with a request, and the values that its members must have. */
final class Body {
  private static final String READ = "graft.body";
  private static final String CONTENT = "graft.content";
  private static final int LARGEST = 64 * 1024;
  private static final int DEEPEST = 40;
  private static final int MOST_DIGITS = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int LONGEST_USER_ID = 255;
  private static final int LONGEST_KEY = 512;

  private final ObjectNode json;

  private Body(ObjectNode json) {
    this.json = json;
  }

  /**
   * Reads the body of a request.
   *
   * @throws Problem when it is not one JSON object of a reasonable size
   */
  static Body of(ServerRequest request) {
    // It is read once: the gate looks into it before the route does.
    if (request.servletRequest().getAttribute(READ) instanceof Body read) {
      return read;
    }
    Body body = read(request.servletRequest());
    request.servletRequest().setAttribute(READ, body);
    return body;
  }

  private static Body read(HttpServletRequest servlet) {
    requireJson(servlet.getContentType());
    byte[] bytes = content(servlet);
    servlet.removeAttribute(CONTENT);
    try {
      JsonNode node = Json.parse(bytes);
      refuseMonsters(node, 1);
      if (node instanceof ObjectNode object) {
        return new Body(object);
      }
      throw invalid("The body must be a JSON object in braces.");
    } catch (MalformedJson e) {
      throw invalid(
          "The body cannot be read as JSON: "
              + e.getMessage()
              + " (line "
              + e.line()
              + ", column "
              + e.column()
              + "). Send one JSON object in UTF-8.");
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /** What is well-formed and still only made to keep a server busy. */
  private static void refuseMonsters(JsonNode node, int depth) {
    if (depth > DEEPEST) {
      throw invalid("The body is nested deeper than " + DEEPEST + " levels.");
    }
    if (node.isNumber()) {
      BigDecimal number = node.decimalValue();
      if (number.precision() > MOST_DIGITS || Math.abs((long) number.scale()) > MOST_DIGITS) {
        throw invalid("The body has a number of more than " + MOST_DIGITS + " digits.");
      }
    }
    for (JsonNode member : node) {
      refuseMonsters(member, depth + 1);
    }
  }

  /** As {@link #of}, where no body at all stands for an empty object. */
  static Body ofOptional(ServerRequest request) {
    HttpServletRequest servlet = request.servletRequest();
    return servlet.getContentType() == null && servlet.getContentLengthLong() <= 0
        ? new Body(Json.object())
        : of(request);
  }

  /** The bytes of a body, as they came; none when there is none. */
  static byte[] content(HttpServletRequest servlet) {
    if (servlet.getAttribute(CONTENT) instanceof byte[] read) {
      return read;
    }
    byte[] bytes = bytes(servlet);
    servlet.setAttribute(CONTENT, bytes);
    return bytes;
  }

  private static void requireJson(@Nullable String contentType) {
    try {
      if (contentType != null
          && MediaType.parseMediaType(contentType).isCompatibleWith(MediaType.APPLICATION_JSON)) {
        return;
      }
    } catch (InvalidMediaTypeException e) {
      // As wrong as another type.
    }
    throw new Problem(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "The body must be JSON. Send it with the header 'Content-Type: application/json'.");
  }

  private static byte[] bytes(HttpServletRequest servlet) {
    try {
      if (servlet.getContentLengthLong() <= LARGEST) {
        byte[] bytes = inTime(servlet.getInputStream());
        if (bytes.length <= LARGEST) {
          return bytes;
        }
      }
    } catch (IOException e) {
      throw invalid("The body ended before its end. Send it again.");
    }
    throw new Problem(
        413,
        "BODY_TOO_LARGE",
        "The body is larger than the " + LARGEST / 1024 + " KiB that a request may have.");
  }

  /** Each read waits for a while only, and so must all of them together. */
  private static byte[] inTime(InputStream in) throws IOException {
    long began = System.nanoTime();
    byte[] bytes = new byte[LARGEST + 1];
    int length = 0;
    for (int read = 0; read >= 0 && length < bytes.length; length += Math.max(0, read)) {
      read = in.read(bytes, length, bytes.length - length);
      if (System.nanoTime() - began > PATIENCE.toNanos()) {
        throw new Problem(
            408,
            "BODY_TOO_SLOW",
            "The body took longer than "
                + PATIENCE.toSeconds()
                + " seconds to arrive. Send it again, all at once.");
      }
    }
    byte[] body = Arrays.copyOf(bytes, length);
    // It may hold a key, and this array lives on for a while.
    Arrays.fill(bytes, (byte) 0);
    return body;
  }

  private static Problem invalid(String detail) {
    return new Problem(400, "INVALID_BODY", detail);
  }

  /** Refuses members that are not known, by their names. */
  Body only(Set<String> known) {
    var unknown = new ArrayList<String>();
    for (String name : json.propertyNames()) {
      if (!known.contains(name)) {
        unknown.add(name.length() <= 60 ? name : name.substring(0, 60) + "…");
      }
    }
    if (!unknown.isEmpty()) {
      throw new Problem(
          400,
          "UNKNOWN_MEMBER",
          "The body has members that are not known here: "
              + String.join(", ", unknown.subList(0, Math.min(10, unknown.size())))
              + ". Known are: "
              + String.join(", ", known.stream().sorted().toList())
              + ".");
    }
    return this;
  }

  /** The id by which the product knows its user. */
  String userId() {
    String text = text("userId");
    if (text == null || !isUserId(text)) {
      throw new Problem(
          400,
          "INVALID_USER_ID",
          "'userId' must be a string of 1 to 255 printable characters: the id by which your product"
              + " knows its user.");
    }
    return text;
  }

  /** As {@link #userId}, nothing when there is none or it cannot be one. */
  Optional<String> userIdIfGood() {
    return Optional.ofNullable(text("userId")).filter(Body::isUserId);
  }

  /** The same for bodies that say the same. */
  String canonical() {
    return Canonical.text(json);
  }

  static boolean isUserId(String text) {
    return !text.isBlank()
        && text.codePointCount(0, text.length()) <= LONGEST_USER_ID
        && text.codePoints().allMatch(Body::isPrintable);
  }

  private static boolean isPrintable(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      // Of the invisible ones only the joiners that real words and emoji need.
      case Character.FORMAT -> character == 0x200C || character == 0x200D;
      default -> true;
    };
  }

  boolean has(String member) {
    return json.has(member);
  }

  /** A customer's key, a secret from here on. */
  Secret apiKey() {
    String text = text("apiKey");
    String key = text == null ? "" : text.strip();
    if (key.isEmpty()
        || key.length() > LONGEST_KEY
        || !key.chars().allMatch(c -> c >= 0x20 && c <= 0x7e)) {
      throw new Problem(
          400,
          "INVALID_API_KEY",
          "'apiKey' must be a string of 1 to 512 printable ASCII characters: a private API key of the"
              + " customer's Vapi account.");
    }
    Secret secret = Secret.copyOf(key);
    Redaction.ofThisProcess().protect(secret);
    return secret;
  }

  /** Text that may be left out; null in JSON counts as left out. */
  Optional<String> optional(String member, String code, String what) {
    JsonNode value = json.get(member);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (value.isString() && !value.stringValue().isBlank() && value.stringValue().length() <= 255) {
      return Optional.of(value.stringValue());
    }
    throw new Problem(400, code, "'" + member + "' must be " + what + ".");
  }

  /** An object that may be left out. */
  Optional<ObjectNode> optionalObject(String member, String code, String what) {
    JsonNode value = json.get(member);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (value instanceof ObjectNode object) {
      return Optional.of(object);
    }
    throw new Problem(400, code, "'" + member + "' must be " + what + ".");
  }

  /** A member of whatever sort; null when it is left out. */
  @Nullable JsonNode any(String member) {
    JsonNode value = json.get(member);
    return value == null || value.isNull() ? null : value;
  }

  /** True or false; false when it is left out. */
  boolean flag(String member, String code) {
    JsonNode value = any(member);
    if (value != null && !value.isBoolean()) {
      throw new Problem(400, code, "'" + member + "' must be true or false, or left out.");
    }
    return value != null && value.booleanValue();
  }

  List<String> members() {
    return List.copyOf(json.propertyNames());
  }

  private @Nullable String text(String member) {
    JsonNode value = json.get(member);
    return value != null && value.isString() ? value.stringValue() : null;
  }
}
