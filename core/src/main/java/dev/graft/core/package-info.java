/**
 * Decides, and does nothing: what a template says, what a plan holds, what a reply means for an
 * operation. Nothing in this module does I/O, reads a clock or starts a thread.
 */
@NullMarked
package dev.graft.core;

import org.jspecify.annotations.NullMarked;
