package dev.graft.server.fuzz;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.server.web.PublishedApi;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes requests from the published description: some as they should be, most of them not. */
final class Requests {
  private static final List<String> OPERATIONS = PublishedApi.operations();
  private static final String HOST = "127.0.0.1";
  private static final String ONCE = "Idempotency-Key";
  private static final String FORM = "application/x-www-form-urlencoded";

  private final Known known;
  private final Chance chance;
  private final Samples samples;
  private final String token;
  private final Supplier<String> others;
  private final Visitor visitor;
  private final Deque<Call> sentOnce = new ArrayDeque<>();

  /**
   * A source of requests.
   *
   * @param token of whoever may do everything
   * @param others gives tokens of people with roles of all sorts
   * @param visitor whose cookies and forms pages are asked with
   */
  Requests(Known known, Chance chance, String token, Supplier<String> others, Visitor visitor) {
    this.known = known;
    this.chance = chance;
    this.samples = new Samples(known, chance);
    this.token = token;
    this.others = others;
    this.visitor = visitor;
  }

  /** The next one: a third as described, the others with something wrong. */
  Call next() {
    if (sentOnce.size() > 8 && chance.oneIn(40)) {
      // With the Idempotency-Key that it had, so that nothing may be done again.
      return sentOnce.removeFirst();
    }
    String operation = chance.of(OPERATIONS);
    Call sound = sound(operation);
    if (chance.oneIn(3)) {
      if (sound.has(ONCE) && chance.oneIn(2)) {
        sentOnce.addLast(sound);
        if (sentOnce.size() > 50) {
          sentOnce.removeFirst();
        }
      }
      return sound;
    }
    Call odd = oddity(sound, operation);
    Call next = chance.oneIn(4) ? oddity(odd, operation) : odd;
    // A first line without three words is none, and may be met with silence.
    return next.target().isEmpty() || next.method().contains(" ") ? next.brokenOff() : next;
  }

  /** A request as the description wants it. */
  Call sound(String operation) {
    int space = operation.indexOf(' ');
    String method = operation.substring(0, space);
    String path = operation.substring(space + 1);
    ObjectNode described = described(operation);
    var query = new ArrayList<String>();
    var headers = new ArrayList<Call.Header>();
    headers.add(new Call.Header("Host", HOST));
    if (!described.has("security") || !described.required("security").isEmpty()) {
      headers.add(new Call.Header("Authorization", "Bearer " + anyToken()));
    }
    String cookie = visitor.cookie();
    if (cookie != null && isForBrowsers(described) && !chance.oneIn(4)) {
      headers.add(new Call.Header("Cookie", cookie));
    }
    for (ObjectNode parameter : parameters(operation)) {
      String name = parameter.required("name").stringValue();
      boolean required = parameter.path("required").asBoolean(false);
      if (!required && !chance.oneIn(3)) {
        continue;
      }
      String value = told(name, samples.fitting(name, parameter.required("schema")));
      switch (parameter.required("in").stringValue()) {
        case "path" -> {
          String seen = known.any(collection(path, name), chance);
          path = path.replace("{" + name + "}", encoded(seen == null ? value : seen));
        }
        case "query" -> query.add(encoded(name) + "=" + encoded(value));
        case "cookie" -> headers.add(new Call.Header("Cookie", name + "=" + printable(value)));
        default -> headers.add(new Call.Header(name, printable(value)));
      }
    }
    byte[] body = new byte[0];
    ObjectNode schema = bodySchema(described, "application/json");
    ObjectNode form = bodySchema(described, FORM);
    boolean wanted = described.path("requestBody").path("required").asBoolean(false);
    if (schema != null && (wanted || !chance.oneIn(4))) {
      body = Json.writeBytes(samples.fitting("", schema));
      headers.add(new Call.Header("Content-Type", "application/json"));
    } else if (form != null) {
      body = utf8(form(form));
      headers.add(new Call.Header("Content-Type", FORM));
    }
    if (method.equals("POST") && !isForBrowsers(described) && chance.oneIn(5)) {
      // Mostly one of its own, now and then one that others have used.
      String key = chance.oneIn(4) ? "k" + chance.below(50) : "own-" + chance.number();
      headers.removeIf(header -> header.name().equals(ONCE));
      headers.add(new Call.Header(ONCE, chance.oneIn(2) ? key : "\"" + key + "\""));
    }
    String target = query.isEmpty() ? path : path + "?" + String.join("&", query);
    return new Call(operation, method, target, headers, body, false, true);
  }

  private String anyToken() {
    String weaker = known.any("key", chance);
    if (weaker != null && chance.oneIn(12)) {
      return weaker;
    }
    return chance.oneIn(24) ? others.get() : token;
  }

