package dev.graft.kms.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** What is done in one session: finding keys, and AES-GCM under one of them. */
final class Session {
  static final int NONCE_BYTES = 12;
  static final int TAG_BYTES = 16;

  private static final long CLASS = 0x0;
  private static final long TOKEN = 0x1;
  private static final long LABEL = 0x3;
  private static final long KEY_TYPE = 0x100;
  private static final long ID = 0x102;
  private static final long SENSITIVE = 0x103;
  private static final long VALUE_LEN = 0x161;
  private static final long EXTRACTABLE = 0x162;
  private static final long SECRET_KEY = 4;
  private static final long AES = 0x1f;
  private static final long AES_GCM = 0x1087;
  private static final int ATTRIBUTE_BYTES = 24;
  private static final int MOST_KEYS = 256;

  private final Library library;
  private final Cryptoki cryptoki;
  private final long session;

  Session(Library library, long session) {
    this.library = library;
    this.cryptoki = library.cryptoki();
    this.session = session;
  }

  /** A key on the token, by its handle in this session, and its id in hexadecimal digits. */
  record Key(long handle, String id) {}

  /** All keys of that label, in no order. */
  List<Key> keys(String label) throws Refused {
    var keys = new ArrayList<Key>();
    for (long handle : found(label)) {
      keys.add(new Key(handle, HexFormat.of().formatHex(bytes(handle, ID))));
    }
    if (keys.isEmpty() && !library.isUsers(session)) {
      // To whom is not logged in, private keys do not show.
      throw new Refused(Cryptoki.FIND_OBJECTS.name(), Refused.USER_NOT_LOGGED_IN);
    }
    return keys;
  }

