/**
 * Looks at a set-up and says what is wrong with it, and asks Vapi itself, with an operator's own
 * key, what nobody has written down. Starts no server and changes nothing of Graft's.
 */
@org.jspecify.annotations.NullMarked
package dev.graft.server.doctor;
