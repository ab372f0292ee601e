package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.graft.vault.Secret;
import dev.graft.vault.SecretAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A PKCS#11 library at work in this process, of which there is one however many providers use it:
 * its start, its sessions, who is logged in where, and the threads that call it. What it does
 * cannot be interrupted, so it is done on threads of its own, and who waits for it stops waiting
 * when his time is up.
 */
final class Library {
  /** More at once than any token does, and few enough for the smallest. */
  private static final int SESSIONS = 8;

  private static final long SERIAL_SESSION = 4;
  private static final long USER = 1;

  private final Cryptoki cryptoki;
  private final Semaphore free = new Semaphore(SESSIONS, true);
  private final ExecutorService threads =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          30,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("pkcs11-", 1).factory());

  /** Read while the library works, written while it starts anew. */
  private final ReadWriteLock running = new ReentrantReadWriteLock();

  private final Object logins = new Object();
  private final Map<Long, Secret> loggedIn = new HashMap<>();
  private final Map<Long, Secret> refusedPins = new HashMap<>();
  private final Map<Long, Deque<Long>> idle = new HashMap<>();
  private boolean started;
  private boolean startedHere;
  private volatile int starts;

  Library(Cryptoki cryptoki) {
    this.cryptoki = cryptoki;
  }

  Cryptoki cryptoki() {
    return cryptoki;
  }

  /** What is done with the library. */
  interface Work<T extends @Nullable Object> {
    T done() throws Refused;
  }

  /** How often the library was started: what was learnt before the last start holds no more. */
  int starts() {
    return starts;
  }

  /**
   * Does it on a thread of the library's.
   *
   * @throws TimeoutException if it is not done by then; it goes on, and keeps its thread
   */
  <T> T onItsThread(Work<T> work, long deadline)
      throws Refused, TimeoutException, InterruptedException {
    if (!free.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      throw new TimeoutException();
    }
    Future<T> result;
    try {
      result =
          threads.submit(() -> {
            try {
              return work.done();
            } finally {
              free.release();
            }
          });
    } catch (RuntimeException | Error e) {
      free.release();
      throw e;
    }
    try {
      return result.get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Refused refused -> throw refused;
        case RuntimeException unexpected -> throw unexpected;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (CancellationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Does it while the library runs, starting it before if need be. */
  <T extends @Nullable Object> T whileRunning(Work<T> work) throws Refused {
    while (true) {
      running.readLock().lock();
      try {
        if (started) {
          return work.done();
        }
      } finally {
        running.readLock().unlock();
      }
      startAnew(starts);
    }
  }

  /** Ends what was begun since that start and starts once more, unless another has done so. */
  void startAnew(int since) throws Refused {
    if (!isStoppedInTime()) {
      // A call that never ends: the library is not taken away under it.
      throw new Refused(Cryptoki.FINALIZE.name(), Refused.FUNCTION_FAILED);
    }
    try {
      if (starts != since) {
        return;
      }
      if (started && startedHere) {
        try {
          cryptoki.call(Cryptoki.FINALIZE, MemorySegment.NULL);
        } catch (Refused e) {
          // It had ended itself.
        }
      }
      started = false;
      starts = since + 1;
      synchronized (logins) {
        loggedIn.clear();
        idle.clear();
      }
      initialize();
      started = true;
    } finally {
      running.writeLock().unlock();
    }
  }

  private boolean isStoppedInTime() {
    try {
      return running.writeLock().tryLock(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void initialize() throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      // CK_C_INITIALIZE_ARGS: four functions of ours that there are not, flags, reserved.
      MemorySegment arguments = arena.allocate(48, 8);
      long osLockingIsFine = 2;
      arguments.set(JAVA_LONG, 32, osLockingIsFine);
      cryptoki.call(Cryptoki.INITIALIZE, arguments);
      startedHere = true;
    } catch (Refused e) {
      if (e.code() != Refused.ALREADY_INITIALIZED) {
        throw e;
      }
      // Somebody else in this process has it, and must not lose it by us.
      startedHere = false;
    }
  }

  /** A session of the token in that slot, logged in. */
  long session(long slot, Secret pin) throws Refused {
    synchronized (logins) {
      Secret known = loggedIn.get(slot);
      Long waiting = idle.computeIfAbsent(slot, any -> new ArrayDeque<>()).poll();
      if (waiting != null && pin.equals(known)) {
        return waiting;
      }
      long session = waiting == null ? opened(slot) : waiting;
      try {
        login(session, slot, pin);
        return session;
      } catch (Refused e) {
        close(session);
        throw e;
      }
    }
  }

  private long opened(long slot) throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment session = arena.allocate(JAVA_LONG);
      cryptoki.call(
          Cryptoki.OPEN_SESSION,
          slot,
          SERIAL_SESSION,
          MemorySegment.NULL,
          MemorySegment.NULL,
          session);
      return session.get(JAVA_LONG, 0);
    }
  }

  /**
   * A token knows one login for the whole process, and once there is one some take any PIN for
   * good. So with a PIN that is another than the one that logged in, everything begins anew, and
   * the token judges. One that it refused is not shown again, since a token locks itself after a
   * few.
   */
  private void login(long session, long slot, Secret pin) throws Refused {
    if (pin.equals(refusedPins.get(slot))) {
      throw new Refused(Cryptoki.LOGIN.name(), Refused.PIN_INCORRECT);
    }
    Secret known = loggedIn.get(slot);
    if (known != null && isUsers(session)) {
      if (known.equals(pin)) {
        return;
      }
      throw new Refused(Cryptoki.LOGIN.name(), Refused.USER_NOT_LOGGED_IN);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment shown = arena.allocate(256);
      try {
        int length =
            pin.reveal(
                SecretAccess.of("logging in at a PKCS#11 token"),
                bytes -> {
                  int most = Math.min(bytes.length, 256);
                  MemorySegment.copy(MemorySegment.ofArray(bytes), 0, shown, 0, most);
                  return most;
                });
        cryptoki.call(Cryptoki.LOGIN, session, USER, shown, (long) length);
      } finally {
        shown.fill((byte) 0);
      }
      loggedIn.put(slot, pin);
    } catch (Refused e) {
      if (e.code() == Refused.USER_ALREADY_LOGGED_IN) {
        // By another part of this process, so that nothing is known of the PIN.
        return;
      }
      if (e.code() == Refused.PIN_INCORRECT) {
        refusedPins.put(slot, pin);
      }
      throw e;
    }
  }

  /** Whether the session is one of a user who is logged in, CKS_RO_USER_FUNCTIONS. */
  boolean isUsers(long session) throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      // CK_SESSION_INFO: slot, state, flags, device error.
      MemorySegment info = arena.allocate(32, 8);
      cryptoki.call(Cryptoki.GET_SESSION_INFO, session, info);
      return info.get(JAVA_LONG, 8) == 1;
    }
  }

  /** For the next who needs one of that slot. */
  void giveBack(long slot, long session) {
    synchronized (logins) {
      idle.computeIfAbsent(slot, any -> new ArrayDeque<>()).push(session);
    }
  }

  void close(long session) {
    try {
      cryptoki.call(Cryptoki.CLOSE_SESSION, session);
    } catch (Refused e) {
      // It is gone, which is what was wanted.
    }
  }

  /** The slots that have a token in them. */
  long[] slots() throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_LONG);
      byte withToken = 1;
      cryptoki.call(Cryptoki.GET_SLOT_LIST, withToken, MemorySegment.NULL, count);
      // One more, for a token that comes in between.
      long most = count.get(JAVA_LONG, 0) + 1;
      count.set(JAVA_LONG, 0, most);
      MemorySegment slots = arena.allocate(JAVA_LONG, most);
      cryptoki.call(Cryptoki.GET_SLOT_LIST, withToken, slots, count);
      return slots.asSlice(0, 8 * count.get(JAVA_LONG, 0)).toArray(JAVA_LONG);
    }
  }
}
