package dev.graft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The command line itself, and the commands that need nothing but it. */
class CommandLineTest {
  private static final String SECRET = "5a4db0c5-de30-4000-8000-c0ffee000001";

  private final Caller caller = new Caller().with("GRAFT_URL", "http://127.0.0.1:1");

  private Caller.Outcome call(String line) {
    return caller.call(line.isEmpty() ? new String[0] : line.split(" "));
  }

  /** Every command there is, and graft itself, as it is typed. */
  private static List<String> commands() {
    var commands = new ArrayList<String>();
    collect("", Commands.all(), commands);
    return commands;
  }

  private static void collect(String name, CommandLine command, List<String> into) {
    into.add(name);
    command
        .getSubcommands()
        .forEach((word, sub) -> collect((name + " " + word).strip(), sub, into));
  }

  @Test
  void everyCommandHasHelpThatFitsATerminalAndSpeaksToPeople() {
    assertThat(commands())
        .contains("", "link", "template check", "key generate", "completion")
        .contains("drift", "repair", "rollback", "uninstall", "unlink");
    for (String command : commands()) {
      for (String option : List.of("--help", "-h")) {
        Caller.Outcome outcome = call((command + " " + option).strip());
        assertThat(outcome.exit()).as(command).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
            .contains("Usage: graft " + command, "--url", "--json", "--help")
            .doesNotContain("dev.graft", "java", "Exception", "String", "<S", "%n", "--debug")
            .doesNotContainPattern("@[0-9a-f]{5}");
        assertThat(outcome.out().lines())
            .as(command)
            .allMatch(line -> line.codePointCount(0, line.length()) <= 80);
      }
    }
  }

  @Test
  void theHelpOfGraftListsEveryCommandAndExitCode() {
    String help = call("--help").out();
    Commands.all()
        .getSubcommands()
        .keySet()
        .forEach(command -> assertThat(help).containsPattern("\n  " + command + " +\\S"));
    assertThat(help)
        .contains("Exit codes:")
        .containsPattern("  0 +Done")
        .containsPattern("  1 +Failed")
        .containsPattern("  2 +plan found changes")
        .containsPattern("  64 +The command was not used");
  }

  @Test
  void whoeverNamesNoCommandIsShownTheHelp() {
    for (String group : List.of("", "template", "key", "keys", "kms", "audit", "api-key")) {
      Caller.Outcome outcome = call(group);
      assertThat(outcome.exit()).isEqualTo(64);
      assertThat(outcome.out()).isEmpty();
      assertThat(outcome.err()).isEqualTo(call((group + " --help").strip()).out());
    }
  }

  @Test
  void whatIsMistypedIsToldWithWhatWasMeant() {
    assertThat(call("clon user").err())
        .isEqualTo("Error: There is no command clon. Is it clone? graft --help tells more.\n");
    assertThat(call("frobnicate").err())
        .as("nothing is like it")
        .isEqualTo("Error: There is no command frobnicate. graft --help tells more.\n");
    assertThat(call("template chek").err()).contains("no command chek. Is it check?");
    assertThat(call("status user --jsn").err())
        .isEqualTo(
            "Error: There is no option --jsn. Is it --json? graft status --help tells more.\n");
    assertThat(call("plan user --ouut=file").err()).contains("no option --ouut. Is it --out?");
    for (String line :
        List.of(
            "clon user",
            "status user --jsn",
            "dance",
            "status",
            "status a b",
            "plan --out",
            "clone u --template a --template b",
            "completion",
            "completion fish",
            "status u --json=x",
            "accounts --limit",
            "template check a b",
            "apply",
            "kms move local:",
            "keys rotate",
            "keys rotate u --all",
            "keys rotate u --account acc_1",
            "drift",
            "rollback u",
            "rollback u --to 1 --before op_1",
            "rollback u --to",
            "unlink u",
            "unlink u --keep --remove",
            "uninstall u --even-if-usd")) {
      Caller.Outcome outcome = call(line);
      assertThat(outcome.exit()).as(line).isEqualTo(64);
      assertThat(outcome.out()).isEmpty();
      assertThat(outcome.err().lines()).as(line).hasSize(1);
      assertThat(outcome.err()).startsWith("Error: ").doesNotContain("Exception", "null");
    }
  }