  private long[] found(String label) throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment wanted = arena.allocate(3 * ATTRIBUTE_BYTES, 8);
      attribute(wanted, 0, CLASS, ulong(arena, SECRET_KEY));
      attribute(wanted, 1, TOKEN, bytes(arena, new byte[] {1}));
      attribute(wanted, 2, LABEL, bytes(arena, label.getBytes(UTF_8)));
      cryptoki.call(Cryptoki.FIND_OBJECTS_INIT, session, wanted, 3L);
      MemorySegment handles = arena.allocate(JAVA_LONG, MOST_KEYS);
      MemorySegment count = arena.allocate(JAVA_LONG);
      int total = 0;
      // A token may give fewer at a time than it is asked for.
      do {
        cryptoki.call(
            Cryptoki.FIND_OBJECTS,
            session,
            handles.asSlice(8L * total),
            (long) MOST_KEYS - total,
            count);
        total += (int) count.get(JAVA_LONG, 0);
      } while (count.get(JAVA_LONG, 0) > 0 && total < MOST_KEYS);
      cryptoki.call(Cryptoki.FIND_OBJECTS_FINAL, session);
      return handles.asSlice(0, 8L * total).toArray(JAVA_LONG);
    }
  }

  /** Whether it is a 256-bit AES key. */
  boolean isAes256(Key key) throws Refused {
    return number(key.handle(), KEY_TYPE) == AES && number(key.handle(), VALUE_LEN) == 32;
  }

  /** Whether the token gives it to nobody, neither in clear nor wrapped. */
  boolean staysInside(Key key) throws Refused {
    return isTrue(key.handle(), SENSITIVE) && !isTrue(key.handle(), EXTRACTABLE);
  }

  private boolean isTrue(long handle, long type) throws Refused {
    byte[] value = bytes(handle, type);
    return value.length == 1 && value[0] != 0;
  }

  private long number(long handle, long type) throws Refused {
    byte[] value = bytes(handle, type);
    return value.length == 8
        ? MemorySegment.ofArray(value).get(JAVA_LONG.withByteAlignment(1), 0)
        : -1;
  }

  private byte[] bytes(long handle, long type) throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      int most = 256;
      MemorySegment asked = arena.allocate(ATTRIBUTE_BYTES, 8);
      MemorySegment value = arena.allocate(most);
      attribute(asked, 0, type, value);
      cryptoki.call(Cryptoki.GET_ATTRIBUTE_VALUE, session, handle, asked, 1L);
      long length = asked.get(JAVA_LONG, 16);
      return length < 0 || length > most
          ? new byte[0]
          : value.asSlice(0, length).toArray(JAVA_BYTE);
    }
  }

  /**
   * Encrypts with that nonce; all zeros leave it to the token to write its own in its place. What
   * comes back is the nonce used, and then the ciphertext with its tag.
   */
  byte[] encrypt(Key key, byte[] nonce, byte[] bound, byte[] plaintext) throws Refused {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment usedNonce = bytes(arena, nonce);
      cryptoki.call(Cryptoki.ENCRYPT_INIT, session, gcm(arena, usedNonce, bound), key.handle());
      byte[] ciphertext =
          processed(arena, Cryptoki.ENCRYPT, plaintext, plaintext.length + TAG_BYTES);
      return ByteBuffer.allocate(NONCE_BYTES + ciphertext.length)
          .put(usedNonce.toArray(JAVA_BYTE))
          .put(ciphertext)
          .array();
    }
  }

  /** Decrypts what {@link #encrypt} gave. */
  byte[] decrypt(Key key, byte[] bound, byte[] sealed) throws Refused {
    byte[] nonce = Arrays.copyOf(sealed, NONCE_BYTES);
    byte[] ciphertext = Arrays.copyOfRange(sealed, NONCE_BYTES, sealed.length);
    try (Arena arena = Arena.ofConfined()) {
      cryptoki.call(
          Cryptoki.DECRYPT_INIT, session, gcm(arena, bytes(arena, nonce), bound), key.handle());
      return processed(arena, Cryptoki.DECRYPT, ciphertext, ciphertext.length);
    }
  }

  /** The whole in one go, as GCM must be, since a plaintext before its tag is nobody's business. */
  private byte[] processed(Arena arena, Cryptoki.Function function, byte[] given, int most)
      throws Refused {
    // Some tokens want room for more than they write.
    MemorySegment out = arena.allocate(most + 64L);
    MemorySegment in = bytes(arena, given);
    try {
      MemorySegment length = ulong(arena, out.byteSize());
      cryptoki.call(function, session, in, in.byteSize(), out, length);
      long written = Math.clamp(length.get(JAVA_LONG, 0), 0, out.byteSize());
      return out.asSlice(0, written).toArray(JAVA_BYTE);
    } finally {
      in.fill((byte) 0);
      out.fill((byte) 0);
    }
  }

  /**
   * CK_MECHANISM with its CK_GCM_PARAMS: nonce, its bytes, its bits; bound, its bytes; tag bits.
   */
  private static MemorySegment gcm(Arena arena, MemorySegment nonce, byte[] bound) {
    MemorySegment parameters = arena.allocate(48, 8);
    parameters.set(ADDRESS, 0, nonce);
    parameters.set(JAVA_LONG, 8, nonce.byteSize());
    parameters.set(JAVA_LONG, 16, 8 * nonce.byteSize());
    parameters.set(ADDRESS, 24, bytes(arena, bound));
    parameters.set(JAVA_LONG, 32, bound.length);
    parameters.set(JAVA_LONG, 40, 8 * TAG_BYTES);
    MemorySegment mechanism = arena.allocate(24, 8);
    mechanism.set(JAVA_LONG, 0, AES_GCM);
    mechanism.set(ADDRESS, 8, parameters);
    mechanism.set(JAVA_LONG, 16, parameters.byteSize());
    return mechanism;
  }

  /** CK_ATTRIBUTE: type, where its value is, and how long it is. */
  static void attribute(MemorySegment attributes, int index, long type, MemorySegment value) {
    long at = (long) index * ATTRIBUTE_BYTES;
    attributes.set(JAVA_LONG, at, type);
    attributes.set(ADDRESS, at + 8, value);
    attributes.set(JAVA_LONG, at + 16, value.byteSize());
  }

  static MemorySegment ulong(Arena arena, long value) {
    MemorySegment number = arena.allocate(JAVA_LONG);
    number.set(JAVA_LONG, 0, value);
    return number;
  }

  static MemorySegment bytes(Arena arena, byte[] value) {
    MemorySegment copy = arena.allocate(Math.max(1, value.length), 8).asSlice(0, value.length);
    MemorySegment.copy(MemorySegment.ofArray(value), 0, copy, 0, value.length);
    return copy;
  }

  /** Whether nobody has written a nonce before that ciphertext. */
  static boolean isWithoutNonce(byte[] sealed) {
    return Arrays.equals(Arrays.copyOf(sealed, NONCE_BYTES), new byte[NONCE_BYTES]);
  }
}
