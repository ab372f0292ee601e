/** What Graft knows of Vapi's resources. Everything else derives from the descriptors here. */
@NullMarked
package dev.graft.core.kind;

import org.jspecify.annotations.NullMarked;
