package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real library with some of its functions gone through Java code first, which can do what a token
 * in hardware does: fail, hang, or have a will of its own.
 */
@SuppressWarnings("restricted")
final class MeddledLibrary {
  /** What happens instead. */
  interface Behaviour {
    long call(Real real, Object[] arguments) throws Exception;
  }

  /** The function as it is. */
  interface Real {
    long call();
  }

  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
  private final Library library;

  MeddledLibrary(Cryptoki real, List<Cryptoki.Function> functions) {
    MemorySegment list = Arena.global().allocate(Cryptoki.LIST_BYTES, 8);
    MemorySegment.copy(real.functions(), 0, list, 0, Cryptoki.LIST_BYTES);
    for (Cryptoki.Function function : functions) {
      list.set(ADDRESS, 8 + 8L * function.place(), stub(real, function));
    }
    library = new Library(new Cryptoki(list));
  }

  Library library() {
    return library;
  }

  void make(Cryptoki.Function function, Behaviour behaviour) {
    behaviours.put(function.name(), behaviour);
  }

  void asItIs() {
    behaviours.clear();
  }

  int callsOf(Cryptoki.Function function) {
    return calls.computeIfAbsent(function.name(), any -> new AtomicInteger()).get();
  }

  // Called by C, through the handle below.
  long called(Cryptoki real, Cryptoki.Function function, Object[] arguments) {
    calls.computeIfAbsent(function.name(), any -> new AtomicInteger()).incrementAndGet();
    Real itself =
        () -> {
          try {
            real.call(function, arguments);
            return 0;
          } catch (Refused e) {
            return e.code();
          }
        };
    try {
      Behaviour behaviour = behaviours.get(function.name());
      return behaviour == null ? itself.call() : behaviour.call(itself, arguments);
    } catch (Exception e) {
      return Refused.FUNCTION_FAILED;
    }
  }

  private MemorySegment stub(Cryptoki real, Cryptoki.Function function) {
    try {
      MethodHandle called =
          MethodHandles.lookup()
              .findVirtual(
                  MeddledLibrary.class,
                  "called",
                  MethodType.methodType(
                      long.class, Cryptoki.class, Cryptoki.Function.class, Object[].class));
      List<Class<?>> types =
          function.arguments().stream()
              .<Class<?>>map(layout -> ((ValueLayout) layout).carrier())
              .toList();
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.insertArguments(called, 0, this, real, function)
                  .asCollector(Object[].class, types.size())
                  .asType(MethodType.methodType(long.class, types)),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG, function.arguments().toArray(MemoryLayout[]::new)),
              Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
