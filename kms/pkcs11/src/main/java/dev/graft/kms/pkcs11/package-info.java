/** Wraps data keys in a hardware security module, or whatever else speaks PKCS#11. */
@NullMarked
package dev.graft.kms.pkcs11;

import org.jspecify.annotations.NullMarked;
