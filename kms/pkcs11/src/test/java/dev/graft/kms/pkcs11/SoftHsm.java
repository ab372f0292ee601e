package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * SoftHSM, a real PKCS#11 token in software, whose tokens are in a folder of the test's own. Makes
 * what an operator makes with tools: tokens, PINs, and keys.
 */
@SuppressWarnings("restricted")
public final class SoftHsm {
  static final String PIN = "4711-pin-of-the-user";
  private static final String SO_PIN = "pin-of-the-officer";
  private static final Path FOLDER = folder();
  private static final Path FILE = prepared();

  private static final Cryptoki.Function INIT_TOKEN =
      new Cryptoki.Function("C_InitToken", 9, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
  private static final Cryptoki.Function INIT_PIN =
      new Cryptoki.Function("C_InitPIN", 10, JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final Cryptoki.Function SET_PIN =
      new Cryptoki.Function("C_SetPIN", 11, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final Cryptoki.Function CLOSE_ALL_SESSIONS =
      new Cryptoki.Function("C_CloseAllSessions", 14, JAVA_LONG);
  private static final Cryptoki.Function LOGOUT = new Cryptoki.Function("C_Logout", 19, JAVA_LONG);
  private static final Cryptoki.Function DESTROY_OBJECT =
      new Cryptoki.Function("C_DestroyObject", 22, JAVA_LONG, JAVA_LONG);
  private static final Cryptoki.Function GENERATE_KEY =
      new Cryptoki.Function("C_GenerateKey", 58, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);

  private static final long READ_WRITE = 6;
  private static final long OFFICER = 0;
  private static final long USER = 1;

  private final Library library;
  private final Cryptoki cryptoki;

  SoftHsm(Library library) {
    this.library = library;
    this.cryptoki = library.cryptoki();
  }

  /** The library's file, set up on a machine that has none. */
  static Path file() {
    return FILE;
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory("softhsm");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path configuration() {
    return FOLDER.resolve("softhsm2.conf");
  }

  /** Makes a token with a key, for another process, which needs this environment for it. */
  public static Map<String, String> tokenWithKey(String token, String object) {
    var library = new Library(Cryptoki.load(FILE));
    var hsm = new SoftHsm(library);
    try {
      hsm.newToken(token);
      hsm.newKey(token, object, "01");
      hsm.end();
    } catch (Refused e) {
      throw new IllegalStateException(e);
    }
    return Map.of(
        "SOFTHSM2_CONF",
        configuration().toString(),
        "GRAFT_PKCS11_MODULE",
        FILE.toString(),
        "GRAFT_PKCS11_PIN",
        PIN);
  }

  private static Path prepared() {
    try {
      List<String> libraries = located();
      libraries.stream().skip(1).forEach(System::load);
      Path tokens = Files.createDirectory(FOLDER.resolve("tokens"));
      Path configuration = configuration();
      Files.writeString(
          configuration,
          "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
      setEnvironment("SOFTHSM2_CONF", configuration.toString());
      return Path.of(libraries.getFirst());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> located() throws IOException {
    Path home = Path.of("").toAbsolutePath();
    while (!Files.exists(home.resolve("scripts/softhsm"))) {
      home = home.resolve("..").normalize();
    }
    Process script =
        new ProcessBuilder(home.resolve("scripts/softhsm").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed = new String(script.getInputStream().readAllBytes(), UTF_8);
    if (printed.isBlank()) {
      throw new IllegalStateException("scripts/softhsm has none; it says why.");
    }
    return printed.lines().toList();
  }

  /** Before the library is loaded, which asks C for it and not Java. */
  private static void setEnvironment(String name, String value) {
    var linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      var call =
          linker.downcallHandle(
              linker.defaultLookup().find("setenv").orElseThrow(),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
      int result = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
      if (result != 0) {
        throw new IllegalStateException("setenv failed");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes a token of that label, with the user's PIN. */
  void newToken(String label) throws Refused {
    library.whileRunning(() -> {
      try (Arena arena = Arena.ofConfined()) {
        long[] slots = library.slots();
        long slot = slots[slots.length - 1];
        MemorySegment officer = text(arena, SO_PIN);
        MemorySegment padded = text(arena, (label + " ".repeat(32)).substring(0, 32));
        cryptoki.call(INIT_TOKEN, slot, officer, officer.byteSize(), padded);
        long session = session(arena, slot);
        cryptoki.call(Cryptoki.LOGIN, session, OFFICER, officer, officer.byteSize());
        MemorySegment user = text(arena, PIN);
        cryptoki.call(INIT_PIN, session, user, user.byteSize());
        cryptoki.call(LOGOUT, session);
        cryptoki.call(Cryptoki.CLOSE_SESSION, session);
        return true;
      }
    });
    // It gives its tokens their slots when it starts.
    library.startAnew(library.starts());
  }

  /** What is done as the user, in a session that may write. */
  private interface Act {
    void in(Arena arena, long session) throws Refused;
  }

  private void asUser(String token, Act act) throws Refused {
    library.whileRunning(() -> {
      try (Arena arena = Arena.ofConfined()) {
        long session = session(arena, slot(token));
        MemorySegment pin = text(arena, PIN);
        try {
          cryptoki.call(Cryptoki.LOGIN, session, USER, pin, pin.byteSize());
        } catch (Refused e) {
          if (e.code() != Refused.USER_ALREADY_LOGGED_IN) {
            throw e;
          }
        }
        act.in(arena, session);
        cryptoki.call(Cryptoki.CLOSE_SESSION, session);
        return true;
      }
    });
  }

  void newKey(String token, String label, String id) throws Refused {
    newKey(token, label, id, 32, false);
  }

  void newKey(String token, String label, String id, int bytes, boolean extractable)
      throws Refused {
    asUser(
        token,
        (arena, session) -> {
          byte[] yes = {1};
          byte[] no = {0};
          List<MemorySegment> values =
              List.of(
                  Session.bytes(arena, yes),
                  Session.bytes(arena, label.getBytes(UTF_8)),
                  Session.bytes(arena, HexFormat.of().parseHex(id)),
                  Session.bytes(arena, yes),
                  Session.bytes(arena, yes),
                  Session.bytes(arena, yes),
                  Session.bytes(arena, yes),
                  Session.bytes(arena, extractable ? yes : no),
                  Session.ulong(arena, bytes));
          // Token, label, id, private, sensitive, encrypt, decrypt, extractable, length.
          long[] types = {0x1, 0x3, 0x102, 0x2, 0x103, 0x104, 0x105, 0x162, 0x161};
          MemorySegment attributes = arena.allocate(24L * types.length, 8);
          for (int i = 0; i < types.length; i++) {
            Session.attribute(attributes, i, types[i], values.get(i));
          }
          MemorySegment mechanism = arena.allocate(24, 8);
          long aesKeyGen = 0x1080;
          mechanism.set(JAVA_LONG, 0, aesKeyGen);
          cryptoki.call(
              GENERATE_KEY,
              session,
              mechanism,
              attributes,
              (long) types.length,
              arena.allocate(JAVA_LONG));
        });
  }

  void destroyKey(String token, String label, String id) throws Refused {
    asUser(
        token,
        (arena, session) -> {
          for (Session.Key key : new Session(library, session).keys(label)) {
            if (key.id().equals(id)) {
              cryptoki.call(DESTROY_OBJECT, session, key.handle());
            }
          }
        });
  }

  /** Whether that key is there, without the provider. */
  int keys(String token, String label) throws Refused {
    var found = new ArrayList<Session.Key>();
    asUser(token, (arena, session) -> found.addAll(new Session(library, session).keys(label)));
    return found.size();
  }

  void changePin(String token, String from, String to) throws Refused {
    library.whileRunning(() -> {
      try (Arena arena = Arena.ofConfined()) {
        long session = session(arena, slot(token));
        MemorySegment old = text(arena, from);
        MemorySegment changed = text(arena, to);
        cryptoki.call(SET_PIN, session, old, old.byteSize(), changed, changed.byteSize());
        cryptoki.call(Cryptoki.CLOSE_SESSION, session);
        return true;
      }
    });
  }

  /** What a token that restarts does to those who use it. */
  void loseAllSessions(String token) throws Refused {
    library.whileRunning(() -> {
      cryptoki.call(CLOSE_ALL_SESSIONS, slot(token));
      return true;
    });
  }

  void logOut(String token) throws Refused {
    asUser(token, (arena, session) -> cryptoki.call(LOGOUT, session));
  }

  void end() throws Refused {
    cryptoki.call(Cryptoki.FINALIZE, MemorySegment.NULL);
  }

  long slot(String token) throws Refused {
    return library.whileRunning(() -> {
      for (long slot : library.slots()) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment info = arena.allocate(256, 8);
          cryptoki.call(Cryptoki.GET_TOKEN_INFO, slot, info);
          byte[] label = info.asSlice(0, 32).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
          if (new String(label, UTF_8).strip().equals(token)) {
            return slot;
          }
        }
      }
      throw new IllegalStateException("There is no token " + token + ".");
    });
  }

  private long session(Arena arena, long slot) throws Refused {
    MemorySegment session = arena.allocate(JAVA_LONG);
    cryptoki.call(
        Cryptoki.OPEN_SESSION, slot, READ_WRITE, MemorySegment.NULL, MemorySegment.NULL, session);
    return session.get(JAVA_LONG, 0);
  }

  private static MemorySegment text(Arena arena, String text) {
    return Session.bytes(arena, text.getBytes(UTF_8));
  }
}
