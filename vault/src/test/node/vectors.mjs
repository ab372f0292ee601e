// The vault's formats, written a second time from their description, in another language.
// "node vectors.mjs" prints the values that the Java tests hold as constants;
// "node vectors.mjs open <hex>" opens a record that the vault sealed with the same key and context.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

const utf8 = (text) => Buffer.from(text, "utf8");
const hex = (text) => Buffer.from(text, "hex");
const counting = (first, length) => Buffer.from(Array.from({ length }, (_, i) => (first + i) & 255));
const hkdf = (key, salt, info, length) => Buffer.from(hkdfSync("sha256", key, salt, info, length));
const lengthPrefixed = (...fields) =>
  Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
const encrypt = (key, nonce, associated, plaintext) => {
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(associated);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
};
const decrypt = (key, nonce, associated, box) => {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(associated);
  decipher.setAuthTag(box.subarray(-16));
  return Buffer.concat([decipher.update(box.subarray(0, -16)), decipher.final()]);
};

const dataKey = counting(0x00, 32);
const salt = counting(0x80, 32);
const account = utf8("acct-Zürich");
const context = lengthPrefixed(account, utf8("vapi-key"), utf8("record-1"));
const dataKeyId = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
const header = Buffer.concat([utf8("GRFT"), Buffer.from([1, 1]), hex(dataKeyId.replaceAll("-", ""))]);
const binding = Buffer.concat([lengthPrefixed(header), context]);
const zeroNonce = Buffer.alloc(12);

function seal(plaintext) {
  const derived = hkdf(dataKey, salt, binding, 64);
  const box = encrypt(derived.subarray(0, 32), zeroNonce, binding, plaintext);
  return Buffer.concat([header, salt, derived.subarray(32), box]);
}

function open(record) {
  if (!record.subarray(0, 22).equals(header)) throw new Error("another header");
  const derived = hkdf(dataKey, record.subarray(22, 54), binding, 64);
  if (!timingSafeEqual(derived.subarray(32), record.subarray(54, 86))) throw new Error("commitment");
  return decrypt(derived.subarray(0, 32), zeroNonce, binding, record.subarray(86));
}

if (process.argv[2] === "open") {
  console.log(open(hex(process.argv[3])).toString("utf8"));
} else {
  const masterKey = counting(0x40, 32);
  const label = (text) => lengthPrefixed(utf8(text));
  const none = Buffer.alloc(0);
  const wrapNonce = counting(0xc0, 12);
  const wrapping = hkdf(masterKey, none, label("graft data key wrapping"), 32);
  const wrapContext = lengthPrefixed(account, utf8("data-key"), utf8(dataKeyId));
  const fingerprintKey = hkdf(dataKey, none, label("graft fingerprint"), 32);

  console.log("record       " + seal(utf8("a key that opens doors")).toString("hex"));
  console.log("master key   " + masterKey.toString("hex"));
  console.log("its id       " + hkdf(masterKey, none, label("graft master key id"), 8).toString("hex"));
  console.log("wrapped key  " + Buffer.concat([Buffer.from([1]), wrapNonce, encrypt(wrapping, wrapNonce, wrapContext, dataKey)]).toString("hex"));
  console.log("fingerprint  " + createHmac("sha256", fingerprintKey).update("a key that opens doors").digest("hex"));

  // As the original product did it.
  const iv = counting(0x20, 16);
  const cipher = createCipheriv("aes-256-gcm", masterKey, iv);
  const ciphertext = cipher.update("vapi-schlüssel-1", "utf8", "hex") + cipher.final("hex");
  console.log("original     " + iv.toString("hex") + ":" + cipher.getAuthTag().toString("hex") + ":" + ciphertext);
}
