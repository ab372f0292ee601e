package dev.graft.server;

import dev.graft.core.json.Json;
import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.OneTimeKey;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code graft kms check}: does with a key provider all that a server does with it, with a data key
 * made for the purpose and stored nowhere, and tells each step, what it takes, and what is missing.
 */
final class KmsCheck {
  private static final Context CONTEXT = new Context("graft", "check", "check");
  private static final Context OTHER = new Context("another", "check", "check");
  private static final int USUAL_TIMES = 5;
  private static final int MOST_TIMES = 1000;

  /** What is tried, in this order. */
  enum Step {
    OPEN("finds its module and settings"),
    WRAP("wraps a data key"),
    UNWRAP("unwraps it to the same"),
    OTHER_ACCOUNT("refuses it for another account"),
    REWRAP("wraps it anew, newest version");

    final String text;

    Step(String text) {
      this.text = text;
    }
  }

  /** What a step must be allowed to do at the service. */
  private static final Map<String, Map<Step, String>> NEEDS =
      Map.of(
          "pkcs11",
          Map.of(
              Step.WRAP, "the user's PIN, and a key that may encrypt (CKA_ENCRYPT)",
              Step.UNWRAP, "a key that may decrypt (CKA_DECRYPT)"),
          "aws-kms",
          Map.of(
              Step.WRAP, "kms:Encrypt and kms:Decrypt on the key",
              Step.UNWRAP, "kms:Decrypt on the key",
              Step.REWRAP, "kms:ReEncryptFrom and kms:ReEncryptTo on the key"),
          "gcp-kms",
          Map.of(
              Step.WRAP, "cloudkms.cryptoKeyVersions.useToEncrypt on the key",
              Step.UNWRAP, "cloudkms.cryptoKeyVersions.useToDecrypt on the key"),
          "azure-keyvault",
          Map.of(
              Step.WRAP, "get and wrapKey on the key",
              Step.UNWRAP, "unwrapKey on the key"),
          "vault-transit",
          Map.of(
              Step.WRAP, "read on transit/keys/KEY and update on transit/encrypt/KEY",
              Step.UNWRAP, "update on transit/decrypt/KEY",
              Step.REWRAP, "update on transit/rewrap/KEY"));

  /** A step that was tried: how long each time took, and what went wrong, if anything. */
  record Tried(Step step, List<Long> nanos, Optional<String> trouble) {}

  /** All that was tried at one address. */
  record Report(ProviderUri uri, List<Tried> steps, Optional<String> version) {
    boolean works() {
      return steps.stream().allMatch(tried -> tried.trouble().isEmpty());
    }
  }

  private final ProviderUri uri;
  private final int times;
  private final List<Tried> steps = new ArrayList<>();

  private KmsCheck(ProviderUri uri, int times) {
    this.uri = uri;
    this.times = times;
  }

