package dev.graft.server.telemetry;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** A collector of traces on this machine that takes OTLP over HTTP, and understands it. */
public final class Collector implements AutoCloseable {
  private final HttpServer server;
  private final List<byte[]> bodies = new CopyOnWriteArrayList<>();
  private final List<Span> spans = new CopyOnWriteArrayList<>();

  /** What was told of one piece of work. */
  public record Span(
      String traceId,
      String spanId,
      String parent,
      String name,
      int kind,
      long began,
      long ended,
      Map<String, String> attributes,
      int status) {
    public Span {
      attributes = Map.copyOf(attributes);
    }
  }

  private Collector(HttpServer server) {
    this.server = server;
  }

  public static Collector start() {
    try {
      var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      var collector = new Collector(server);
      server.createContext(
          "/v1/traces",
          exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            collector.bodies.add(body);
            collector.take(body);
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
      return collector;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Every byte that came. */
  public byte[] all() {
    var all = new java.io.ByteArrayOutputStream();
    bodies.forEach(all::writeBytes);
    return all.toByteArray();
  }

  public List<Span> spans() {
    return List.copyOf(spans);
  }

  /** Waits until a span like this has come. */
  public Span await(Predicate<Span> wanted) throws InterruptedException {
    for (int i = 0; i < 200; i++) {
      Optional<Span> found = spans.stream().filter(wanted).findFirst();
      if (found.isPresent()) {
        return found.get();
      }
      Thread.sleep(50);
    }
    throw new AssertionError("no such span came; there are " + spans);
  }

  private void take(byte[] request) {
    for (Field resource : fields(ByteBuffer.wrap(request))) {
      for (Field scope : fields(resource.bytes())) {
        if (scope.number() == 2) {
          fields(scope.bytes()).stream()
              .filter(field -> field.number() == 2)
              .forEach(field -> spans.add(span(field.bytes())));
        }
      }
    }
  }

  private static Span span(ByteBuffer message) {
    Map<Integer, Field> one = new LinkedHashMap<>();
    Map<String, String> attributes = new LinkedHashMap<>();
    for (Field field : fields(message)) {
      if (field.number() == 9) {
        attributes.put(text(field, 1), text(fields(at(field, 2).bytes()).getFirst()));
      } else {
        one.put(field.number(), field);
      }
    }
    return new Span(
        hex(in(one, 1)),
        hex(in(one, 2)),
        hex(in(one, 4)),
        text(in(one, 5)),
        (int) in(one, 6).value(),
        in(one, 7).value(),
        in(one, 8).value(),
        attributes,
        fields(in(one, 15).bytes()).stream()
            .filter(field -> field.number() == 3)
            .mapToInt(field -> (int) field.value())
            .findFirst()
            .orElse(0));
  }

  /** What is not there is empty, as everywhere in this form. */
  private static Field in(Map<Integer, Field> message, int number) {
    return message.getOrDefault(number, new Field(number, 0, ByteBuffer.allocate(0)));
  }

  private static Field at(Field message, int number) {
    return fields(message.bytes()).stream()
        .filter(field -> field.number() == number)
        .findFirst()
        .orElseThrow();
  }

  private static String text(Field message, int number) {
    return text(at(message, number));
  }

  private static String text(Field field) {
    return StandardCharsets.UTF_8.decode(field.bytes().duplicate()).toString();
  }

  private static String hex(Field field) {
    byte[] bytes = new byte[field.bytes().remaining()];
    field.bytes().duplicate().get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** One field of a message in the form of protocol buffers: a number, or bytes. */
  private record Field(int number, long value, ByteBuffer bytes) {}

  private static List<Field> fields(ByteBuffer message) {
    ByteBuffer rest = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    var fields = new ArrayList<Field>();
    while (rest.hasRemaining()) {
      long tag = varint(rest);
      int number = (int) (tag >>> 3);
      switch ((int) (tag & 7)) {
        case 0 -> fields.add(new Field(number, varint(rest), ByteBuffer.allocate(0)));
        case 1 -> fields.add(new Field(number, rest.getLong(), ByteBuffer.allocate(0)));
        case 2 -> {
          int length = (int) varint(rest);
          fields.add(new Field(number, 0, rest.slice(rest.position(), length)));
          rest.position(rest.position() + length);
        }
        case 5 -> fields.add(new Field(number, rest.getInt(), ByteBuffer.allocate(0)));
        default -> throw new IllegalStateException("no protocol buffer");
      }
    }
    return fields;
  }

  private static long varint(ByteBuffer rest) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = rest.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
