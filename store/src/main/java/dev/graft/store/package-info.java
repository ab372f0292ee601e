/**
 * Remembers: accounts, installations, ledgers, operations and their journal, on SQLite and on
 * PostgreSQL. It holds no rule of the business and never sees a key or a body in clear: both come
 * sealed.
 */
@NullMarked
package dev.graft.store;

import org.jspecify.annotations.NullMarked;
