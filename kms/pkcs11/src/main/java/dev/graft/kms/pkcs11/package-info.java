/**
 * Wraps data keys inside a hardware security module, or whatever else has a library that speaks
 * PKCS#11: AES-256-GCM under a key that cannot leave the token, with the context as its additional
 * data.
 *
 * <p>The library is called directly ({@link java.lang.foreign}) and not through the JDK's own
 * provider, since that one finds no token by its label, reads none on which two keys share a label,
 * as the versions of one key do, and does not log in again when a session is lost.
 */
@NullMarked
package dev.graft.kms.pkcs11;

import org.jspecify.annotations.NullMarked;
