package dev.graft.server;

import dev.graft.server.access.SignIns;
import dev.graft.server.background.BackgroundConfiguration;
import dev.graft.server.log.Logging;
import dev.graft.server.log.Redaction;
import dev.graft.server.telemetry.Telemetry;
import dev.graft.server.web.WebConfiguration;
import dev.graft.store.Database;
import dev.graft.store.StoreException;
import dev.graft.vault.Vault;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.LoggerFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Starts the server, or says why it cannot: every refusal is a sentence, and there is no half
 * start.
 */
public final class Main {
  static final int USAGE = 64;
  static final int FAILED = 1;

  private Main() {}

  @Configuration(proxyBeanMethods = false)
  @Import({
    Wiring.class,
    EventWiring.class,
    TelemetryWiring.class,
    WebConfiguration.class,
    BackgroundConfiguration.class
  })
  @ImportAutoConfiguration({
    TomcatServletWebServerAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class
  })
  static class Application {}

  public static void main(String[] arguments) {
    // Only what is left of it in TLS 1.2, which is not offered; scanners ask nevertheless.
    System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
    int exit = run(List.of(arguments), System.getenv(), System.out, System.err);
    boolean mayServe = arguments.length == 0 || arguments[0].equals("serve");
    // A key provider's library may have left threads that would keep any other command from ending.
    if (exit != 0 || !mayServe) {
      System.exit(exit);
    }
  }

  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    String command = arguments.isEmpty() ? "serve" : arguments.getFirst();
    List<String> rest = arguments.isEmpty() ? arguments : arguments.subList(1, arguments.size());
    boolean help = rest.contains("--help") || rest.contains("-h");
    return switch (command) {
      case "serve" -> help ? Manual.serve(out) : serve(rest, environment, out, err);
      case "config" -> help ? Manual.config(out) : config(rest, environment, out, err);
      case "doctor" -> help ? Manual.doctor(out) : DoctorCommand.run(rest, environment, out, err);
      case "restore" -> help ? Manual.restore(out) : Restore.run(rest, environment, out, err);
      case "kms" -> help ? Manual.kmsCheck(out) : kms(rest, environment, out, err);
      default -> {
        err.println(
            "The server knows the commands serve, config, doctor, restore and kms check, and not '"
                + command
                + "'. Each tells more with --help.");
        yield USAGE;
      }
    };
  }

  /** The one command of kms that talks to a key provider and to no server. */
  private static int kms(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    if (arguments.isEmpty() || !arguments.getFirst().equals("check")) {
      err.println(
          "Of the commands of kms the server itself knows check alone: graft kms check --help tells"
              + " more. The others ask a running server: graft kms --help lists them.");
      return USAGE;
    }
    return KmsCheck.run(arguments.subList(1, arguments.size()), environment, out, err);
  }

  private static int config(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    if (arguments.contains("--reference")) {
      out.print(Reference.page());
      out.flush();
      return 0;
    }
    boolean json = arguments.contains("--json");
    GivenSettings given =
        GivenSettings.of(
            arguments.stream().filter(argument -> !argument.equals("--json")).toList(),
            environment);
    Manual.settings(given, json, out);
    try {
      Settings.of(given);
      return 0;
    } catch (Settings.Unusable e) {
      e.faults().forEach(err::println);
      return FAILED;
    }
  }

  private static int serve(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    Settings settings;
    try {
      settings = Settings.of(GivenSettings.of(arguments, environment));
    } catch (Settings.Unusable e) {
      err.println("Graft does not start, because of its settings:");
      e.faults().forEach(fault -> err.println("  " + fault));
      return FAILED;
    }
    try {
      stopWithStandardInput(start(settings, out));
      return 0;
    } catch (StoreException | VaultException | StartRefused | Logging.Unsafe e) {
      err.println("Graft does not start. " + Redaction.ofThisProcess().clean(reason(e)));
      return FAILED;
    } catch (PortInUseException e) {
      err.println(
          "Graft does not start. Port "
              + e.getPort()
              + " is in use by another program. Stop that program, or choose another port with"
              + " GRAFT_PORT or --port.");
      return FAILED;
    }
  }

  private static String reason(RuntimeException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static void checkTemplates(Settings settings) {
    var templates =
        new dev.graft.server.install.Templates(settings.templates(), settings.defaultTemplate());
    List<String> names;
    try {
      names = templates.names();
    } catch (dev.graft.server.install.Templates.Unreadable e) {
      throw new StartRefused(String.valueOf(e.getMessage()));
    }
    if (names.isEmpty()) {
      throw new StartRefused(
          "There is no template in "
              + settings.templates()
              + ". Put a folder with template-assistant.json and template-tool.json there, or set"
              + " GRAFT_TEMPLATES to where the templates are.");
    }
    settings
        .defaultTemplate()
        .filter(name -> !names.contains(name))
        .ifPresent(name -> {
          throw new StartRefused(
              "GRAFT_DEFAULT_TEMPLATE is '"
                  + name
                  + "', and there is no such template in "
                  + settings.templates()
                  + ". There are: "
                  + String.join(", ", names)
                  + ".");
        });
    var broken = new StringBuilder();
    for (String name : names) {
      templates.named(name).orElseThrow().findings().stream()
          .filter(finding -> finding.isError())
          .forEach(finding -> broken.append("\n  ").append(name).append("/").append(finding));
    }
    if (!broken.isEmpty()) {
      throw new StartRefused(
          "There are templates in " + settings.templates() + " that cannot be used:" + broken);
    }
  }

  /** Starts the server and returns when it takes requests. */
  static ConfigurableApplicationContext start(Settings settings, PrintStream out) {
    return start(
        settings,
        out,
        (database, telemetry) -> KeyProviders.of(settings, database).vault(telemetry::measured));
  }

  /** As above, with a vault of the caller's. */
  static ConfigurableApplicationContext start(
      Settings settings, PrintStream out, Function<Database, Vault> vaults) {
    return start(settings, out, (database, _) -> vaults.apply(database));
  }

  private static ConfigurableApplicationContext start(
      Settings settings, PrintStream out, BiFunction<Database, Telemetry, Vault> vaults) {
    Logging.start(settings.log());
    settings.secrets().forEach(Redaction.ofThisProcess()::protectForever);
    List<String> stray = StrayNames.in(settings.keys().environment());
    if (!stray.isEmpty()) {
      LoggerFactory.getLogger(Main.class)
          .warn(
              "in the environment, and no setting of Graft's, so that nobody reads it: {}",
              String.join(", ", stray));
    }
    checkTemplates(settings);
    Database database = database(settings);
    Telemetry telemetry =
        Telemetry.of(
            settings.telemetry(),
            version(),
            settings.profile().name().toLowerCase(Locale.ROOT),
            settings.keys().current().scheme());
    try {
      Vault vault = vaults.apply(database, telemetry);
      var application = new SpringApplication(Application.class);
      application.setBannerMode(Banner.Mode.OFF);
      application.setLogStartupInfo(false);
      application.setRegisterShutdownHook(true);
      application.setDefaultProperties(
          Map.of(
              "spring.threads.virtual.enabled", "true",
              "spring.main.keep-alive", "true",
              "server.shutdown", "graceful",
              // Forms are read where a page sends one, and by nothing before any route.
              "spring.mvc.formcontent.filter.enabled", "false",
              "spring.web.resources.add-mappings", "false"));
      application.addInitializers(context -> {
        var beans = (GenericApplicationContext) context;
        beans.registerBean(Settings.class, () -> settings);
        beans.registerBean(Database.class, () -> database);
        beans.registerBean(Vault.class, () -> vault);
        beans.registerBean(Telemetry.class, () -> telemetry);
      });
      ConfigurableApplicationContext context = application.run();
      Manual.started(settings, database, port(context), out);
      // In production the terminal is a log, which others read and which is kept.
      if (!settings.open() && !settings.inProduction() && settings.oidc().isEmpty()) {
        Manual.wayIn(settings, port(context), context.getBean(SignIns.class).newLink(), out);
      }
      return context;
    } catch (RuntimeException e) {
      telemetry.close();
      database.close();
      throw unwrapped(e);
    }
  }

  /** The version of the jar that this was started from. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  /** A program that started this one, and wants it to end with itself, holds its input open. */
  private static void stopWithStandardInput(ConfigurableApplicationContext context) {
    if (System.getenv("GRAFT_STOP_WITH_STDIN") == null) {
      return;
    }
    Thread.ofPlatform()
        .daemon()
        .name("standard-input")
        .start(() -> {
          try {
            System.in.transferTo(OutputStream.nullOutputStream());
          } catch (IOException e) {
            // As good as its end.
          }
          context.close();
        });
  }

  static int port(ConfigurableApplicationContext context) {
    return context instanceof WebServerApplicationContext web && web.getWebServer() != null
        ? web.getWebServer().getPort()
        : 0;
  }

  /** Spring wraps what its beans throw; the reason itself is what has a sentence. */
  private static RuntimeException unwrapped(RuntimeException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof StoreException
          || cause instanceof StartRefused
          || cause instanceof VaultException
          || cause instanceof PortInUseException) {
        return (RuntimeException) cause;
      }
    }
    return e;
  }

  private static Database database(Settings settings) {
    if (settings.database().isPresent()) {
      return Database.postgres(settings.database().get(), 20);
    }
    return Database.sqlite(settings.dataDir().resolve("graft.db"));
  }
}
