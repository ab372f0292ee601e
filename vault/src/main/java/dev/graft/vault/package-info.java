/**
 * Seals and opens keys, and talks to the key providers that guard them.
 *
 * <p>Three levels: a key provider's own key wraps one data key per account ({@link
 * dev.graft.vault.DataKey}), and a data key seals that account's records. Changing the provider's
 * key, or the provider, rewraps the few data keys and touches no record; destroying an account's
 * data key makes all its records unreadable, in every backup too.
 *
 * <p>The wall: nothing of Graft and nothing but the JDK is used here, nothing is stored, nothing is
 * logged. Bytes come in and go out; where they are kept is the caller's business, and so is saying
 * which account, purpose and record they belong to ({@link dev.graft.vault.Context}).
 *
 * <p>A key in clear is only ever held in a {@link dev.graft.vault.Secret}, which wipes its bytes.
 * The JDK keeps copies of its own for the length of one operation: {@code SecretKeySpec} refuses to
 * be destroyed, so what is passed to a cipher stays on the heap until it is collected.
 */
@NullMarked
package dev.graft.vault;

import org.jspecify.annotations.NullMarked;
