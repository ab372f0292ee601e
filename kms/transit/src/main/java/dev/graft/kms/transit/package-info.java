/**
 * Wraps data keys under a key of the transit engine of HashiCorp Vault or OpenBao, over their
 * documented HTTP API and with the JDK's client.
 *
 * <p>The key must be a derived one: the service then makes a key of its own from the context, so
 * that the context is bound by the service and {@code rewrap} works, which it does not together
 * with {@code associated_data}.
 */
@NullMarked
package dev.graft.kms.transit;

import org.jspecify.annotations.NullMarked;
