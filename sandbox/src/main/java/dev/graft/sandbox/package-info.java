/**
 * A Vapi to try and test against, over real HTTP, with faults to order. It stands on the JDK's HTTP
 * server and Jackson's trees alone and knows nothing of Graft: whoever integrates with Vapi can use
 * it. {@link dev.graft.sandbox.Sandbox} is the way in for tests, {@link dev.graft.sandbox.Main} for
 * the command line.
 */
@NullMarked
package dev.graft.sandbox;

import org.jspecify.annotations.NullMarked;
