/** Clones, upgrades and recovers: runs operations under the account's lease. */
@NullMarked
package dev.graft.server.install;

import org.jspecify.annotations.NullMarked;
