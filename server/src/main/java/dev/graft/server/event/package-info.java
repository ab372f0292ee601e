/** What happened, in the form in which others are told of it. */
@NullMarked
package dev.graft.server.event;

import org.jspecify.annotations.NullMarked;
