/** The process: its settings, its wiring and its start. */
@NullMarked
package dev.graft.server;

import org.jspecify.annotations.NullMarked;
