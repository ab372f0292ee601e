/**
 * Speaks Vapi's HTTP: hosts, paging, deadlines, and what a reply means. It never repeats a create,
 * and knows nothing of templates or installations.
 */
@NullMarked
package dev.graft.vapi;

import org.jspecify.annotations.NullMarked;
