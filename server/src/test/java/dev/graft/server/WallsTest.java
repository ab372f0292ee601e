package dev.graft.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.graft.store.AuditRecord;
import dev.graft.store.Event;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The walls of the house that the modules alone do not keep. */
class WallsTest {
  private static final JavaClasses GRAFT =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          // Tests of other modules come in jars of their own when everything is packaged.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages(
              "dev.graft.core",
              "dev.graft.vault",
              "dev.graft.vapi",
              "dev.graft.store",
              "dev.graft.server");

  @Test
  void coreDoesNothingButDecide() {
    noClasses()
        .that()
        .resideInAPackage("dev.graft.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.io..",
            "java.nio.file..",
            "java.net..",
            "java.sql..",
            "java.lang.Thread",
            "java.util.concurrent..",
            "org.slf4j..",
            "org.springframework..")
        .orShould()
        .callMethod(System.class, "getenv")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .check(GRAFT);
  }

  /** Nodes whose own clocks are apart go by the database's, and measure by what nobody sets. */
  @Test
  void theTimeOfDayComesFromOneClock() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.graft.server.log..",
            "dev.graft.server.edge..",
            "dev.graft.server.telemetry..",
            // It compares the clocks.
            "dev.graft.server.doctor..")
        .and()
        // The limits of what is kept open in memory; the random part of ids does not need the time.
        .doNotHaveSimpleName("KeyProviders")
        .and()
        .doNotHaveSimpleName("Wiring")
        .and()
        // When a span began, which others compare with their own clocks.
        .doNotHaveSimpleName("VapiHttp")
        .and()
        .doNotHaveSimpleName("Edge")
        .and()
        // A file has one process.
        .doNotHaveSimpleName("Database")
        .and()
        // What a doctor and a restore look with, when no node runs.
        .doNotHaveSimpleName("DatabaseLook")
        .and()
        .doNotHaveSimpleName("Restore")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .orShould()
        .callMethod(java.time.InstantSource.class, "system")
        .check(GRAFT);
  }

  @Test
  void onlyServerKnowsTheFramework() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.graft.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework..", "jakarta.servlet..", "org.apache.catalina..")
        .check(GRAFT);
  }

  @Test
  void onlyStoreSpeaksSqlAndOnlyVapiSpeaksToVapi() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.graft.store..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.sql..",
            "com.zaxxer..",
            "org.flywaydb..",
            "org.sqlite..",
            "com.github.kagkarlsson..")
        .check(GRAFT);
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.graft.vapi..", "dev.graft.server.webhook..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.hc..")
        .because("webhooks go to addresses that others choose, with checks that Vapi's do not need")
        .check(GRAFT);
    noClasses()
        .that()
        .resideInAPackage("dev.graft.server.webhook..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.graft.vapi..")
        .check(GRAFT);
    // An issuer is asked for its keys; no customer's key goes there, and nothing of Vapi is known.
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.graft.vapi..", "dev.graft.server.access..", "dev.graft.server.doctor..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net.http..")
        .because("a doctor asks on purpose what the product's own client never does")
        .check(GRAFT);
  }

  @Test
  void onlyTelemetryKnowsWhoIsToldWhatHappens() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.graft.server.telemetry..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.micrometer..", "io.prometheus..", "io.opentelemetry..", "io.sentry..")
        .check(GRAFT);
    noClasses()
        .that()
        .resideInAPackage("dev.graft.server.telemetry..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.graft.server.web..", "org.springframework..")
        .check(GRAFT);
  }

  /** The thread of a transaction is not always that of whoever asked, and knows nothing of them. */
  @Test
  void noRecordIsMadeWithinATransaction() {
    Set<String> making =
        GRAFT.stream()
            .filter(type -> type.getPackageName().equals("dev.graft.store"))
            .flatMap(type -> type.getCodeUnits().stream())
            .filter(unit ->
                unit.getParameterTypes().stream()
                    .filter(type -> type.toErasure().getPackageName().equals("java.util.function"))
                    .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                    .anyMatch(type ->
                        type.isEquivalentTo(AuditRecord.class) || type.isEquivalentTo(Event.class)))
            .map(JavaCodeUnit::getFullName)
            .collect(Collectors.toSet());
    assertThat(making).isEmpty();
  }

  @Test
  void useCasesDoNotKnowTheWebAndTheVaultKnowsNobody() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.graft.server.link..", "dev.graft.server.install..", "dev.graft.server.access..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.graft.server.web..", "org.springframework..")
        .check(GRAFT);
    classes()
        .that()
        .resideInAPackage("dev.graft.vault..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "javax.crypto..", "dev.graft.vault..", "org.jspecify..")
        .check(GRAFT);
  }

  /** Four in the whole house; all other branching is over «one of these records». */
  @Test
  void interfacesAreFourAndTheRestAreSealed() {
    Set<String> open =
        GRAFT.stream()
            .filter(JavaClass::isInterface)
            .filter(type -> !type.isAnnotation())
            .filter(type -> !type.reflect().isSealed())
            .map(JavaClass::getSimpleName)
            .filter(name -> !name.equals("package-info"))
            .collect(Collectors.toSet());
    assertThat(open)
        .containsExactlyInAnyOrder("VapiAccount", "Journal", "KeyProvider", "KeyProviderFactory");
  }

  @Test
  void aKeyIsASecretAndNeverAString() {
    noClasses()
        .should(
            new com.tngtech.archunit.lang.ArchCondition<JavaClass>("hold a key as a String") {
              @Override
              public void check(JavaClass type, com.tngtech.archunit.lang.ConditionEvents events) {
                type.getFields().stream()
                    .filter(field ->
                        field
                            .getName()
                            .toLowerCase(java.util.Locale.ROOT)
                            .matches(".*(apikey|masterkey|token)$"))
                    .filter(field -> field.getRawType().isEquivalentTo(String.class))
                    .forEach(field ->
                        events.add(
                            com.tngtech.archunit.lang.SimpleConditionEvent.satisfied(
                                field, field.getFullName())));
              }
            })
        .check(GRAFT);
  }

  @Test
  void namesSayWhatThingsAre() {
    classes()
        .should()
        .haveSimpleNameNotEndingWith("Util")
        .andShould()
        .haveSimpleNameNotEndingWith("Utils")
        .andShould()
        .haveSimpleNameNotEndingWith("Helper")
        .andShould()
        .haveSimpleNameNotEndingWith("Manager")
        .andShould()
        .haveSimpleNameNotEndingWith("Impl")
        .check(GRAFT);
    methods()
        .that()
        .areDeclaredInClassesThat()
        .resideInAPackage("dev.graft.core..")
        .and()
        .haveNameMatching("get[A-Z].*")
        .should()
        .haveModifier(JavaModifier.SYNTHETIC)
        .allowEmptyShould(true)
        .check(GRAFT);
  }
}
