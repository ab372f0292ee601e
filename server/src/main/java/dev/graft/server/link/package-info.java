/** Links accounts: probes a key, seals it, and knows whose it is. */
@NullMarked
package dev.graft.server.link;

import org.jspecify.annotations.NullMarked;
