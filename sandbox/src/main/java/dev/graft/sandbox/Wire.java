package dev.graft.sandbox;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One region's side of the wire: requests come in, faults strike, replies go out, whole or not. */
final class Wire implements HttpHandler {
  private static final int DRIPS = 20;

  private final Region region;
  private final Sandbox sandbox;
  private final VapiApi api;

  Wire(Region region, Sandbox sandbox, VapiApi api) {
    this.region = region;
    this.sandbox = sandbox;
    this.api = api;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Call call = read(exchange);
      Optional<Reply> own = sandbox.control().answer(call, exchange.getRequestHeaders());
      if (own.isPresent()) {
        send(exchange, own.get(), null);
      } else {
        new Course(exchange, call).run();
      }
    } catch (InterruptedException _) {
      // The sandbox is stopping; closing the connection is all there is left to do.
      Thread.currentThread().interrupt();
    }
  }

  private Call read(HttpExchange exchange) throws IOException {
    URI uri = exchange.getRequestURI();
    String path = uri.getRawPath() == null ? "/" : uri.getRawPath();
    Headers headers = exchange.getRequestHeaders();
    return new Call(
        region,
        exchange.getRequestMethod(),
        path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path,
        uri.getRawQuery(),
        headers.getFirst("Authorization"),
        headers.getFirst("User-Agent"),
        Body.of(exchange.getRequestBody().readAllBytes()));
  }

  /** The course of one request, from its arrival until its reply has gone or been lost. */
  private final class Course {
    private final HttpExchange exchange;
    private final Call call;
    private final @Nullable Account account;
    private final RequestLog.Entry entry;
    private final Instant start = Instant.now();
    private final List<String> struckBy = new ArrayList<>();
    private @Nullable Reply made;
    private @Nullable Reply reply;
    private @Nullable Effect spoiler;
    private boolean closed;
    private boolean committed;

    Course(HttpExchange exchange, Call call) {
      this.exchange = exchange;
      this.call = call;
      String text = call.key();
      Key key = text == null ? null : Key.of(text);
      this.account = text == null ? null : sandbox.accounts().openedBy(text, region).orElse(null);
      this.entry =
          sandbox
              .requests()
              .arrived(
                  call,
                  key == null ? "" : key.hash(),
                  account == null ? null : account.name(),
                  start);
    }

    void run() throws IOException, InterruptedException {
      int status = 0;
      long sent = 0;
      try {
        List<Fault> faults = sandbox.striking(call, account);
        strike(faults, Fault.Moment.BEFORE);
        if (reply == null && !closed) {
          pause(sandbox.options().time(Dial.LATENCY_MS));
          made = api.answer(call);
          reply = made;
          committed = !call.method().equals("GET") && made.status() < 300;
        }
        strike(faults, Fault.Moment.AFTER);
      } catch (RuntimeException bug) {
        System.getLogger(Wire.class.getName()).log(System.Logger.Level.ERROR, call.target(), bug);
        reply = Reply.error(500, "The sandbox failed: " + bug);
      }
      try {
        Reply last = reply;
        if (!closed && last != null) {
          status = last.status();
          sent = sendSpoilt(last);
        }
      } finally {
        Duration took = Duration.between(start, Instant.now());
        sandbox.requests().answered(entry.answered(status, sent, took, committed, struckBy));
      }
    }

    private static void pause(Duration time) throws InterruptedException {
      if (time.isPositive()) {
        Thread.sleep(time);
      }
    }

    private void strike(List<Fault> faults, Fault.Moment moment) throws InterruptedException {
      for (Fault fault : faults) {
        if (fault.moment() == moment && !closed) {
          struckBy.add(fault.effect().getClass().getSimpleName().toLowerCase(Locale.ROOT));
          apply(fault.effect());
        }
      }
    }

    private void apply(Effect effect) throws InterruptedException {
      switch (effect) {
        case Effect.Answer answer -> reply = answer.reply();
        case Effect.Close _ -> closed = true;
        case Effect.Hang(Duration time) -> Thread.sleep(time);
        case Effect.Run(Runnable code) -> code.run();
        case Effect.Edit edit -> edit(edit);
        case Effect.Truncate _, Effect.Garble _, Effect.Drip _ -> spoiler = effect;
      }
    }

    private void edit(Effect.Edit edit) {
      try {
        if (account == null) {
          throw new IllegalArgumentException("The request has no account to edit.");
        }
        String path = edit.path().replace("{id}", subject());
        int slash = path.lastIndexOf('/');
        switch (edit.method()) {
          case "POST" -> account.put(path, edit.body());
          case "PATCH" ->
              account.patch(path.substring(0, slash), path.substring(slash + 1), edit.body());
          default -> account.delete(path.substring(0, slash), path.substring(slash + 1));
        }
      } catch (IllegalArgumentException impossible) {
        reply = Reply.error(500, "The edit of a fault failed: " + impossible.getMessage());
      }
    }

    /** The id of what the request is about: that in its path, or that of what it has made. */
    private String subject() {
      if (Validation.isUuid(call.lastSegment())) {
        return call.lastSegment();
      }
      Reply before = made;
      if (before == null) {
        return "none";
      }
      return before.body().json().orElseGet(Json::object).path("id").asString("none");
    }

    private long sendSpoilt(Reply whole) throws IOException, InterruptedException {
      return switch (spoiler) {
        case null -> send(exchange, whole, null);
        case Effect.Garble _ -> send(exchange, whole.garbled(), null);
        case Effect.Drip(Duration time) -> send(exchange, whole, time);
        default -> sendHalf(exchange, whole);
      };
    }
  }

  private static long send(HttpExchange exchange, Reply reply, @Nullable Duration over)
      throws IOException, InterruptedException {
    Body body = reply.body();
    OutputStream out = open(exchange, reply);
    if (over == null) {
      body.writeTo(out);
      return body.size();
    }
    int size = Math.max(1, Math.ceilDiv(body.size(), DRIPS));
    for (int from = 0; from < body.size(); from += size) {
      Thread.sleep(over.dividedBy(Math.ceilDiv(body.size(), size)));
      body.writeTo(out, from, from + size);
      out.flush();
    }
    return body.size();
  }

  /** Closing the exchange before all bytes are out makes the server drop the connection. */
  private static long sendHalf(HttpExchange exchange, Reply reply) throws IOException {
    int half = reply.body().size() / 2;
    OutputStream out = open(exchange, reply);
    reply.body().writeTo(out, 0, half);
    out.flush();
    return half;
  }

  private static OutputStream open(HttpExchange exchange, Reply reply) throws IOException {
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", reply.contentType());
    reply.headers().forEach(headers::set);
    boolean bodiless = reply.body().size() == 0 || exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(reply.status(), bodiless ? -1 : reply.body().size());
    return bodiless ? OutputStream.nullOutputStream() : exchange.getResponseBody();
  }
}
