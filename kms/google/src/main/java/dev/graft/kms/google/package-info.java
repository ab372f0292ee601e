/**
 * Wraps data keys under a key of Google Cloud KMS, which binds the context as additional
 * authenticated data. The client speaks HTTP and JSON; what was sent and what came back is compared
 * by the CRC32C fields that the API has for it.
 */
@NullMarked
package dev.graft.kms.google;

import org.jspecify.annotations.NullMarked;
