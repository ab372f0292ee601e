/**
 * HTTP Message Signatures (RFC 9421) and digests of contents (RFC 9530), as far as Graft takes
 * them.
 */
@NullMarked
package dev.graft.server.signing;

import org.jspecify.annotations.NullMarked;