  private static boolean isForBrowsers(ObjectNode described) {
    return described.path("tags").valueStream().anyMatch(tag -> tag.asString("").equals("Pages"));
  }

  /** What the visitor was told to send under this name, or something that fits. */
  private String told(String name, JsonNode fitting) {
    String told = chance.oneIn(8) ? null : visitor.field(name);
    return told == null ? fitting.asString("") : told;
  }

  private String form(ObjectNode schema) {
    var members = new ArrayList<String>();
    for (var member : schema.path("properties").properties()) {
      String name = member.getKey();
      members.add(
          encoded(name) + "=" + encoded(told(name, samples.fitting(name, member.getValue()))));
    }
    return String.join("&", members);
  }

  /** {@code /things} for the {@code {thing}} in {@code /v1/things/{thing}/parts}. */
  private static String collection(String path, String parameter) {
    String before = path.substring(0, path.indexOf("/{" + parameter + "}"));
    return before.substring(before.lastIndexOf('/'));
  }

  private static ObjectNode described(String operation) {
    int space = operation.indexOf(' ');
    return PublishedApi.resolved(
        PublishedApi.description()
            .required("paths")
            .required(operation.substring(space + 1))
            .required(operation.substring(0, space).toLowerCase(Locale.ROOT)));
  }

  private static List<ObjectNode> parameters(String operation) {
    String path = operation.substring(operation.indexOf(' ') + 1);
    var all = new ArrayList<ObjectNode>();
    JsonNode shared =
        PublishedApi.description().required("paths").required(path).path("parameters");
    shared.forEach(one -> all.add(PublishedApi.resolved(one)));
    described(operation).path("parameters").forEach(one -> all.add(PublishedApi.resolved(one)));
    return all;
  }

  private static @Nullable ObjectNode bodySchema(ObjectNode described, String type) {
    JsonNode body = described.get("requestBody");
    if (body == null) {
      return null;
    }
    JsonNode schema = PublishedApi.resolved(body).path("content").path(type).get("schema");
    return schema == null ? null : PublishedApi.resolved(schema);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", "?");
  }

  private Call oddity(Call call, String operation) {
    ObjectNode schema = bodySchema(described(operation), "application/json");
    return switch (chance.below(schema == null ? 6 : 12)) {
      case 0 -> oddPath(call, operation);
      case 1 -> oddQuery(call, operation);
      case 2 -> oddHeader(call);
      case 3 -> oddMethod(call);
      case 4 -> oddAuthorization(call);
      case 5 -> chance.oneIn(4) ? oddFraming(call) : oddTarget(call);
      case 6 -> oddContentType(call);
      case 7, 8 -> oddText(call);
      default -> oddBody(call, schema == null ? Json.object() : schema);
    };
  }

  /** Something else in place of a parameter of the path. */
  private Call oddPath(Call call, String operation) {
    List<String> names =
        parameters(operation).stream()
            .filter(one -> one.required("in").stringValue().equals("path"))
            .map(one -> one.required("name").stringValue())
            .toList();
    if (names.isEmpty()) {
      return oddTarget(call);
    }
    String path = operation.substring(operation.indexOf(' ') + 1);
    for (String name : names) {
      String wrong = samples.wrongId(known.any(collection(path, name), chance));
      path = path.replace("{" + name + "}", chance.oneIn(8) ? raw(wrong) : encoded(wrong));
    }
    int question = call.target().indexOf('?');
    return call.withTarget(question < 0 ? path : path + call.target().substring(question));
  }

