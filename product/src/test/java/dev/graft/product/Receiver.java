package dev.graft.product;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.zip.GZIPInputStream;

/**
 * Who gets webhooks, traces and errors, and keeps every byte of them; under {@code /broken} it
 * fails.
 */
final class Receiver implements AutoCloseable {
  private final HttpServer server;
  private final ByteArrayOutputStream got = new ByteArrayOutputStream();

  Receiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  private synchronized void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      got.writeBytes((exchange.getRequestURI() + "\n").getBytes(UTF_8));
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> got.writeBytes((name + ": " + values + "\n").getBytes(UTF_8)));
      byte[] body = exchange.getRequestBody().readAllBytes();
      boolean packed = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      got.writeBytes(packed ? unpacked(body) : body);
      boolean broken = exchange.getRequestURI().getPath().equals("/broken");
      exchange.sendResponseHeaders(broken ? 500 : 204, -1);
    }
  }

  private static byte[] unpacked(byte[] body) throws IOException {
    try (var unpacking = new GZIPInputStream(new ByteArrayInputStream(body))) {
      return unpacking.readAllBytes();
    }
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  synchronized byte[] all() {
    return got.toByteArray();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
