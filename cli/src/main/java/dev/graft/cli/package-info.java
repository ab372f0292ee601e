/**
 * {@code graft}: the HTTP API from a terminal, a check of templates that needs no server, and a
 * demo. It knows the public API and the template format only; it never opens the database, never
 * speaks to Vapi, and decides nothing that the server decides.
 */
@NullMarked
package dev.graft.cli;

import org.jspecify.annotations.NullMarked;
