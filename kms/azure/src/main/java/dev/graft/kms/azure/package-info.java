/**
 * Wraps data keys under an RSA key of Azure Key Vault or Managed HSM, over their documented HTTP
 * API and with the JDK's client.
 *
 * <p>What {@code wrapkey} wraps by RSA-OAEP-256 is a one-time key, since RSA binds no context; the
 * data key is sealed under it together with the context ({@link dev.graft.vault.OneTimeKey}).
 */
@NullMarked
package dev.graft.kms.azure;

import org.jspecify.annotations.NullMarked;
