/** Who may do what: callers, their roles, and what each route asks for. */
@NullMarked
package dev.graft.server.access;

import org.jspecify.annotations.NullMarked;
