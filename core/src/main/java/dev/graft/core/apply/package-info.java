/** The apply loop: the journal's rules, and the two ports through which effects happen. */
@NullMarked
package dev.graft.core.apply;

import org.jspecify.annotations.NullMarked;
