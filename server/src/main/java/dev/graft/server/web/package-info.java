/** The HTTP side: routes, parsing, problems, guards. */
@NullMarked
package dev.graft.server.web;

import org.jspecify.annotations.NullMarked;
