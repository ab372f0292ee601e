package dev.graft.vault;

import java.util.UUID;

/**
 * Values made by another program in another language, from the written formats alone. They stand
 * for every record that was ever stored: if one of them no longer opens, neither do those.
 *
 * <pre>cd vault/src/test/node && node vectors.mjs</pre>
 *
 * (node v20.20.2, OpenSSL 3.0.19)
 */
final class Vectors {
  static final byte[] DATA_KEY = Fixtures.counting(0x00, 32);
  static final byte[] SALT = Fixtures.counting(0x80, 32);
  static final UUID DATA_KEY_ID = UUID.fromString("0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0");
  static final Context CONTEXT = new Context("acct-Zürich", "vapi-key", "record-1");
  static final String PLAINTEXT = "a key that opens doors";

  static final byte[] RECORD =
      Fixtures.hex(
          "4752465401010f1e2d3c4b5a49788796a5b4c3d2e1f0808182838485868788898a8b8c8d8e8f909192939495"
              + "969798999a9b9c9d9e9fd85c9ed090c1af8bb0fa2854bddddc48394fe3a3cecc050ec3c2d1f0c2f97e"
              + "e39293c3510c36ef08b2f23b72d218f099d47aa4f44535766cba13441f85d409136b71e8c82d49");

  static final String MASTER_KEY_DIGITS =
      "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
  static final MasterKey MASTER_KEY = MasterKey.of(Secret.copyOf(MASTER_KEY_DIGITS));
  static final String MASTER_KEY_ID = "e5ef2d0ade99d55e";

  static final byte[] WRAPPED_DATA_KEY =
      Fixtures.hex(
          "01c0c1c2c3c4c5c6c7c8c9cacbd61a5e0c9d4b1e5bcd8b1eed7f5f5aa0de956ec6dd4939831858b931e2b2ec"
              + "9cc18ec4e4fb07f8f36fc1ebb02da78eba");

  static final String FINGERPRINT =
      "d1e13209f9d6a9b0eac759a86b8928d3fc162428cedf79f887320b63d757c7a9";

  static final String ORIGINAL =
      "202122232425262728292a2b2c2d2e2f:03281e469da633e35fa19d5d9c8b015e"
          + ":c8299b017f73ff5863fbc73f0a82c7dde3";
  static final String ORIGINAL_PLAINTEXT = "vapi-schlüssel-1";

  private Vectors() {}
}
