/** Decides what it takes to get from actual to desired. Pure: values in, values out. */
@NullMarked
package dev.graft.core.plan;

import org.jspecify.annotations.NullMarked;
