/** What Graft does by itself, again and again: one bean of {@code Schedule.Task} each. */
@NullMarked
package dev.graft.server.background;

import org.jspecify.annotations.NullMarked;
