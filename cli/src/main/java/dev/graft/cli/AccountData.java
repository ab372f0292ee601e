package dev.graft.cli;

import dev.graft.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/** {@code graft account}: all that is held about one account, told and forgotten. */
final class AccountData {
  private static final String ID = "acc_";

  private AccountData() {}

  static int export(Given given, Terminal terminal) {
    Api api = given.api();
    String account = given.argument(0);
    String id = account.startsWith(ID) ? account : LinkedAccount.of(account, api).id();
    ObjectNode export = api.get("/v1/accounts/" + Api.encoded(id) + "/export");
    Optional<String> out = given.option("--out");
    if (out.isEmpty()) {
      terminal.out().json(export);
      return Exit.DONE;
    }
    try {
      Path file = Path.of(out.get());
      Backup.makePrivate(file);
      Files.writeString(file, Json.writePretty(export) + "\n");
    } catch (IOException e) {
      throw Refusal.failed(
          "The file " + out.get() + " cannot be written: " + FileTrouble.why(e), e);
    } catch (InvalidPathException e) {
      throw Refusal.usage("--out needs the name of a file.");
    }
    terminal.err().print("Written to " + out.get() + ", which only you may read.");
    return Exit.DONE;
  }

  static int erase(Given given, Terminal terminal) {
    String id = given.argument(0);
    if (!id.startsWith(ID)) {
      throw Refusal.usage(
          "graft account erase needs the id of the account, which graft unlink printed and graft"
              + " account export has: a user who is unlinked has no account any more.");
    }
    ObjectNode erased =
        given.api().post("/v1/accounts/" + Api.encoded(id) + "/erase", Json.object()).body();
    if (given.wantsJson()) {
      terminal.out().json(erased);
      return Exit.DONE;
    }
    terminal.out().print(Line.of("Erased " + id + ".", Style.BOLD));
    terminal
        .out()
        .print(
            Line.prose(
                0,
                "Forgotten: users "
                    + erased.path("users").asInt(0)
                    + ", API keys "
                    + erased.path("apiKeys").asInt(0)
                    + ", sessions "
                    + erased.path("sessions").asInt(0)
                    + "."));
    terminal.out().print(Line.prose(0, erased.path("stays").asString("")));
    return Exit.DONE;
  }
}
