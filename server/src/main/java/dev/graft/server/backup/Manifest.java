package dev.graft.server.backup;

import dev.graft.core.json.Json;
import dev.graft.core.json.MalformedJson;
import dev.graft.store.AuditChain;
import dev.graft.store.Backups;
import dev.graft.store.DataKeys;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a backup says of itself.
 *
 * @param graft the version of Graft that made it
 * @param schema the number of the database's last migration
 * @param createdAt the moment that it shows
 * @param bytes the size of the database in it
 * @param sha256 of the database in it, in hex digits
 * @param keys what wraps its data keys: one of them missing, and what it wraps cannot be opened
 * @param audit where the audit chain ends in it
 */
public record Manifest(
    String graft,
    String schema,
    Instant createdAt,
    long bytes,
    String sha256,
    List<DataKeys.Wrapping> keys,
    AuditChain.Head audit,
    int accounts,
    int installations) {
  static final int FORMAT = 1;

  public Manifest {
    keys = List.copyOf(keys);
  }

  static Manifest of(
      Backups.Contents contents, String graft, Instant createdAt, long bytes, String sha256) {
    return new Manifest(
        graft,
        contents.schema(),
        createdAt,
        bytes,
        sha256,
        contents.keys(),
        contents.audit(),
        contents.accounts(),
        contents.installations());
  }

  /** Whether a copy holds what this says. */
  public boolean describes(Backups.Contents contents) {
    return schema.equals(contents.schema())
        && keys.equals(contents.keys())
        && audit.equals(contents.audit())
        && accounts == contents.accounts()
        && installations == contents.installations();
  }

  /** As it stands in a backup, and as callers see it. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("format", FORMAT);
    json.put("graft", graft);
    json.put("schema", schema);
    json.put("createdAt", createdAt.toString());
    json.putObject("database")
        .put("file", BackupFile.DATABASE)
        .put("bytes", bytes)
        .put("sha256", sha256);
    var wrappings = json.putArray("keys");
    for (DataKeys.Wrapping key : keys) {
      wrappings
          .addObject()
          .put("provider", key.provider())
          .put("wrappingKey", key.wrappingKey())
          .put("dataKeys", key.count());
    }
    json.putObject("audit")
        .put("epoch", audit.epoch())
        .put("size", audit.size())
        .put("head", audit.hash());
    json.put("accounts", accounts);
    json.put("installations", installations);
    return json;
  }

  /** Nothing when the text is no manifest of a form that this version knows. */
  static Optional<Manifest> read(String text) {
    try {
      ObjectNode json = Json.parseObject(text);
      if (json.path("format").asInt(0) != FORMAT) {
        return Optional.empty();
      }
      var keys = new ArrayList<DataKeys.Wrapping>();
      for (JsonNode key : json.required("keys")) {
        keys.add(
            new DataKeys.Wrapping(
                key.required("provider").stringValue(),
                key.required("wrappingKey").stringValue(),
                key.required("dataKeys").intValue()));
      }
      return Optional.of(
          new Manifest(
              json.required("graft").stringValue(),
              json.required("schema").stringValue(),
              Instant.parse(json.required("createdAt").stringValue()),
              json.at("/database/bytes").longValue(),
              json.at("/database/sha256").stringValue(),
              keys,
              new AuditChain.Head(
                  json.at("/audit/epoch").longValue(),
                  json.at("/audit/size").longValue(),
                  json.at("/audit/head").stringValue()),
              json.required("accounts").intValue(),
              json.required("installations").intValue()));
    } catch (MalformedJson | DateTimeException | tools.jackson.core.JacksonException e) {
      return Optional.empty();
    }
  }
}
