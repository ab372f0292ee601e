/** The audit trail's life on a node: its keys, its chain, and where its checkpoints go. */
@NullMarked
package dev.graft.server.audit;

import org.jspecify.annotations.NullMarked;
