/** What is said to people who run Graft, and what keeps secrets out of it. */
@NullMarked
package dev.graft.server.log;

import org.jspecify.annotations.NullMarked;
