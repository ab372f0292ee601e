package dev.graft.sandbox;

/**
 * One of the two separate worlds of Vapi, each with its own base URL; a key is known in one only.
 */
public enum Region {
  US,
  EU
}
