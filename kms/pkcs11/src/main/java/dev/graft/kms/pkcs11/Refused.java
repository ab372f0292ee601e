package dev.graft.kms.pkcs11;

import java.util.Map;
import java.util.Set;

/** A library's own code for what it did not do. */
class Refused extends Exception {
  static final long GENERAL_ERROR = 0x5;
  static final long MECHANISM_INVALID = 0x70;
  static final long MECHANISM_PARAM_INVALID = 0x71;
  static final long PIN_INCORRECT = 0xa0;
  static final long TOKEN_NOT_PRESENT = 0xe0;
  static final long USER_ALREADY_LOGGED_IN = 0x100;
  static final long USER_NOT_LOGGED_IN = 0x101;
  static final long ALREADY_INITIALIZED = 0x191;
  static final long FUNCTION_FAILED = 0x6;

  private static final Map<Long, String> NAMES =
      Map.ofEntries(
          Map.entry(0x2L, "CKR_HOST_MEMORY"),
          Map.entry(0x3L, "CKR_SLOT_ID_INVALID"),
          Map.entry(GENERAL_ERROR, "CKR_GENERAL_ERROR"),
          Map.entry(FUNCTION_FAILED, "CKR_FUNCTION_FAILED"),
          Map.entry(0x7L, "CKR_ARGUMENTS_BAD"),
          Map.entry(0x20L, "CKR_DATA_INVALID"),
          Map.entry(0x30L, "CKR_DEVICE_ERROR"),
          Map.entry(0x31L, "CKR_DEVICE_MEMORY"),
          Map.entry(0x32L, "CKR_DEVICE_REMOVED"),
          Map.entry(0x40L, "CKR_ENCRYPTED_DATA_INVALID"),
          Map.entry(0x41L, "CKR_ENCRYPTED_DATA_LEN_RANGE"),
          Map.entry(0x42L, "CKR_AEAD_DECRYPT_FAILED"),
          Map.entry(0x54L, "CKR_FUNCTION_NOT_SUPPORTED"),
          Map.entry(0x60L, "CKR_KEY_HANDLE_INVALID"),
          Map.entry(0x63L, "CKR_KEY_TYPE_INCONSISTENT"),
          Map.entry(0x68L, "CKR_KEY_FUNCTION_NOT_PERMITTED"),
          Map.entry(MECHANISM_INVALID, "CKR_MECHANISM_INVALID"),
          Map.entry(MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID"),
          Map.entry(0x82L, "CKR_OBJECT_HANDLE_INVALID"),
          Map.entry(0x90L, "CKR_OPERATION_ACTIVE"),
          Map.entry(PIN_INCORRECT, "CKR_PIN_INCORRECT"),
          Map.entry(0xa2L, "CKR_PIN_LEN_RANGE"),
          Map.entry(0xa3L, "CKR_PIN_EXPIRED"),
          Map.entry(0xa4L, "CKR_PIN_LOCKED"),
          Map.entry(0xb0L, "CKR_SESSION_CLOSED"),
          Map.entry(0xb1L, "CKR_SESSION_COUNT"),
          Map.entry(0xb3L, "CKR_SESSION_HANDLE_INVALID"),
          Map.entry(TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT"),
          Map.entry(0xe1L, "CKR_TOKEN_NOT_RECOGNIZED"),
          Map.entry(USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN"),
          Map.entry(USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"),
          Map.entry(0x102L, "CKR_USER_PIN_NOT_INITIALIZED"),
          Map.entry(0x190L, "CKR_CRYPTOKI_NOT_INITIALIZED"),
          Map.entry(ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED"));

  private static final Set<Long> OF_THE_PIN = Set.of(PIN_INCORRECT, 0xa2L, 0xa3L, 0xa4L, 0x102L);

  /** After these a new session, on a library that starts anew, may well do. */
  private static final Set<Long> LOST =
      Set.of(
          0x3L,
          GENERAL_ERROR,
          FUNCTION_FAILED,
          0x30L,
          0x31L,
          0x32L,
          0x60L,
          0x82L,
          0x90L,
          0xb0L,
          0xb3L,
          TOKEN_NOT_PRESENT,
          0xe1L,
          0x101L,
          0x190L);

  private static final Set<Long> OF_THE_DATA = Set.of(0x20L, 0x21L, 0x40L, 0x41L, 0x42L, 0xc0L);

  private final String function;
  private final long code;

  Refused(String function, long code) {
    super(function + " answered " + NAMES.getOrDefault(code, "0x" + Long.toHexString(code)));
    this.function = function;
    this.code = code;
  }

  String function() {
    return function;
  }

  long code() {
    return code;
  }

  boolean isOfThePin() {
    return OF_THE_PIN.contains(code);
  }

  boolean isLost() {
    return LOST.contains(code);
  }

  /** That what was to be decrypted was changed, or belongs elsewhere. */
  boolean isOfTheData() {
    return OF_THE_DATA.contains(code);
  }

  /** Some tokens say this of changed data, and all say it of themselves. */
  boolean mayBeOfTheData() {
    return code == GENERAL_ERROR || code == FUNCTION_FAILED;
  }
}
