package dev.graft.server;

/**
 * A key as the product that Graft comes from kept it, made by another program:
 *
 * <pre>
 * node -e 'const c = require("crypto"), iv = Buffer.from("00112233445566778899aabbccddeeff", "hex");
 *   const x = c.createCipheriv("aes-256-gcm", Buffer.from("40".repeat(32), "hex"), iv);
 *   const t = x.update("d1a5c9e4-0b7f-4c3e-9a56-2f8e1b6d7c31", "utf8", "hex") + x.final("hex");
 *   console.log(iv.toString("hex") + ":" + x.getAuthTag().toString("hex") + ":" + t)'
 * </pre>
 */
final class OriginalRecords {
  static final String MASTER_KEY = "40".repeat(32);
  static final String API_KEY = "d1a5c9e4-0b7f-4c3e-9a56-2f8e1b6d7c31";
  static final String RECORD =
      "00112233445566778899aabbccddeeff:4d49398d8c4a012c115ad7de12d107cb"
          + ":e8492cec6306d48b6b14f2ace54ec707fc6a0c33d44e0700039640a11a01423bf83757df";

  private OriginalRecords() {}
}
