/** The audit chain as it is exported: how its hashes are made, and how to find what was changed. */
@NullMarked
package dev.graft.core.audit;

import org.jspecify.annotations.NullMarked;
