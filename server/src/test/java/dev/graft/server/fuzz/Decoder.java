package dev.graft.server.fuzz;

import dev.graft.core.audit.Checkpoint;
import dev.graft.core.audit.HostileLines;
import dev.graft.core.json.Canonical;
import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.core.json.Place;
import dev.graft.core.kind.Address;
import dev.graft.core.kind.ObjectId;
import dev.graft.core.template.TemplateReader;
import dev.graft.core.template.Version;
import dev.graft.server.access.HostileTokens;
import dev.graft.server.signing.HostileSignatures;
import dev.graft.vapi.Trace;
import dev.graft.vault.Context;
import dev.graft.vault.DataKey;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.LocalKeyProvider;
import dev.graft.vault.MasterKey;
import dev.graft.vault.OriginalRecord;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Everything that reads what came from outside. Whatever it is given, it may only say what it
 * documents; and nothing sealed or signed may be believed that was changed.
 */
@SuppressWarnings("ImmutableEnumChecker")
enum Decoder {
  ENVELOPE(List.of(Sealing.RECORD), Sealing::open, VaultException.class),
  WRAPPED_DATA_KEY(
      List.of(Sealing.DATA_KEY.wrapped().bytes()), Sealing::unwrap, VaultException.class),
  ORIGINAL_RECORD(
      texts(
          "0f1e2d3c4b5a69788796a5b4c3d2e1f0:9a1c5be27d3f40618274a5b6c7d8e9f0:6b1f0c4e8a2d57933c",
          "::"),
      bytes -> OriginalRecord.open(text(bytes), Sealing.DIGITS),
      VaultException.class),
  MASTER_KEY(
      texts("00".repeat(32), "zz"),
      bytes -> MasterKey.of(Secret.copyOf(text(bytes))),
      VaultException.class),
  PROVIDER_URI(
      texts("local:", "aws-kms:alias/graft?region=eu-west-1&timeout=5s", "pkcs11:/x?y=%41"),
      bytes -> ProviderUri.parse(text(bytes)),
      VaultException.class),
  JSON(
      texts(
          "{\"a\":[1,-2.50,1e300,true,null,\"\\u00e9\\ud83d\\ude00\"],\"b\":{\"\":{}}}",
          "[[[[[[1]]]]]]",
          "\"x\""),
      Decoder::json,
      MalformedJson.class),
  PLACE(
      texts("model.messages[0].content", "a[\"b.c\"][12].d", "[\"\\u0041\"]"),
      Decoder::place,
      IllegalArgumentException.class),
  ADDRESS(texts("tool/book-visit", "assistant/main"), bytes -> Address.parse(text(bytes))),
  VERSION(texts("1", "2.10.3", "00.1"), bytes -> Version.parse(text(bytes))),
  OBJECT_ID(texts("149f60b9-4268-4002-9c12-80e54a9e7995"), bytes -> ObjectId.read(text(bytes))),
  TEMPLATE(
      texts(
          "{\"name\":\"Front Desk_v1\",\"model\":{\"provider\":\"openai\",\"toolIds\":[\"x\"],"
              + "\"messages\":[{\"role\":\"system\",\"content\":\"Hi\"}]}}\u0000"
              + "{\"type\":\"apiRequest\",\"name\":\"book_v1\",\"url\":\"https://example.com\"}\u0000"
              + "{\"version\":\"1\",\"owners\":{\"assistant/main#firstMessage\":\"customer\"}}"),
      Decoder::template),
  TRACEPARENT(
      texts("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
      bytes -> Trace.continued(text(bytes))),
  GRAFT_KEY(texts(HostileTokens.key()), bytes -> HostileTokens.readKey(text(bytes))),
  TOKEN(
      texts(Tokens.SHARED.sound(), "eyJhbGciOiJub25lIn0.e30.", "bnVsbA.e30."),
      bytes -> Tokens.SHARED.read(text(bytes))),
  SIGNED_REQUEST(
      texts(HostileSignatures.sound().toArray(String[]::new)),
      bytes -> HostileSignatures.read(text(bytes))),
  AUDIT_RECORD(
      texts(HostileLines.sound(), HostileLines.sound().replace("linked", "linked\\ud800")),
      bytes -> HostileLines.read(text(bytes))),
  CHECKPOINT(
      texts(
          "GRAFT-AUDIT-CHECKPOINT 1 1 7 "
              + "0".repeat(64)
              + " 2026-11-23T12:00:00.000Z 0123456789abcdef AAAA"),
      bytes -> Checkpoint.in(text(bytes)));

  private final List<byte[]> seeds;
  private final Consumer<byte[]> reads;
  private final List<Class<?>> documented;

  Decoder(List<byte[]> seeds, Consumer<byte[]> reads, Class<?>... documented) {
    this.seeds = seeds;
    this.reads = reads;
    this.documented = List.of(documented);
  }

  /** Inputs that it reads, or nearly so. */
  List<byte[]> seeds() {
    return seeds;
  }

  /** Reads an input. What it may throw is caught; whatever comes out of here is a fault. */
  void feed(byte[] input) {
    try {
      reads.accept(input);
    } catch (RuntimeException e) {
      if (documented.stream().noneMatch(type -> type.isInstance(e))) {
        throw e;
      }
    }
  }

  private static List<byte[]> texts(String... texts) {
    return Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What was read is written, and is worth the same when it is read again. */
  private static void json(byte[] bytes) {
    var read = Json.parse(bytes);
    if (!Canonical.same(Json.parse(Json.writeBytes(read)), read)) {
      throw new IllegalStateException("JSON changes when it is written");
    }
  }

  private static void place(byte[] bytes) {
    Place read = Place.parse(text(bytes));
    Place again;
    try {
      again = Place.parse(read.toString());
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("a path that is written cannot be read: " + read, e);
    }
    if (!again.equals(read)) {
      throw new IllegalStateException("a path changes when it is written: " + read);
    }
  }

  /** Up to three files, with a zero byte between them. */
  private static void template(byte[] bytes) {
    var files = new HashMap<String, byte[]>();
    String[] names = {"template-assistant.json", "template-tool.json", "template.json"};
    int from = 0;
    for (String name : names) {
      int end = from;
      while (end < bytes.length && bytes[end] != 0) {
        end++;
      }
      if (end > from) {
        files.put(name, Arrays.copyOfRange(bytes, from, end));
      }
      from = Math.min(end + 1, bytes.length);
    }
    TemplateReader.read("front-desk", Map.copyOf(files));
  }

  /** One issuer for all. */
  private static final class Tokens {
    static final HostileTokens SHARED = HostileTokens.start();
  }

  /** A record, and the vault that sealed it. */
  private static final class Sealing {
    static final Secret DIGITS = Secret.copyOf("000102030405060708090a0b0c0d0e0f".repeat(2));
    static final Context CONTEXT = new Context("acc_1", "vapi-key", "acc_1");
    static final LocalKeyProvider PROVIDER = new LocalKeyProvider(MasterKey.of(DIGITS), List.of());
    static final Vault VAULT =
        new Vault(PROVIDER, List.of(), () -> Instant.EPOCH, Vault.CacheLimits.USUAL);
    static final DataKey DATA_KEY = VAULT.newDataKey("acc_1");
    static final byte[] RECORD =
        VAULT.seal(DATA_KEY, CONTEXT, "a key".getBytes(StandardCharsets.UTF_8));

    static void open(byte[] record) {
      VAULT.open(DATA_KEY, CONTEXT, record);
      if (!Arrays.equals(record, RECORD)) {
        throw new IllegalStateException("a record opened that was never sealed");
      }
    }

    static void unwrap(byte[] bytes) {
      KeyProvider.Wrapped sound = DATA_KEY.wrapped();
      PROVIDER
          .unwrap(
              new KeyProvider.Wrapped(sound.kekVersion(), bytes),
              new Context("acc_1", "data-key", DATA_KEY.id().toString()))
          .close();
      if (!Arrays.equals(bytes, sound.bytes())) {
        throw new IllegalStateException("a data key was unwrapped that was never wrapped");
      }
    }
  }
}
