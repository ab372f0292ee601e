package dev.graft.store;

import dev.graft.core.json.Digest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One template in one account.
 *
 * @param release what it was last brought to, null when it never was
 * @param version of that release, for people
 * @param sighting what it remembers of the account between two looks
 * @param convergedAt when it last was as it should be, null when it never was
 */
public record Installation(
    String id,
    String accountId,
    String template,
    @Nullable Digest release,
    @Nullable String version,
    JsonNode sighting,
    Instant createdAt,
    @Nullable Instant convergedAt) {}
