package dev.graft.core.apply;

import dev.graft.core.plan.Ledger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The journal and ledger of one installation, in memory. */
public final class InMemoryJournal implements Journal {
  private final Map<Integer, Intent> intents = new LinkedHashMap<>();
  private final Map<Integer, List<JournalEntry>> entries = new LinkedHashMap<>();
  private Ledger ledger;

  public InMemoryJournal(Ledger ledger) {
    this.ledger = ledger;
  }

  @Override
  public List<Story> stories() {
    return intents.values().stream()
        .map(intent -> new Story(intent, entries.getOrDefault(intent.step(), List.of())))
        .toList();
  }

  @Override
  public void append(List<Written> written, List<LedgerChange> changes) {
    for (Written one : written) {
      intents.putIfAbsent(one.intent().step(), one.intent());
      entries.computeIfAbsent(one.intent().step(), _ -> new ArrayList<>()).add(one.entry());
    }
    for (LedgerChange change : changes) {
      ledger =
          switch (change) {
            case LedgerChange.Put(var address, var owned) -> ledger.with(address, owned);
            case LedgerChange.Drop(var address) -> ledger.without(address);
          };
    }
  }

  public Ledger ledger() {
    return ledger;
  }

  public boolean isClosed() {
    return stories().stream().noneMatch(Story::isOpen);
  }
}
