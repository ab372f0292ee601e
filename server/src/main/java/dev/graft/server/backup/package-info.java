/**
 * Backups of a SQLite database: one file each, with a manifest that says what is in it and which
 * wrapping keys open it. No wrapping key is ever in one.
 */
@NullMarked
package dev.graft.server.backup;

import org.jspecify.annotations.NullMarked;
