package dev.graft.core.audit;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A record of the audit trail at its place in the chain, in the form in which it is exported and
 * hashed.
 *
 * @param epoch counts how often the chain was begun again after a restore from a backup
 * @param seq its number, from 1 on without a gap
 * @param previous the hash of the record before it
 * @param at in UTC with milliseconds, as {@code 2026-11-23T10:00:00.123Z}
 * @param detail JSON as text, so that its hash does not depend on how a program writes JSON
 */
public record ChainedRecord(
    long epoch,
    long seq,
    String previous,
    String id,
    String at,
    String actor,
    String act,
    @Nullable String account,
    @Nullable String subject,
    @Nullable String request,
    String detail,
    String hash) {
  /** What stands before the first record. */
  public static final String GENESIS = "0".repeat(64);

  /** The act that begins a new epoch. */
  public static final String RESTORED = "audit.restored";

  static final int FORMAT = 1;
  private static final String TAG = "graft.audit.record.1";
  private static final Set<String> MEMBERS =
      Set.of(
          "format",
          "epoch",
          "seq",
          "previous",
          "id",
          "at",
          "actor",
          "act",
          "account",
          "subject",
          "request",
          "detail",
          "hash");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** An instant as it stands in records and checkpoints. */
  public static String time(Instant at) {
    return TIME.format(at);
  }

  /** The same record with the hash of its content. */
  public ChainedRecord hashed() {
    return new ChainedRecord(
        epoch, seq, previous, id, at, actor, act, account, subject, request, detail, ownHash());
  }

  /** The hash of everything in it but the hash itself. */
  String ownHash() {
    return sha256(
        LengthPrefixed.of(
            TAG,
            String.valueOf(epoch),
            String.valueOf(seq),
            previous,
            id,
            at,
            actor,
            act,
            account,
            subject,
            request,
            detail));
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  public ObjectNode toJson() {
    return Json.object()
        .put("format", FORMAT)
        .put("epoch", epoch)
        .put("seq", seq)
        .put("previous", previous)
        .put("id", id)
        .put("at", at)
        .put("actor", actor)
        .put("act", act)
        .put("account", account)
        .put("subject", subject)
        .put("request", request)
        .put("detail", detail)
        .put("hash", hash);
  }

  /**
   * Reads a line of an export.
   *
   * @throws MalformedRecord when it is not exactly one record
   */
  static ChainedRecord parse(String line) {
    ObjectNode json;
    try {
      json = Json.parseObject(line);
    } catch (MalformedJson e) {
      throw new MalformedRecord("it is not one JSON object");
    }
    for (String member : json.propertyNames()) {
      if (!MEMBERS.contains(member)) {
        throw new MalformedRecord("it has a member that no record has");
      }
    }
    if (number(json, "format") != FORMAT) {
      throw new MalformedRecord("its format is another one than " + FORMAT);
    }
    return new ChainedRecord(
        number(json, "epoch"),
        number(json, "seq"),
        hash(json, "previous"),
        text(json, "id"),
        instant(json),
        text(json, "actor"),
        text(json, "act"),
        textOrNull(json, "account"),
        textOrNull(json, "subject"),
        textOrNull(json, "request"),
        text(json, "detail"),
        hash(json, "hash"));
  }

  /** Why a line is no record, as the end of a sentence. */
  static final class MalformedRecord extends RuntimeException {
    MalformedRecord(String why) {
      super(why, null, false, false);
    }

    String why() {
      return String.valueOf(getMessage());
    }
  }

  private static long number(ObjectNode json, String member) {
    JsonNode value = json.get(member);
    if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new MalformedRecord("'" + member + "' is missing or no whole number");
    }
    return value.longValue();
  }

  private static @Nullable String textOrNull(ObjectNode json, String member) {
    JsonNode value = json.get(member);
    if (value == null || !value.isString() && !value.isNull()) {
      throw new MalformedRecord("'" + member + "' is missing or no text");
    }
    String text = value.isNull() ? null : value.stringValue();
    // In UTF-8, which is what the hash is of, half a character is a question mark.
    if (text != null && !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new MalformedRecord("'" + member + "' has half a character in it");
    }
    return text;
  }

  private static String text(ObjectNode json, String member) {
    String text = textOrNull(json, member);
    if (text == null) {
      throw new MalformedRecord("'" + member + "' is null");
    }
    return text;
  }

  private static String hash(ObjectNode json, String member) {
    String text = text(json, member);
    if (!text.matches("[0-9a-f]{64}")) {
      throw new MalformedRecord("'" + member + "' is no SHA-256 in small hex digits");
    }
    return text;
  }

  private static String instant(ObjectNode json) {
    String text = text(json, "at");
    try {
      if (time(Instant.parse(text)).equals(text)) {
        return text;
      }
    } catch (DateTimeException e) {
      // Said below.
    }
    throw new MalformedRecord("'at' is no time such as 2026-11-23T10:00:00.123Z");
  }
}
