package dev.graft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Versions of Graft on one database: what this one does with a schema that a newer one made, and
 * with a step that fails in the middle. Steps of versions that are still to come are files here.
 */
interface GenerationContract {
  /** This version, on a database of the test's own. */
  Database thisVersion();

  /** A version with further steps, on the same database. */
  Database withSteps(Path folder);

  /** The folder with the steps of versions to come. */
  Path folder();

  private void step(String file, String sql) {
    try {
      Files.writeString(folder().resolve(file), sql);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void next() {
    step(
        "V901__next_generation.sql",
        """
        INSERT INTO schema_generation (generation, made_by) VALUES (%d, 'next');
        ALTER TABLE account ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
        CREATE TABLE mood (name TEXT NOT NULL PRIMARY KEY) ${strict};
        """
            .formatted(Database.GENERATION + 1));
  }

  private static boolean works(Database database, String user) {
    Account account = StoreContract.linked(database, user);
    var operations = new Operations(database, Duration.ofSeconds(30));
    Lease lease = operations.take(account.id(), "a").orElseThrow();
    operations.giveBack(lease);
    return new Accounts(database).ofUser(user).equals(java.util.Optional.of(account));
  }

  @Test
  default void theGenerationIsTheOneThatTheSchemaSays() {
    try (Database database = thisVersion()) {
      long there =
          database.read(sql ->
              sql.first("SELECT MAX(generation) AS n FROM schema_generation")
                  .orElseThrow()
                  .number("n"));
      assertThat(there).isEqualTo(Database.GENERATION);
    }
  }

  @Test
  default void theVersionBeforeWorksBesideTheNextOne() {
    thisVersion().close();
    next();
    try (Database newer = withSteps(folder())) {
      assertThat(works(newer, "of-the-next")).isTrue();
    }
    try (Database older = thisVersion()) {
      assertThat(works(older, "of-the-one-before")).isTrue();
    }
    try (Database newer = withSteps(folder())) {
      assertThat(new Accounts(newer).ofUser("of-the-one-before")).isPresent();
      List<String> moods =
          newer.read(sql -> sql.list(row -> row.text("mood"), "SELECT mood FROM account"));
      assertThat(moods).containsExactly("calm", "calm");
    }
  }

  @Test
  default void aVersionThatIsTooFarBehindIsRefusedWithASentence() {
    next();
    step(
        "V902__one_more.sql",
        "INSERT INTO schema_generation (generation, made_by) VALUES (%d, 'one more');"
            .formatted(Database.GENERATION + 2));
    withSteps(folder()).close();
    assertThatThrownBy(this::thisVersion)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a schema of generation " + (Database.GENERATION + 2))
        .hasMessageContaining("too far ahead")
        .hasMessageContaining("Start that version, or one in between");
  }

  @Test
  default void aChangeThatIsOfNoGenerationIsNotWorkedWith() {
    step("V901__unsaid.sql", "CREATE TABLE unsaid (name TEXT NOT NULL PRIMARY KEY) ${strict};");
    withSteps(folder()).close();
    assertThatThrownBy(this::thisVersion)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("made by a newer version of Graft");
  }

  @Test
  default void aStepThatFailsHalfWayLosesNothingAndIsTakenAgainWhenMended() {
    try (Database before = thisVersion()) {
      assertThat(works(before, "who-was-there")).isTrue();
    }
    step(
        "V901__half.sql",
        """
        CREATE TABLE half (name TEXT NOT NULL PRIMARY KEY) ${strict};
        UPDATE account SET org_id = 'spoiled';
        INSERT INTO no_such_table (name) VALUES ('x');
        """);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> withSteps(folder()))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("the step V901__half.sql failed")
          .hasMessageContaining("no_such_table")
          .hasMessageContaining("nothing of it was kept");
    }
    try (Database before = thisVersion()) {
      assertThat(works(before, "who-came-meanwhile")).isTrue();
      assertThat(new Accounts(before).ofUser("who-was-there"))
          .hasValueSatisfying(account -> assertThat(account.orgId()).isNull());
    }
    step("V901__half.sql", "CREATE TABLE half (name TEXT NOT NULL PRIMARY KEY) ${strict};");
    try (Database mended = withSteps(folder())) {
      int rows = mended.read(sql -> sql.count("SELECT COUNT(*) AS n FROM half"));
      assertThat(rows).isZero();
      assertThat(new Accounts(mended).ofUser("who-was-there")).isPresent();
      assertThat(works(mended, "who-came-after")).isTrue();
    }
  }
}