  /** Runs the command. */
  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    var addresses = new ArrayList<String>();
    var config = new ArrayList<String>();
    boolean json = false;
    int times = USUAL_TIMES;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals("--json")) {
        json = true;
      } else if (argument.startsWith("--times") || argument.startsWith("--config")) {
        int equals = argument.indexOf('=');
        String value =
            equals >= 0
                ? argument.substring(equals + 1)
                : i + 1 < arguments.size() ? arguments.get(++i) : "";
        String name = equals >= 0 ? argument.substring(0, equals) : argument;
        if (name.equals("--config")) {
          config.addAll(List.of(name, value));
        } else if (name.equals("--times")
            && value.matches("[1-9]\\d{0,3}")
            && Integer.parseInt(value) <= MOST_TIMES) {
          times = Integer.parseInt(value);
        } else {
          return misused(argument + " " + value + ": --times takes a number from 1 to 1000.", err);
        }
      } else if (argument.startsWith("-")) {
        return misused("graft kms check has no option " + argument + ".", err);
      } else {
        addresses.add(argument);
      }
    }
    return run(addresses, GivenSettings.of(config, environment), times, json, out, err);
  }

  private static int misused(String fault, PrintStream err) {
    err.println(fault + " graft kms check --help lists what it takes.");
    return Main.USAGE;
  }

  private static int run(
      List<String> addresses,
      GivenSettings given,
      int times,
      boolean json,
      PrintStream out,
      PrintStream err) {
    List<ProviderUri> uris;
    Optional<Settings> settings;
    try {
      uris = new ArrayList<>(addresses.stream().map(ProviderUri::parse).toList());
      settings = settings(given, uris);
    } catch (VaultException e) {
      err.println(e.getMessage());
      return Main.USAGE;
    } catch (Settings.Unusable e) {
      e.faults().forEach(err::println);
      return Main.FAILED;
    }
    if (uris.isEmpty()) {
      KeySettings keys = settings.orElseThrow().keys();
      uris.add(keys.current());
      uris.addAll(keys.older());
    }
    var reports = new ArrayList<Report>();
    for (ProviderUri uri : uris) {
      Supplier<KeyProvider> opening =
          settings
              .<Supplier<KeyProvider>>map(known -> () -> KeyProviders.of(known).open(uri))
              .orElse(() -> ProviderModule.open(uri, given.environment()));
      Report report = new KmsCheck(uri, times).report(opening);
      reports.add(report);
      if (!json) {
        tell(report, out);
      }
    }
    if (json) {
      var all = Json.object();
      var list = all.putArray("providers");
      reports.forEach(report -> list.add(json(report)));
      out.println(Json.writePretty(all));
    }
    return reports.stream().allMatch(Report::works) ? 0 : Main.FAILED;
  }

  /** What is wrong with a provider that the settings name, if anything is. */
  static Optional<String> trouble(ProviderUri uri, Settings settings) {
    Report report = new KmsCheck(uri, 1).report(() -> KeyProviders.of(settings).open(uri));
    return report.steps().stream().flatMap(tried -> tried.trouble().stream()).findFirst();
  }

  /** Those of the server, unless an address is given that needs none of them. */
  private static Optional<Settings> settings(GivenSettings given, List<ProviderUri> uris)
      throws Settings.Unusable {
    boolean needed =
        uris.isEmpty()
            || uris.stream().anyMatch(uri -> uri.scheme().equals(KeySettings.LOCAL.scheme()));
    return needed ? Optional.of(Settings.of(given)) : Optional.empty();
  }

  private Report report(Supplier<KeyProvider> opening) {
    KeyProvider provider = tried(Step.OPEN, 1, opening);
    String version = provider == null ? null : used(provider);
    return new Report(uri, List.copyOf(steps), Optional.ofNullable(version));
  }

  private @Nullable String used(KeyProvider provider) {
    try (Secret sample = OneTimeKey.generate()) {
      KeyProvider.Wrapped wrapped = tried(Step.WRAP, times, () -> provider.wrap(sample, CONTEXT));
      if (wrapped == null) {
        return null;
      }
      Boolean unwraps =
          tried(
              Step.UNWRAP,
              times,
              () -> {
                try (Secret back = provider.unwrap(wrapped, CONTEXT)) {
                  if (!back.equals(sample)) {
                    throw new VaultException(
                        VaultException.Kind.TAMPERED,
                        "What came back is not what was wrapped. Do not use this key provider.");
                  }
                  return true;
                }
              });
      if (unwraps != null) {
        tried(Step.OTHER_ACCOUNT, 1, () -> refusesOthers(provider, wrapped));
        tried(Step.REWRAP, 1, () -> provider.rewrap(wrapped, CONTEXT));
      }
      return wrapped.kekVersion();
    }
  }

  private static boolean refusesOthers(KeyProvider provider, KeyProvider.Wrapped wrapped) {
    try {
      provider.unwrap(wrapped, OTHER).wipe();
    } catch (VaultException e) {
      if (e.kind() == VaultException.Kind.TAMPERED) {
        return true;
      }
      throw e;
    }
    throw new VaultException(
        VaultException.Kind.TAMPERED,
        "It unwrapped a data key for another account than it was wrapped for. Do not use this key"
            + " provider.");
  }

  private <T> @Nullable T tried(Step step, int often, Supplier<T> work) {
    var nanos = new ArrayList<Long>();
    T result = null;
    try {
      for (int i = 0; i < often; i++) {
        long from = System.nanoTime();
        try {
          result = work.get();
        } finally {
          nanos.add(System.nanoTime() - from);
        }
      }
      steps.add(new Tried(step, List.copyOf(nanos), Optional.empty()));
      return result;
    } catch (VaultException e) {
      steps.add(new Tried(step, List.copyOf(nanos), Optional.of(String.valueOf(e.getMessage()))));
      return null;
    }
  }

  private static Optional<String> needs(Report report, Step step) {
    return Optional.ofNullable(NEEDS.getOrDefault(report.uri().scheme(), Map.of()).get(step));
  }

  private static void tell(Report report, PrintStream out) {
    out.println(report.uri().identity());
    for (Tried tried : report.steps()) {
      out.printf(
          "  %-32s %s%n",
          tried.step().text, tried.trouble().isPresent() ? "FAILED" : times(tried.nanos()));
      tried
          .trouble()
          .ifPresent(trouble -> {
            out.println(Manual.wrapped(trouble, "    "));
            needs(report, tried.step())
                .ifPresent(needs -> out.println("    This step needs: " + needs + "."));
          });
    }
    report
        .version()
        .ifPresent(version ->
            out.println(
                (report.works() ? "It works, and wraps" : "It wraps")
                    + " under the key version '"
                    + version
                    + "'."));
    if (!report.works()) {
      out.println("A server with this key provider would not do its work.");
    }
  }

  /** The first time by itself, since it logs in and connects. */
  private static String times(List<Long> nanos) {
    String first = milliseconds(nanos.getFirst());
    if (nanos.size() == 1) {
      return first + " ms";
    }
    List<Long> later = nanos.subList(1, nanos.size()).stream().sorted().toList();
    return "%s ms, then mostly %s ms (%s to %s, %d times)"
        .formatted(
            first,
            milliseconds(later.get(later.size() / 2)),
            milliseconds(later.getFirst()),
            milliseconds(later.getLast()),
            later.size());
  }

  private static String milliseconds(long nanos) {
    return String.format(java.util.Locale.ROOT, "%.1f", nanos / 1e6);
  }

  private static ObjectNode json(Report report) {
    var json = Json.object().put("address", report.uri().identity()).put("works", report.works());
    report.version().ifPresent(version -> json.put("version", version));
    var steps = json.putArray("steps");
    for (Tried tried : report.steps()) {
      var step =
          steps.addObject().put("step", tried.step().name().toLowerCase(java.util.Locale.ROOT));
      var milliseconds = step.putArray("milliseconds");
      tried.nanos().forEach(nanos -> milliseconds.add(Math.round(nanos / 1e5) / 10.0));
      tried
          .trouble()
          .ifPresent(trouble -> {
            step.put("trouble", trouble);
            needs(report, tried.step()).ifPresent(needs -> step.put("needs", needs));
          });
    }
    return json;
  }
}
