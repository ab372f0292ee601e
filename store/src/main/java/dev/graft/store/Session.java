package dev.graft.store;

import java.time.Instant;

/**
 * A person's session in a browser.
 *
 * @param subject the person, by an id that stays
 * @param role in the words of the server
 * @param seenAt the last request of it, within a minute
 * @param endsAt when it ends whatever happens
 */
public record Session(
    String subject, String name, String role, Instant beganAt, Instant seenAt, Instant endsAt) {}
