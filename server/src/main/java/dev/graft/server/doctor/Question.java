package dev.graft.server.doctor;

/**
 * One thing that only the real service can answer.
 *
 * @param text what is asked
 * @param answer what it said, or why it cannot be told in this account
 */
public record Question(String text, String answer) {}
