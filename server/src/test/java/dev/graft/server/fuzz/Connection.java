package dev.graft.server.fuzz;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A client that keeps its connection and sends whatever it is given, well-formed or not. Libraries
 * refuse to send most of what an attacker would.
 */
final class Connection implements AutoCloseable {
  private static final int PATIENCE_MS = 60_000;

  private final URI url;
  private @Nullable Socket socket;
  private InputStream in = InputStream.nullInputStream();

  Connection(URI url) {
    this.url = url;
  }

  /** What came back. */
  @SuppressWarnings("ArrayRecordComponent")
  record Answer(int status, Map<String, List<String>> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    String header(String name) {
      List<String> values = headers.get(name.toLowerCase(Locale.ROOT));
      return values == null ? "" : values.getFirst();
    }
  }

  /** No answer came, or none that is HTTP. */
  static final class NoAnswer extends Exception {
    private static final long serialVersionUID = 1;

    NoAnswer(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Sends a request and reads the answer.
   *
   * @throws NoAnswer when the server hung up or kept silent
   */
  Answer send(Call call) throws NoAnswer {
    boolean reused = socket != null;
    try {
      return exchange(call);
    } catch (SocketTimeoutException e) {
      close();
      throw new NoAnswer("no answer within " + PATIENCE_MS / 1000 + " s", e);
    } catch (IOException e) {
      close();
      if (reused) {
        // The server may have closed a connection that was idle, or whose last request was odd.
        return send(call);
      }
      throw new NoAnswer("hung up: " + e, e);
    }
  }

  private Answer exchange(Call call) throws IOException {
    Socket open = socket;
    if (open == null) {
      open = new Socket(url.getHost(), url.getPort());
      open.setTcpNoDelay(true);
      open.setSoTimeout(PATIENCE_MS);
      socket = open;
      in = new BufferedInputStream(open.getInputStream(), 1 << 14);
    }
    IOException whileSending = null;
    try {
      open.getOutputStream().write(call.bytes());
      if (!call.framed()) {
        open.shutdownOutput();
      }
    } catch (IOException e) {
      // A server may answer and hang up before it has read everything.
      whileSending = e;
    }
    Answer answer;
    try {
      do {
        answer = read(call.method().equals("HEAD"));
      } while (answer.status() < 200);
    } catch (EOFException e) {
      if (whileSending != null) {
        throw whileSending;
      }
      throw e;
    }
    if (whileSending != null
        || !call.framed()
        || answer.header("Connection").equalsIgnoreCase("close")) {
      close();
    }
    return answer;
  }

  private Answer read(boolean head) throws IOException {
    String first = line();
    if (!first.matches("HTTP/1\\.1 \\d{3}( .*)?")) {
      throw new IOException("the answer begins with '" + first + "'");
    }
    int status = Integer.parseInt(first.substring(9, 12));
    var headers = new TreeMap<String, List<String>>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon < 1) {
        throw new IOException("the answer has the header '" + line + "'");
      }
      headers
          .computeIfAbsent(
              line.substring(0, colon).toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
          .add(line.substring(colon + 1).strip());
    }
    byte[] body = new byte[0];
    if (!head && status >= 200 && status != 204 && status != 304) {
      if (headers.containsKey("transfer-encoding")) {
        body = chunks();
      } else if (headers.containsKey("content-length")) {
        int length = Integer.parseInt(headers.get("content-length").getFirst());
        body = in.readNBytes(length);
        if (body.length < length) {
          throw new EOFException("the answer ended before its end");
        }
      } else {
        body = in.readAllBytes();
        headers.put("connection", List.of("close"));
      }
    }
    return new Answer(status, headers, body);
  }

  private byte[] chunks() throws IOException {
    var body = new java.io.ByteArrayOutputStream();
    while (true) {
      int length = Integer.parseInt(line().replaceFirst(";.*", "").strip(), 16);
      if (length == 0) {
        while (!line().isEmpty()) {
          // Trailers say nothing here.
        }
        return body.toByteArray();
      }
      body.writeBytes(in.readNBytes(length));
      line();
    }
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int one = in.read(); one != '\n'; one = in.read()) {
      if (one < 0) {
        throw new EOFException("the connection ended");
      }
      if (one != '\r') {
        line.append((char) one);
      }
      if (line.length() > 100_000) {
        throw new IOException("a line without end");
      }
    }
    return line.toString();
  }

  @Override
  public void close() {
    Socket open = socket;
    socket = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is gone either way.
        return;
      }
    }
  }
}
