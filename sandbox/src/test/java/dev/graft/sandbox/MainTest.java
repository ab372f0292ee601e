package dev.graft.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
  private static final Pattern URL = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");

  private record Outcome(int code, String out, String err) {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --nonsense             | There is no option --nonsense.
          --port                 | --port needs a value.
          --port many            | --port needs a port number, not "many".
          --port 70000           | --port needs a port number up to 65535.
          --page-cap 50          | --page-cap needs 100 or 1000, not "50".
          --latency soon         | --latency needs such as 50ms or 2s, not "soon".
          --rate-limit 5         | --rate-limit needs such as 5/s or 100/min, not "5".
          --rate-limit 0/s       | --rate-limit needs such as 5/s or 100/min, not "0/s".
          --open-accounts yes    | --open-accounts needs true or false, not "yes".
          --account Acme         | --account needs a name and a key, as in --account "Acme=some-key".
          --account A=1 --account A=2 | Two accounts have the same name.
          --account A=1 --account B=1 | Two accounts have the same key.
          """)
  void wrongArgumentsAreExplainedInASentence(String arguments, String sentence) throws Exception {
    Outcome outcome = run(arguments.split(" "));

    assertThat(outcome.code()).isEqualTo(64);
    assertThat(outcome.err()).isEqualTo(sentence + " --help lists what there is.\n");
    assertThat(outcome.out()).isEmpty();
  }

  @Test
  void helpListsEveryOption() throws Exception {
    Outcome outcome = run("--help");

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("--port", "--eu-port", "--account", "--latency", "--open-accounts", "--page-cap")
        .contains("--rate-limit", "--lenient", "--stop-with-stdin", "--help");
  }

  @Test
  void aTakenPortIsToldInASentence() throws Exception {
    try (var sandbox = Sandbox.start()) {
      String port = String.valueOf(sandbox.url().getPort());

      Outcome outcome = run("--port", port);

      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.err()).startsWith("Cannot listen on port " + port).endsWith("free one.\n");
    }
  }

  @Test
  void itGreetsServesAndStopsAtASignal() throws Exception {
    Process process = start("--port", "0", "--latency", "5ms", "--rate-limit", "100/s");
    try (var reader = process.inputReader()) {
      List<String> greeting = lines(reader, 4);
      URI url = urlIn(greeting.getFirst());
      assertThat(greeting.get(1)).contains("Demo customer", "5a4db0c5-de30", "no secret");
      var demo = new Client(url, "5a4db0c5-de30-4000-8000-c0ffee000001");
      assertThat(demo.post("/assistant", "{}").status()).isEqualTo(201);
      assertThat(new Client(url, "sandbox-mine").get("/assistant").status()).isEqualTo(200);
      assertThat(demo.get("/_sandbox/options").json().path("latency-ms").asInt()).isEqualTo(5);

      process.destroy();

      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void itStopsWhenItsInputEnds() throws Exception {
    Process process =
        start(
            "--port",
            "0",
            "--eu-port",
            "0",
            "--account",
            "Acme=key=of-acme",
            "--open-accounts",
            "false",
            "--page-cap",
            "1000",
            "--lenient",
            "--stop-with-stdin");
    try (var reader = process.inputReader()) {
      List<String> greeting = lines(reader, 3);
      URI url = urlIn(greeting.getFirst());
      assertThat(greeting.get(1)).isEqualTo("Accounts: Acme");
      assertThat(String.join("", greeting)).doesNotContain("key=of-acme", "EU");
      var acme = new Client(url, "key=of-acme");
      assertThat(acme.post("/assistant", "{\"any\":1}").status()).isEqualTo(201);
      assertThat(acme.get("/_sandbox/options").json().path("page-cap").asInt()).isEqualTo(1000);
      assertThat(new Client(url, "sandbox-mine").get("/assistant").status()).isEqualTo(401);

      process.outputWriter().close();

      assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  private static Outcome run(String... arguments) throws InterruptedException {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    int code =
        Main.run(
            arguments,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Outcome(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static Process start(String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static List<String> lines(BufferedReader reader, int count) throws IOException {
    var lines = new ArrayList<String>();
    while (lines.size() < count) {
      lines.add(String.valueOf(reader.readLine()));
    }
    return lines;
  }

  private static URI urlIn(String line) {
    return URI.create(URL.matcher(line).results().findFirst().orElseThrow().group());
  }
}
