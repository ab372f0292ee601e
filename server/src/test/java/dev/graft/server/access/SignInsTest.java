package dev.graft.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.store.Database;
import dev.graft.store.Sessions;
import dev.graft.vault.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignInsTest {
  private static final Person ADA = new Person("ada", "Ada", Role.OPERATOR);

  @TempDir private Path folder;
  private Instant now = Instant.parse("2026-11-23T09:00:00Z");
  private Database database;
  private SignIns signIns;

  @BeforeEach
  void open() {
    database = Database.sqlite(folder.resolve("graft.db"));
    signIns = with("pepper");
  }

  private SignIns with(String pepper) {
    return new SignIns(new Sessions(database), new Pepper(Secret.copyOf(pepper)), () -> now);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void aSessionThatNobodyUsesEndsAfterHalfAnHour() {
    String number = signIns.begin(ADA);
    for (int i = 0; i < 5; i++) {
      now = now.plus(Duration.ofMinutes(29));
      assertThat(signIns.visit(number)).isPresent();
    }
    now = now.plus(Duration.ofMinutes(30));
    assertThat(signIns.visit(number)).isEmpty();
  }

  @Test
  void aSessionEndsAfterTwelveHoursHoweverMuchItIsUsed() {
    String number = signIns.begin(ADA);
    Instant end = now.plus(Duration.ofHours(12));
    while (now.isBefore(end.minusSeconds(1))) {
      assertThat(signIns.visit(number)).isPresent();
      now = now.plus(Duration.ofMinutes(20));
    }
    now = end;
    assertThat(signIns.visit(number)).isEmpty();
  }

  @Test
  void aLinkEndsAfterAQuarterOfAnHourAndWorksOnce() {
    String late = signIns.newLink();
    now = now.plus(Duration.ofMinutes(15));
    assertThat(signIns.beginByLink(late)).isEmpty();
    String link = signIns.newLink();
    now = now.plus(Duration.ofMinutes(15)).minusMillis(1);
    String number = signIns.beginByLink(link).orElseThrow();
    assertThat(signIns.visit(number).orElseThrow().person().role()).isEqualTo(Role.ADMIN);
    assertThat(signIns.beginByLink(link)).isEmpty();
    assertThat(signIns.beginByLink("")).isEmpty();
  }

  @Test
  void whoSignsInWithAnotherRoleHasTheFormerOneNowhere() {
    String before = signIns.begin(ADA);
    String same = signIns.begin(ADA);
    String other = signIns.begin(new Person("bob", "Bob", Role.OPERATOR));
    assertThat(signIns.visit(before)).isPresent();
    String now = signIns.begin(new Person("ada", "Ada", Role.DEVELOPER));
    assertThat(signIns.visit(before)).isEmpty();
    assertThat(signIns.visit(same)).isEmpty();
    assertThat(signIns.visit(now)).isPresent();
    assertThat(signIns.visit(other)).isPresent();
  }

  @Test
  void aPersonCanEndAllTheirSessionsAndNobodyElses() {
    String here = signIns.begin(ADA);
    String there = signIns.begin(ADA);
    String other = signIns.begin(new Person("bob", "Bob", Role.OPERATOR));
    signIns.endEverywhere(here);
    assertThat(signIns.visit(here)).isEmpty();
    assertThat(signIns.visit(there)).isEmpty();
    assertThat(signIns.endAllOf("ada")).isZero();
    assertThat(signIns.visit(other)).isPresent();
    assertThat(signIns.endAllOf("bob")).isOne();
    assertThat(signIns.visit(other)).isEmpty();
  }

  @Test
  void aSessionIsNothingToWhoeverHasAnotherPepper() {
    String number = signIns.begin(ADA);
    assertThat(with("another").visit(number)).isEmpty();
    String other = (number.startsWith("x") ? "y" : "x") + number.substring(1);
    assertThat(signIns.visit(other)).isEmpty();
    SignIns.Visit visit = signIns.visit(number).orElseThrow();
    assertThat(visit.isProvenBy(visit.proof())).isTrue();
    assertThat(visit.isProvenBy("")).isFalse();
    assertThat(visit.person()).isEqualTo(ADA);
    assertThat(visit.proof()).doesNotContain(number);
  }
}
