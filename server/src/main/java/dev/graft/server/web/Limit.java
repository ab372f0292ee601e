package dev.graft.server.web;

import dev.graft.server.Rate;
import dev.graft.store.Allowances;
import dev.graft.store.Sealed;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.BucketState;
import io.github.bucket4j.MathType;
import io.github.bucket4j.distributed.remote.RemoteBucketState;
import io.github.bucket4j.distributed.remote.RemoteStat;
import io.github.bucket4j.distributed.serialization.InternalSerializationHelper;
import io.github.bucket4j.distributed.versioning.Versions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;

/**
 * How often one may do one thing. It is counted in a bucket of Bucket4j's, which the store keeps.
 *
 * @param name of what is limited, as callers read it
 * @param whose who is limited
 */
record Limit(String name, Rate rate, String whose) {
  /** What is left to someone, and how long until it is more. */
  record Standing(Limit limit, long left, Duration untilMore) {
    /** An item of the field RateLimit. */
    String item() {
      return "\"%s\";r=%d;t=%d;pk=%s".formatted(limit.name, left, seconds(), limit.partition());
    }

    long seconds() {
      return untilMore.plusMillis(999).toSeconds();
    }
  }

  /** With the rate, so that after another setting it is counted anew. */
  String id() {
    return name + " " + rate + " " + whose;
  }

  /** An item of the field RateLimit-Policy. */
  String item() {
    return "\"%s\";q=%d;qu=\"requests\";w=%d;pk=%s"
        .formatted(name, rate.times(), rate.in().toSeconds(), partition());
  }

  /** Whom it is counted for, told to who knows them already. */
  private String partition() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(id().getBytes(StandardCharsets.UTF_8));
      return ":" + Base64.getEncoder().encodeToString(Arrays.copyOf(digest, 12)) + ":";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  RemoteBucketState bucket(Allowances.Stock stock) {
    byte[] state = stock.states().get(id());
    if (state != null) {
      RemoteBucketState bucket = InternalSerializationHelper.deserializeState(state);
      bucket.refillAllBandwidth(nanos(stock.now()));
      return bucket;
    }
    BucketState full =
        BucketState.createInitialState(terms(), MathType.INTEGER_64_BITS, nanos(stock.now()));
    return new RemoteBucketState(full, new RemoteStat(0), null);
  }

  private BucketConfiguration terms() {
    // All comes back at once when the time is over, and the time begins with the first request: «10
    // a
    // minute» means that the eleventh waits for the minute to end.
    Bandwidth bandwidth =
        Bandwidth.builder()
            .capacity(rate.times())
            .refillIntervally(rate.times(), rate.in())
            .build();
    return BucketConfiguration.builder().addLimit(bandwidth).build();
  }

  Standing standing(RemoteBucketState bucket, Instant now) {
    return new Standing(this, bucket.getAvailableTokens(), untilFull(bucket, now));
  }

  static Allowances.Left left(RemoteBucketState bucket, Instant now) {
    byte[] state = InternalSerializationHelper.serializeState(bucket, Versions.getLatest());
    return new Allowances.Left(new Sealed(state), now.plus(untilFull(bucket, now)));
  }

  private static Duration untilFull(RemoteBucketState bucket, Instant now) {
    return Duration.ofNanos(bucket.calculateFullRefillingTime(nanos(now)));
  }

  private static long nanos(Instant instant) {
    return TimeUnit.MILLISECONDS.toNanos(instant.toEpochMilli());
  }
}
