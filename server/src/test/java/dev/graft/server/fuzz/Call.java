package dev.graft.server.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One request, byte by byte.
 *
 * @param operation the operation of the description that it was made from
 * @param target path and query as they are sent
 * @param chunked whether the body goes out in chunks instead of with its length
 * @param framed whether a server can tell where it ends; if not, the connection is done for
 */
@SuppressWarnings("ArrayRecordComponent")
record Call(
    String operation,
    String method,
    String target,
    List<Header> headers,
    byte[] body,
    boolean chunked,
    boolean framed) {

  private static final Pattern PROPER =
      Pattern.compile("(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*");

  record Header(String name, String value) {}

  Call {
    headers = List.copyOf(headers);
  }

  /** Whether the target is one that RFC 3986 knows, so that a server has to take it. */
  boolean hasProperTarget() {
    return PROPER.matcher(target).matches();
  }

  Call withMethod(String other) {
    return new Call(operation, other, target, headers, body, chunked, framed);
  }

  Call withTarget(String other) {
    return new Call(operation, method, other, headers, body, chunked, framed);
  }

  Call withBody(byte[] other) {
    return new Call(operation, method, target, headers, other, chunked, framed);
  }

  Call withHeaders(List<Header> others) {
    return new Call(operation, method, target, others, body, chunked, framed);
  }

  Call inChunks() {
    return new Call(operation, method, target, headers, body, true, framed);
  }

  Call brokenOff() {
    return new Call(operation, method, target, headers, body, chunked, false);
  }

  Call with(String name, String value) {
    var more = new ArrayList<>(headers);
    more.add(new Header(name, value));
    return withHeaders(more);
  }

  Call without(String name) {
    return withHeaders(
        headers.stream().filter(header -> !header.name().equalsIgnoreCase(name)).toList());
  }

  Call instead(String name, String value) {
    return without(name).with(name, value);
  }

  boolean has(String name) {
    return headers.stream().anyMatch(header -> header.name().equalsIgnoreCase(name));
  }

  /** As it goes over the wire. Header values are bytes, one per character. */
  byte[] bytes() {
    var out = new ByteArrayOutputStream();
    write(out, method + " " + target + " HTTP/1.1\r\n");
    headers.forEach(header -> write(out, header.name() + ": " + header.value() + "\r\n"));
    if (chunked) {
      write(out, "Transfer-Encoding: chunked\r\n\r\n");
      int half = body.length / 2;
      chunk(out, 0, half);
      chunk(out, half, body.length);
      write(out, "0\r\n\r\n");
    } else {
      boolean counted = has("Content-Length") || has("Transfer-Encoding");
      if (!counted && (body.length > 0 || method.equals("POST"))) {
        write(out, "Content-Length: " + body.length + "\r\n");
      }
      write(out, "\r\n");
      out.writeBytes(body);
    }
    return out.toByteArray();
  }

  private void chunk(ByteArrayOutputStream out, int from, int to) {
    if (from < to) {
      write(out, Integer.toHexString(to - from) + "\r\n");
      out.write(body, from, to - from);
      write(out, "\r\n");
    }
  }

  private static void write(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The request as a person can read it: what does not print is escaped, what is long is cut. */
  @Override
  public String toString() {
    byte[] bytes = bytes();
    var text = new StringBuilder();
    for (int i = 0; i < Math.min(bytes.length, 4_000); i++) {
      int one = bytes[i] & 0xff;
      if (one == '\n' || (one >= 0x20 && one < 0x7f)) {
        text.append((char) one);
      } else if (one != '\r') {
        text.append("\\x%02x".formatted(one));
      }
    }
    return bytes.length > 4_000 ? text + "… (" + bytes.length + " bytes)" : text.toString();
  }
}
