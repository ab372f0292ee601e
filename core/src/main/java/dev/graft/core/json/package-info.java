/** JSON values: strict reading, canonical form, digests, paths into a body. */
@NullMarked
package dev.graft.core.json;

import org.jspecify.annotations.NullMarked;