  @Test
  void whatIsMissingOrGivenTwiceIsNamed() {
    assertThat(call("status").err()).startsWith("Error: graft status needs USER.");
    assertThat(call("apply").err()).startsWith("Error: graft apply needs PLAN_ID.");
    assertThat(call("plan u --out").err()).startsWith("Error: --out needs a value.");
    assertThat(call("plan u --template a --template b").err())
        .startsWith("Error: --template is given twice.");
  }

  @Test
  void whatMayBeASecretInTheWrongPlaceIsNeverRepeated() {
    for (String line :
        List.of(
            SECRET,
            "link-" + SECRET,
            "status u " + SECRET,
            "status u --" + SECRET,
            "status u -" + SECRET,
            "status u --tokn=" + SECRET,
            "status u --tokn " + SECRET,
            "status u --json=" + SECRET,
            "status u -t" + SECRET,
            "clone u --adopt " + SECRET,
            "clone u --take " + SECRET,
            "rollback u --to 1 --take tool/main#url=" + SECRET,
            "rollback u " + SECRET,
            "unlink u " + SECRET,
            "accounts --limit " + SECRET,
            "demo --port " + SECRET,
            "completion " + SECRET,
            "key generate " + SECRET,
            "key " + SECRET,
            "--url " + SECRET + " templates",
            "serve --master-key " + SECRET)) {
      Caller.Outcome outcome = call(line + " --debug");
      assertThat(outcome.exit()).as(line).isEqualTo(64);
      assertThat(outcome.printed()).doesNotContain(SECRET, SECRET.substring(4));
    }
    Caller.Outcome lines = caller.call("status", "u", "--tokn=a\n" + SECRET);
    assertThat(lines.err()).doesNotContain(SECRET);
  }

  @Test
  void aMasterKeyIsNewEachTime() {
    String first = call("key generate").out();
    String second = call("key generate").out();
    assertThat(first).matches("[0-9a-f]{64}\n").isNotEqualTo(second);
    assertThat(call("key generate --json").out())
        .matches("\\{\\s+\"masterKey\" : \"[0-9a-f]{64}\"\\s+}\n");
    assertThat(call("key generate").err()).isEmpty();
    Caller.Outcome seen = caller.callAtTerminal(80, "key", "generate");
    assertThat(seen.out()).matches("[0-9a-f]{64}\n");
    assertThat(seen.err()).contains("GRAFT_MASTER_KEY").doesNotContain(seen.out().strip());
  }

  @Test
  void completionIsAScriptThatBashReads() throws IOException, InterruptedException {
    String script = call("completion bash").out();
    assertThat(script)
        .contains(
            "templates", "--token-file", "generate", "--even-if-used", "(\"theirs\" \"ours\")")
        .isEqualTo(call("completion zsh").out());
    Process bash = new ProcessBuilder("bash", "-n").redirectErrorStream(true).start();
    try (var input = bash.outputWriter()) {
      input.write(script);
    }
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(said).isEmpty();
    assertThat(bash.exitValue()).isZero();
  }

  @Test
  void programsOfTheLauncherSayHowTheyAreStarted() {
    for (String command : List.of("serve", "config", "restore", "sandbox", "kms check")) {
      Caller.Outcome outcome = call(command + " --port 1 --unknown x");
      assertThat(outcome.exit()).isEqualTo(64);
      assertThat(outcome.err())
          .isEqualTo(
              "graft "
                  + command
                  + " is started by the launcher in Graft's folder, where the command comes before all"
                  + " options: ./graft "
                  + command
                  + " [OPTIONS].\n");
    }
    assertThat(call("--json doctor").err()).contains("./graft doctor [OPTIONS]");
    assertThat(call("demo").err()).startsWith("Error: graft demo is started by the launcher");
  }

  @Test
  void aDemoNeedsAPortThatIsFree() throws IOException {
    caller.with("GRAFT_HOME", "/nowhere");
    for (String port : List.of("65536", "x", "-1", "123456")) {
      assertThat(call("demo --port " + port).exit()).isEqualTo(64);
    }
    try (var other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Caller.Outcome outcome = call("demo --port " + other.getLocalPort());
      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.out()).isEmpty();
      assertThat(outcome.err())
          .startsWith("Error: Port " + other.getLocalPort() + " is in use")
          .contains("./graft demo --port 3100");
    }
  }
}
