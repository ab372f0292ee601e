package dev.graft.cli;

import dev.graft.core.json.Json;
import java.security.SecureRandom;
import java.util.HexFormat;

/** {@code graft key generate}: a master key for a server, from the system's random numbers. */
final class KeyGenerate {
  private static final int BYTES = 32;

  private KeyGenerate() {}

  static int run(Given given, Terminal terminal) {
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    String digits = HexFormat.of().formatHex(random);
    if (given.wantsJson()) {
      terminal.out().json(Json.object().put("masterKey", digits));
    } else {
      terminal.out().print(digits);
    }
    if (terminal.err().isTerminal()) {
      terminal
          .err()
          .print(
              Line.prose(
                  0,
                  "This is a new master key; it is shown only now and kept nowhere. Set it as"
                      + " GRAFT_MASTER_KEY where the server runs, and keep a copy in a safe place"
                      + " that is not the database's: without it, no linked key can be opened."));
    }
    return Exit.DONE;
  }
}
