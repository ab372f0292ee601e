/** What an operator sees of this process from outside: figures, traces, and errors. */
@NullMarked
package dev.graft.server.telemetry;

import org.jspecify.annotations.NullMarked;
