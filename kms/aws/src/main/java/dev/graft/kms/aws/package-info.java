/**
 * Wraps data keys under a key of AWS KMS, which binds the context as its encryption context: it
 * stands in CloudTrail with every call, so an account's unwraps can be found there by its id.
 */
@NullMarked
package dev.graft.kms.aws;

import org.jspecify.annotations.NullMarked;
