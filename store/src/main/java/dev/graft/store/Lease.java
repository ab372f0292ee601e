package dev.graft.store;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The right to write to one account until a time that the database knows.
 *
 * @param fence higher for every holder: what an outlived holder does under a lower one has no
 *     effect
 * @param isTakenOver whether the holder before never gave it back, and its time ran out
 * @param pacing how the account was called last, null when that was long ago
 */
public record Lease(
    String accountId, String holder, long fence, boolean isTakenOver, @Nullable Pacing pacing) {
  public Lease(String accountId, String holder, long fence) {
    this(accountId, holder, fence, false, null);
  }

  /**
   * How far the pace of an account's calls was when its last holder let go of it.
   *
   * @param ready calls that could be made at once, in thousandths
   * @param since as of how long ago; negative when only then
   * @param perSecond calls in a second, in thousandths
   */
  public record Pacing(long ready, Duration since, long perSecond) {}
}
