package dev.graft.store;

/**
 * The right to write to one account until a time that the database knows.
 *
 * @param fence higher for every holder: what an outlived holder does under a lower one has no
 *     effect
 * @param isTakenOver whether the holder before never gave it back, and its time ran out
 */
public record Lease(String accountId, String holder, long fence, boolean isTakenOver) {
  public Lease(String accountId, String holder, long fence) {
    this(accountId, holder, fence, false);
  }
}
