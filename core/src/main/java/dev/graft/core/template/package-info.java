/** Templates as files become releases here: parsed whole, or refused with every finding at once. */
@NullMarked
package dev.graft.core.template;

import org.jspecify.annotations.NullMarked;
