package dev.graft.server.install;

import dev.graft.core.json.Digest;
import dev.graft.core.plan.Drift;
import dev.graft.core.template.Release;
import dev.graft.core.template.Version;
import dev.graft.server.event.Events;
import dev.graft.store.Account;
import dev.graft.store.Accounts;
import dev.graft.store.Installation;
import dev.graft.store.Installations;
import dev.graft.store.Tellings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Looks after what is installed: tells once of each release that an installation does not have, and
 * once of each way in which a customer changed one.
 */
public final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final int TOGETHER = 100;

  /** Between two accounts, since a look reads every object of ours. */
  private static final Duration PAUSE = Duration.ofMillis(500);

  /** When an account is looked at again that could not be looked at. */
  private static final Duration UNSEEN_LOOK = Duration.ofMinutes(10);

  private final Templates templates;
  private final Installing installing;
  private final Installations installations;
  private final Accounts accounts;
  private final Tellings tellings;
  private final Events events;
  private final InstantSource clock;
  private final Map<String, Digest> told = new ConcurrentHashMap<>();

  public Watch(
      Templates templates,
      Installing installing,
      Installations installations,
      Accounts accounts,
      Tellings tellings,
      Events events,
      InstantSource clock) {
    this.templates = templates;
    this.installing = installing;
    this.installations = installations;
    this.accounts = accounts;
    this.tellings = tellings;
    this.events = events;
    this.clock = clock;
  }

  /** Tells of the releases of all templates, as the files stand now; of each once by this node. */
  public void tellOfReleases() {
    for (String name : templates.names()) {
      Release release = templates.named(name).flatMap(Templates.Template::release).orElse(null);
      if (release != null && !release.digest().equals(told.get(name))) {
        tellOf(release);
        told.put(name, release.digest());
      }
    }
  }

  private void tellOf(Release release) {
    Digest digest = release.digest();
    String after = "";
    while (true) {
      List<Installation> behind =
          tellings.behind(release.template(), digest.hex(), after, TOGETHER);
      for (Installation installation : behind) {
        if (isNotOlder(release, installation)) {
          tellings.ofRelease(
              installation.id(),
              digest.hex(),
              events.updateAvailable(
                  installation,
                  accounts.usersOf(installation.accountId()),
                  release.version().toString(),
                  digest,
                  clock.instant()));
        }
      }
      if (behind.size() < TOGETHER) {
        return;
      }
      after = behind.getLast().id();
    }
  }

  private static boolean isNotOlder(Release release, Installation installation) {
    return Optional.ofNullable(installation.version())
        .flatMap(Version::parse)
        .filter(installed -> installed.isNewerThan(release.version()))
        .isEmpty();
  }

  /**
   * Looks for drift in every installation that was not looked at for so long.
   *
   * @param every how often each is looked at
   */
  public void lookForDrift(Duration every) {
    Duration again = UNSEEN_LOOK.compareTo(every) < 0 ? UNSEEN_LOOK : every;
    while (!Thread.currentThread().isInterrupted() && !installing.isAllAway()) {
      List<String> due = tellings.claimForDrift(clock.instant(), every, again, 1);
      if (due.isEmpty()) {
        return;
      }
      installations.withId(due.getFirst()).ifPresent(this::look);
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void look(Installation installation) {
    try (var _ = MDC.putCloseable("accountId", installation.accountId())) {
      Account account = accounts.withId(installation.accountId()).orElse(null);
      if (account == null || installing.isAway(account)) {
        return;
      }
      switch (installing.drift(account, installation, null)) {
        case Installing.Preview.Compared(Drift drift) -> {
          found(installation, drift);
          tellings.lookedForDrift(installation.id(), clock.instant());
        }
        // A key that Vapi does not take is asked about elsewhere.
        case Installing.Preview.Unseen(Failure failure) when failure.isOfTheKey() ->
            tellings.lookedForDrift(installation.id(), clock.instant());
        case Installing.Preview.Unseen _, Installing.Preview.Made _ -> {}
      }
    } catch (RuntimeException e) {
      LOG.warn("{} cannot be looked at now: {}", installation.id(), e.getMessage());
    }
  }

  /** Tells of drift that someone saw, unless the same was told last. */
  public void found(Installation installation, Drift drift) {
    List<Events.Drifted> objects =
        drift.objects().stream()
            .filter(one -> one.live() == null || one.isThere())
            .map(Watch::drifted)
            .toList();
    if (objects.isEmpty()) {
      tellings.noDrift(installation.id());
      return;
    }
    tellings.ofDrift(
        installation.id(),
        Events.digest(objects).hex(),
        events.drifted(
            installation, accounts.usersOf(installation.accountId()), objects, clock.instant()));
  }

  private static Events.Drifted drifted(Drift.Of one) {
    return new Events.Drifted(
        one.address().toString(),
        one.object().value(),
        one.live() == null,
        one.fields().stream()
            .filter(field -> field.by() == Drift.Mover.CUSTOMER)
            .map(field -> field.place().toString())
            .toList());
  }
}
