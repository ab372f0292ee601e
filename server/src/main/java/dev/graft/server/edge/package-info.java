/** What stands between Graft and the network: TLS, proxies, who may call from where, deadlines. */
@NullMarked
package dev.graft.server.edge;

import org.jspecify.annotations.NullMarked;
