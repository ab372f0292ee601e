/** Wraps data keys under an RSA key of Azure Key Vault. */
@NullMarked
package dev.graft.kms.azure;

import org.jspecify.annotations.NullMarked;
