package dev.graft.server;

import dev.graft.core.json.Json;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A real Chromium, driven over its DevTools protocol. It is the one that GRAFT_CHROMIUM names, or
 * the first on the path; a machine without one fails whoever needs it.
 */
final class Chromium implements AutoCloseable {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<ObjectNode>> waiting = new ConcurrentHashMap<>();
  private final AtomicInteger loads = new AtomicInteger();

  private Chromium(Process process, URI page) {
    this.process = process;
    this.socket = CLIENT.newWebSocketBuilder().buildAsync(page, new Listener()).join();
    call("Page.enable", Json.object());
    call("Runtime.enable", Json.object());
  }

  static Chromium start(Path folder) {
    try {
      Process process =
          new ProcessBuilder(
                  program(),
                  "--headless=new",
                  "--no-sandbox",
                  "--disable-gpu",
                  "--no-first-run",
                  "--disable-dev-shm-usage",
                  "--window-size=1200,900",
                  "--remote-debugging-port=0",
                  "--remote-allow-origins=*",
                  "--user-data-dir=" + folder,
                  "about:blank")
              .redirectErrorStream(true)
              .redirectOutput(folder.resolveSibling(folder.getFileName() + ".log").toFile())
              .start();
      Path port = folder.resolve("DevToolsActivePort");
      Instant end = Instant.now().plusSeconds(60);
      while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
        if (Instant.now().isAfter(end) || !process.isAlive()) {
          throw new IllegalStateException("Chromium does not start");
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      URI made =
          URI.create("http://127.0.0.1:" + Files.readAllLines(port).getFirst() + "/json/new");
      String page =
          CLIENT
              .send(
                  HttpRequest.newBuilder(made).PUT(HttpRequest.BodyPublishers.noBody()).build(),
                  BodyHandlers.ofString())
              .body();
      String address = Json.parseObject(page).required("webSocketDebuggerUrl").stringValue();
      return new Chromium(process, URI.create(address));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String program() {
    String named = System.getenv("GRAFT_CHROMIUM");
    if (named != null) {
      return named;
    }
    for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
      for (String name : NAMES) {
        Path program = Path.of(folder, name);
        if (Files.isExecutable(program)) {
          return program.toString();
        }
      }
    }
    throw new IllegalStateException(
        "There is no Chromium here. Install one, or name it in GRAFT_CHROMIUM.");
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        ObjectNode message = Json.parseObject(text.toString());
        text.setLength(0);
        if (message.has("id")) {
          CompletableFuture<ObjectNode> answer = waiting.remove(message.required("id").intValue());
          if (answer != null) {
            answer.complete(message);
          }
        } else if (message.path("method").asString("").equals("Page.loadEventFired")) {
          loads.incrementAndGet();
        }
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }

  JsonNode call(String method, ObjectNode parameters) {
    int id = ids.incrementAndGet();
    var answer = new CompletableFuture<ObjectNode>();
    waiting.put(id, answer);
    ObjectNode message = Json.object().put("id", id).put("method", method);
    message.set("params", parameters);
    socket.sendText(Json.write(message), true).join();
    try {
      ObjectNode said = answer.get(30, TimeUnit.SECONDS);
      if (said.has("error")) {
        throw new IllegalStateException(method + ": " + said.required("error"));
      }
      return said.path("result");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(method, e);
    }
  }

  void open(String url) {
    afterLoad(() -> call("Page.navigate", Json.object().put("url", url)));
  }

  /** Clicks where the first such element is, as a hand does. */
  void click(String selector) {
    String place =
        evaluate(
                "(() => { const e = document.querySelector('"
                    + selector
                    + "'); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                    + " return (r.x + r.width / 2) + ' ' + (r.y + r.height / 2); })()")
            .stringValue();
    String[] at = place.split(" ", 2);
    afterLoad(() -> {
      for (String type : List.of("mousePressed", "mouseReleased")) {
        call(
            "Input.dispatchMouseEvent",
            Json.object()
                .put("type", type)
                .put("x", Double.parseDouble(at[0]))
                .put("y", Double.parseDouble(at[1]))
                .put("button", "left")
                .put("clickCount", 1));
      }
    });
  }

  private void afterLoad(Runnable act) {
    int before = loads.get();
    act.run();
    Instant end = Instant.now().plus(Duration.ofSeconds(30));
    while (loads.get() == before) {
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException("no page was loaded");
      }
      Thread.onSpinWait();
    }
  }

  JsonNode evaluate(String script) {
    JsonNode result =
        call(
            "Runtime.evaluate", Json.object().put("expression", script).put("returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(script + ": " + result.required("exceptionDetails"));
    }
    return result.at("/result/value");
  }

  String address() {
    return evaluate("location.pathname").stringValue();
  }

  String text() {
    return evaluate("document.body.innerText").stringValue();
  }

  /** Whether pages may run scripts; ours must not need to. */
  void withoutScripts() {
    call("Emulation.setScriptExecutionDisabled", Json.object().put("value", true));
  }

  void colours(String scheme) {
    ObjectNode media = Json.object();
    media.putArray("features").addObject().put("name", "prefers-color-scheme").put("value", scheme);
    call("Emulation.setEmulatedMedia", media);
  }

  void size(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        Json.object()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", false));
  }

  /** The cookies of a server, as the browser keeps them. */
  List<ObjectNode> cookies() {
    var cookies = new ArrayList<ObjectNode>();
    call("Network.getCookies", Json.object())
        .path("cookies")
        .forEach(cookie -> cookies.add((ObjectNode) cookie));
    return cookies;
  }

  /** Of the whole page, however far down it goes. */
  void picture(Path file) {
    JsonNode size = call("Page.getLayoutMetrics", Json.object()).required("cssContentSize");
    ObjectNode whole = Json.object().put("captureBeyondViewport", true);
    ObjectNode clip = whole.putObject("clip").put("x", 0).put("y", 0).put("scale", 1);
    clip.set("width", size.required("width"));
    clip.set("height", size.required("height"));
    byte[] png =
        Base64.getDecoder().decode(call("Page.captureScreenshot", whole).path("data").asString(""));
    try {
      Files.write(file, png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    process.onExit().orTimeout(10, TimeUnit.SECONDS).exceptionally(_ -> process).join();
  }
}
