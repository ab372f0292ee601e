package dev.graft.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The bytes of a request or a reply. They never change. */
public final class Body {
  static final Body EMPTY = new Body(new byte[0]);

  private final byte[] bytes;

  private Body(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Takes the array over: whoever made it must not touch it any more. */
  static Body of(byte[] bytes) {
    return bytes.length == 0 ? EMPTY : new Body(bytes);
  }

  static Body of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  static Body of(JsonNode json) {
    return of(Json.write(json));
  }

  /** A list, written without reading its parts again. */
  static Body joined(String before, List<Body> parts, String after) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(before.getBytes(StandardCharsets.UTF_8));
    for (Body part : parts) {
      if (part != parts.getFirst()) {
        out.write(',');
      }
      out.writeBytes(part.bytes);
    }
    out.writeBytes(after.getBytes(StandardCharsets.UTF_8));
    return of(out.toByteArray());
  }

  public int size() {
    return bytes.length;
  }

  public String text() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What it says, if that is JSON. */
  public Optional<JsonNode> json() {
    try {
      return bytes.length == 0 ? Optional.empty() : Optional.of(parsed());
    } catch (JacksonException _) {
      return Optional.empty();
    }
  }

  JsonNode parsed() {
    return Json.read(bytes);
  }

  /** SHA-256, in hexadecimal. */
  String digest() {
    return Key.digest(bytes);
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes);
  }

  void writeTo(OutputStream out, int from, int to) throws IOException {
    out.write(bytes, from, Math.min(to, bytes.length) - from);
  }

  /** As long as before, but no JSON any more. */
  Body garbled() {
    byte[] garbled = bytes.clone();
    Arrays.fill(garbled, garbled.length / 2, garbled.length, (byte) '<');
    return of(garbled);
  }
}