  /** As it is, but for what would end the request line. */
  private static String raw(String text) {
    var bytes = new StringBuilder();
    for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
      if (one > 0x20 || one < 0) {
        bytes.append((char) (one & 0xff));
      }
    }
    return bytes.toString();
  }

  private Call oddQuery(Call call, String operation) {
    var names = new ArrayList<>(List.of("x", "limit", "userId", "after", "_method", "debug", ""));
    parameters(operation).forEach(one -> names.add(one.required("name").stringValue()));
    String name = chance.of(names);
    String value =
        chance.of(
            encoded(chance.of(Samples.ODD_TEXTS)),
            raw(chance.of(Samples.ODD_TEXTS)),
            "%ff%fe",
            "a&" + name + "=b",
            "[]",
            "x".repeat(5_000));
    String base = chance.oneIn(3) ? call.target().replaceFirst("\\?.*", "") : call.target();
    String one = chance.oneIn(8) ? name : name + "=" + value;
    return call.withTarget(base + (base.contains("?") ? "&" : "?") + one);
  }

  private Call oddTarget(Call call) {
    String target = call.target();
    return call.withTarget(
        switch (chance.below(14)) {
          case 0 -> target.replaceFirst("/", "//");
          case 1 -> target.replaceFirst("\\?|$", "/$0");
          case 2 -> "/." + target;
          case 3 -> "/x/.." + target;
          case 4 -> target.replaceFirst("\\?|$", ";a=b;c$0");
          case 5 -> target.replaceFirst("([a-z])", "%" + (chance.oneIn(2) ? "61" : "41"));
          case 6 -> target.toUpperCase(Locale.ROOT);
          case 7 -> target.replaceFirst("\\?|$", "%2e%2e%2f$0");
          case 8 -> target.replaceFirst("\\?|$", "%00$0");
          case 9 -> "http://" + chance.of("127.0.0.1", "example.com", "[::1]") + target;
          case 10 -> chance.of("*", "", "/", "/%", "/\\", "/..", "?", "#", "/favicon.ico", "/.env");
          case 11 -> target + "#" + chance.of(Samples.ODD_TEXTS).replaceAll("[^!-~]", "");
          case 12 -> target.replaceFirst("\\?|$", "/" + "a/".repeat(chance.between(1, 500)) + "$0");
          default -> "/" + raw(chance.of(Samples.ODD_TEXTS));
        });
  }

  private Call oddHeader(Call call) {
    String odd = chance.of(Samples.ODD_TEXTS).replaceAll("[\r\n\0]", "");
    String bytes = new String(odd.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return switch (chance.below(12)) {
      case 0 ->
          call.with("Accept", chance.of("text/html", "*/*;q=0", "nonsense", "image/*", bytes));
      case 1 ->
          call.instead("Host", chance.of("", "evil.example.com", "127.0.0.1:x", "a b", bytes));
      case 2 -> call.with("Host", "second.example.com");
      case 3 ->
          call.with(
              chance.of("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"),
              chance.of("127.0.0.1", "evil.example.com", "for=\"[::1]\"", bytes));
      case 4 ->
          call.with(
              "traceparent",
              chance.of(
                  "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                  "00-00000000000000000000000000000000-0000000000000000-00",
                  "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                  "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
                  bytes));
      case 5 ->
          call.with(
              ONCE,
              chance.of(
                  "\"k" + chance.below(50) + "\"",
                  "k" + chance.below(50),
                  "\"",
                  "\"a\";b=1",
                  "a b",
                  "x".repeat(256),
                  bytes));
      case 6 ->
          call.with(
                  "Signature-Input",
                  chance.of("sig=(\"@method\");created=1;keyid=\"x\"", "((", bytes))
              .with("Signature", chance.of("sig=:AAAA:", "sig=::", bytes))
              .with("Content-Digest", chance.of("sha-256=:AAAA:", "md5=:x:", bytes));
      case 7 -> call.with("Origin", chance.of("null", "https://evil.example.com", bytes));
      case 8 ->
          call.with(
              "Cookie",
              chance.of(
                  "a=b",
                  "graft-session=x",
                  "graft-session=" + bytes,
                  "__Host-graft-session=y",
                  "graft-login=z; graft-session=",
                  "=;=;",
                  "JSESSIONID=" + bytes));
      case 9 ->
          call.with(
              chance.of("Range", "If-None-Match", "If-Modified-Since", "Upgrade", "TE", "Prefer"),
              chance.of("bytes=0-1", "*", "h2c", "trailers", "yesterday", bytes));
      case 10 -> call.with("X-" + chance.below(1_000), "y".repeat(chance.of(100, 8_000, 20_000)));
      default ->
          call.with(
              chance.of(
                  "X-HTTP-Method-Override", "X-Request-Id", "Content-Encoding", "Expect", "X Y"),
              chance.of("DELETE", "identity", "gzip", bytes));
    };
  }

  private Call oddMethod(Call call) {
    return call.withMethod(
        chance.of(
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "HEAD",
            "OPTIONS",
            "TRACE",
            "CONNECT",
            "get",
            "PROPFIND",
            "X-" + chance.below(10),
            "G ET"));
  }

  private Call oddAuthorization(Call call) {
    String odd = raw(chance.of(Samples.ODD_TEXTS));
    return chance.oneIn(4)
        ? call.without("Authorization")
        : call.instead(
            "Authorization",
            chance.of(
                "",
                "Bearer",
                "Bearer ",
                "bearer " + token,
                "Bearer  " + token + " ",
                "Bearer " + token + "x",
                "Bearer " + token.substring(1),
                "Basic " + token,
                "Basic Og==",
                "Bearer " + odd,
                "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
                "Bearer eyJhbGciOiJub25l",
                "Bearer a.b.c",
                "Bearer graft_live_x_y_z",
                "Bearer graft_live_0123456789abcdef_" + "A".repeat(40) + "_00000000",
                odd));
  }

  private Call oddFraming(Call call) {
    return switch (chance.below(6)) {
      case 0 -> call.with("Content-Length", "" + (call.body().length + 10)).brokenOff();
      case 1 -> call.with("Content-Length", chance.of("-1", "x", "99999999999999", "")).brokenOff();
      case 2 ->
          call.with("Transfer-Encoding", chance.of("gzip", "chunked, chunked", "x")).brokenOff();
      case 3 -> call.with("Transfer-Encoding", "chunked").with("Content-Length", "5").brokenOff();
      case 4 ->
          call.with("Transfer-Encoding", "chunked")
              .withBody("zz\r\n{}\r\n0\r\n\r\n".getBytes(StandardCharsets.UTF_8))
              .brokenOff();
      default -> call.inChunks();
    };
  }

  private Call oddContentType(Call call) {
    return chance.oneIn(5)
        ? call.without("Content-Type")
        : call.instead(
            "Content-Type",
            chance.of(
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/json; charset=utf-16",
                "application/json;charset=",
                "application/json;;;",
                "APPLICATION/JSON",
                "application/*",
                "*/*",
                "application/problem+json",
                "application/json, text/plain",
                ";",
                raw(chance.of(Samples.ODD_TEXTS))));
  }

  /** The body as text, broken somewhere. */
  private Call oddText(Call call) {
    byte[] good = call.body().length == 0 ? new byte[] {'{', '}'} : call.body();
    String text = new String(good, StandardCharsets.UTF_8);
    Call typed = call.instead("Content-Type", "application/json");
    return switch (chance.below(16)) {
      case 0 -> typed.withBody(Arrays.copyOf(good, chance.below(good.length)));
      case 1 -> {
        byte[] changed = good.clone();
        changed[chance.below(changed.length)] = (byte) chance.below(256);
        yield typed.withBody(changed);
      }
      case 2 -> typed.withBody(chance.bytes(chance.between(1, 200)));
      case 3 -> typed.withBody(utf8("\ufeff" + text));
      case 4 -> typed.withBody(text.getBytes(StandardCharsets.UTF_16));
      case 5 -> typed.withBody(utf8(text + chance.of(" {}", "x", "]", "\u0000", ",")));
      case 6 -> {
        int depth = chance.of(10, 64, 500, 5_000, 30_000);
        yield typed.withBody(
            utf8(
                text.replaceFirst(
                    "\\{", "{\"deep\":" + "[".repeat(depth) + "]".repeat(depth) + ",")));
      }
      case 7 ->
          typed.withBody(
              utf8(
                  text.replaceFirst(
                      "\\{",
                      "{\"big\":\"" + "x".repeat(chance.of(60_000, 70_000, 300_000)) + "\",")));
      case 8 ->
          typed.withBody(
              utf8(
                  text.replaceFirst(
                      "\\{", "{\"number\":" + "9".repeat(chance.of(100, 2_000)) + ",")));
      case 9 -> typed.withBody(utf8(text.replace("\"", "'")));
      case 10 ->
          typed.withBody(
              utf8(text.replaceFirst("}$", chance.of(",}", "/* x */}", ",\"a\":NaN}", "}}"))));
      case 11 -> typed.withBody(gzipped(good)).instead("Content-Encoding", "gzip");
      case 12 -> typed.withBody(utf8(twice(text)));
      case 13 ->
          typed.withBody(
              utf8(chance.of("", " ", "null", "[]", "1", "\"x\"", "true", "[" + text + "]")));
      case 14 -> typed.withBody(utf8(text.replaceFirst("\"", "\"\\\\ud800")));
      default -> typed.inChunks();
    };
  }

  /** The first member of an object once more. */
  private static String twice(String text) {
    try {
      if (Json.parse(text) instanceof ObjectNode object && !object.isEmpty()) {
        var first = object.properties().iterator().next();
        var once = Json.object();
        once.set(first.getKey(), first.getValue());
        String member = Escaped.write(once);
        return member.substring(0, member.length() - 1) + "," + text.substring(1);
      }
    } catch (MalformedJson e) {
      // Odd already.
      return text + text;
    }
    return "{\"a\":1,\"a\":1}";
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] gzipped(byte[] bytes) {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** The body as JSON, with members that are wrong. */
  private Call oddBody(Call call, ObjectNode schema) {
    ObjectNode good =
        samples.fitting("", schema) instanceof ObjectNode object ? object : Json.object();
    return call.instead("Content-Type", "application/json")
        .withBody(bytes(samples.spoiled(good, schema)));
  }

  /** What is no Unicode is sent all the same, as escapes. */
  private static byte[] bytes(ObjectNode json) {
    return utf8(Escaped.write(json));
  }

  static Set<String> operations() {
    return Set.copyOf(OPERATIONS);
  }
}
