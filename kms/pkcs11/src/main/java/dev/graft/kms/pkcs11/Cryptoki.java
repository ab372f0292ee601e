package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The functions of one PKCS#11 library, as the standard's C header declares them for a Unix of 64
 * bits: {@code CK_ULONG} has eight bytes, and structures are laid out by the C compiler's rules.
 */
// Calling C is restricted, as it must be; this is the one class that does.
@SuppressWarnings("restricted")
final class Cryptoki {
  /** A function: its place in {@code CK_FUNCTION_LIST}, which never changes, and its arguments. */
  record Function(String name, int place, List<MemoryLayout> arguments) {
    Function(String name, int place, MemoryLayout... arguments) {
      this(name, place, List.of(arguments));
    }
  }

  static final Function INITIALIZE = new Function("C_Initialize", 0, ADDRESS);
  static final Function FINALIZE = new Function("C_Finalize", 1, ADDRESS);
  static final Function GET_SLOT_LIST =
      new Function("C_GetSlotList", 4, JAVA_BYTE, ADDRESS, ADDRESS);
  static final Function GET_TOKEN_INFO = new Function("C_GetTokenInfo", 6, JAVA_LONG, ADDRESS);
  static final Function OPEN_SESSION =
      new Function("C_OpenSession", 12, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS);
  static final Function CLOSE_SESSION = new Function("C_CloseSession", 13, JAVA_LONG);
  static final Function GET_SESSION_INFO = new Function("C_GetSessionInfo", 15, JAVA_LONG, ADDRESS);
  static final Function LOGIN =
      new Function("C_Login", 18, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
  static final Function GET_ATTRIBUTE_VALUE =
      new Function("C_GetAttributeValue", 24, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
  static final Function FIND_OBJECTS_INIT =
      new Function("C_FindObjectsInit", 26, JAVA_LONG, ADDRESS, JAVA_LONG);
  static final Function FIND_OBJECTS =
      new Function("C_FindObjects", 27, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);
  static final Function FIND_OBJECTS_FINAL = new Function("C_FindObjectsFinal", 28, JAVA_LONG);
  static final Function ENCRYPT_INIT =
      new Function("C_EncryptInit", 29, JAVA_LONG, ADDRESS, JAVA_LONG);
  static final Function ENCRYPT =
      new Function("C_Encrypt", 30, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
  static final Function DECRYPT_INIT =
      new Function("C_DecryptInit", 33, JAVA_LONG, ADDRESS, JAVA_LONG);
  static final Function DECRYPT =
      new Function("C_Decrypt", 34, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);

  /** The list has its version first, and then 68 functions. */
  static final long LIST_BYTES = 8 + 68 * 8;

  private final MemorySegment functions;
  private final Map<Function, MethodHandle> handles = new ConcurrentHashMap<>();

  Cryptoki(MemorySegment functions) {
    this.functions = functions.reinterpret(LIST_BYTES);
  }

  /**
   * Loads a library for as long as this process runs.
   *
   * @throws IllegalArgumentException if there is none, or it speaks no PKCS#11; the message
   *     completes the sentence "it cannot be loaded: ..."
   */
  static Cryptoki load(Path library) {
    if (Linker.nativeLinker().canonicalLayouts().get("long") instanceof MemoryLayout ulong
        && ulong.byteSize() != Long.BYTES) {
      throw new IllegalArgumentException("this works on a Unix of 64 bits only");
    }
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    MemorySegment list =
        symbols
            .find("C_GetFunctionList")
            .orElseThrow(() ->
                new IllegalArgumentException("it has no C_GetFunctionList, so it is not PKCS#11"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(ADDRESS);
      MethodHandle get =
          Linker.nativeLinker().downcallHandle(list, FunctionDescriptor.of(JAVA_LONG, ADDRESS));
      if (called(get, List.of(found)) != 0 || found.get(ADDRESS, 0).address() == 0) {
        throw new IllegalArgumentException("its C_GetFunctionList gives no functions");
      }
      return new Cryptoki(found.get(ADDRESS, 0));
    }
  }

  /** Where the list of functions is. */
  MemorySegment functions() {
    return functions;
  }

  void call(Function function, Object... arguments) throws Refused {
    long code = called(handles.computeIfAbsent(function, this::handle), List.of(arguments));
    if (code != 0) {
      throw new Refused(function.name(), code);
    }
  }

  private MethodHandle handle(Function function) {
    return Linker.nativeLinker()
        .downcallHandle(
            functions.get(ADDRESS, 8 + 8L * function.place()),
            FunctionDescriptor.of(JAVA_LONG, function.arguments().toArray(MemoryLayout[]::new)));
  }

  private static long called(MethodHandle function, List<Object> arguments) {
    try {
      return (long) function.invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("A C function threw.", e);
    }
  }
}
