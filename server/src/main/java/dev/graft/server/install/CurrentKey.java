package dev.graft.server.install;

import dev.graft.core.apply.Call;
import dev.graft.core.apply.Reply;
import dev.graft.core.apply.VapiAccount;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.vault.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * An account through the key that it has. Whoever began with one key goes on with it when another
 * is linked meanwhile, for as long as Vapi accepts it; what Vapi then refuses goes out again with
 * the new one, since a refusal of the key is a proof that nothing was done.
 */
final class CurrentKey implements VapiAccount, AutoCloseable {
  private final Accounts accounts;
  private final Function<Account, Secret> open;
  private final BiFunction<Account, Secret, VapiAccount> connect;
  private Account account;
  private Secret key;
  private VapiAccount vapi;

  /**
   * The account with its present key, which is wiped with this.
   *
   * @param open opens the key of the account as it is when another one was linked
   * @param connect makes calls with a key
   */
  CurrentKey(
      Account account,
      Secret key,
      Accounts accounts,
      Function<Account, Secret> open,
      BiFunction<Account, Secret, VapiAccount> connect) {
    this.accounts = accounts;
    this.open = open;
    this.connect = connect;
    this.account = account;
    this.key = key;
    this.vapi = connect.apply(account, key);
  }

  /** The account as it was when the key that was used last was taken. */
  synchronized Account account() {
    return account;
  }

  @Override
  public synchronized List<Reply> send(List<Call> calls) {
    var replies = new ArrayList<Reply>(vapi.send(calls));
    List<Integer> refused = refused(replies);
    while (!refused.isEmpty() && hasAnotherKey()) {
      List<Reply> again = vapi.send(refused.stream().map(calls::get).toList());
      for (int i = 0; i < refused.size(); i++) {
        replies.set(refused.get(i), again.get(i));
      }
      refused = refused(replies);
    }
    return List.copyOf(replies);
  }

  private static List<Integer> refused(List<Reply> replies) {
    var places = new ArrayList<Integer>();
    for (int i = 0; i < replies.size(); i++) {
      if (replies.get(i) instanceof Reply.Refused refused && refused.isOfTheKey()) {
        places.add(i);
      }
    }
    return places;
  }

  private boolean hasAnotherKey() {
    Optional<Account> present =
        accounts
            .withId(account.id())
            .filter(now -> !now.fingerprint().equals(account.fingerprint()));
    if (present.isEmpty()) {
      return false;
    }
    Secret former = key;
    account = present.get();
    key = open.apply(account);
    vapi = connect.apply(account, key);
    former.wipe();
    return true;
  }

  @Override
  public synchronized void close() {
    key.wipe();
  }
}
