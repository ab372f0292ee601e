package dev.graft.store;

/**
 * The right to write to one account until a time that the database knows.
 *
 * @param fence higher for every holder: what an outlived holder does under a lower one has no
 *     effect
 */
public record Lease(String accountId, String holder, long fence) {}
