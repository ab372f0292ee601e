package dev.graft.sandbox;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** All accounts of a sandbox, and which key belongs to which. */
final class Accounts {
  private static final String OPEN = "sandbox-";

  private final Map<String, Account> byName = new LinkedHashMap<>();
  private final Map<Key, Account> byKey = new ConcurrentHashMap<>();
  private final Supplier<Options> options;

  Accounts(Supplier<Options> options) {
    this.options = options;
  }

  synchronized List<Account> all() {
    return new ArrayList<>(byName.values());
  }

  /** The account of that name, made if it is not there. */
  synchronized Account account(String name, String key, Region region) {
    if (name.isBlank() || key.isBlank()) {
      throw new IllegalArgumentException("An account needs a name and a key.");
    }
    Account account = byName.get(name);
    if (account == null) {
      return added(name, key, region, false);
    }
    if (byKey.get(Key.of(key)) != account || account.region() != region) {
      throw new IllegalArgumentException(
          "There is an account " + name + " already, and not with that key and region.");
    }
    return account;
  }

  private Account added(String name, String key, Region region, boolean open) {
    var account = new Account(name, UUID.randomUUID().toString(), region, open, this);
    account.addKey(key);
    byName.put(name, account);
    return account;
  }

  /** The account of that name or org id. */
  synchronized Account named(String nameOrOrg) {
    return byName.values().stream()
        .filter(each -> each.name().equals(nameOrOrg) || each.orgId().equals(nameOrOrg))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("There is no account " + nameOrOrg + "."));
  }

  Options options() {
    return options.get();
  }

  void belongs(Key key, Account account) {
    Account other = byKey.putIfAbsent(key, account);
    if (other != null && other != account) {
      throw new IllegalArgumentException("That key belongs to " + other.name() + " already.");
    }
  }

  /** The account that a key opens in a region, without making one. */
  Optional<Account> openedBy(Key key, Region region) {
    return Optional.ofNullable(byKey.get(key))
        .filter(account -> account.region() == region && account.isOpenedBy(key));
  }

  /** The same, but a key that anyone may make up opens an account of its own at first use. */
  Optional<Account> openedBy(String key, Region region) {
    Key known = Key.of(key);
    Optional<Account> there = openedBy(known, region);
    if (there.isPresent() || !key.startsWith(OPEN) || !options().has(Quirk.OPEN_ACCOUNTS)) {
      return there;
    }
    // Waits for whoever comes with the same key at the same time.
    open(known, key, region);
    return openedBy(known, region);
  }

  private synchronized void open(Key known, String key, Region region) {
    if (!byKey.containsKey(known)) {
      added("Open account " + known.hash(), key, region, true);
    }
  }

  /** Empties all accounts, and forgets those that a made-up key has opened. */
  synchronized void reset() {
    byName.values().removeIf(Account::isOpen);
    byKey.values().removeIf(Account::isOpen);
    byName.values().forEach(Account::clear);
  }
}
