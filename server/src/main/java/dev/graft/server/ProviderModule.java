package dev.graft.server;

import dev.graft.server.log.Redaction;
import dev.graft.vault.Context;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.Secret;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * A key provider's module: the jars in its folder below {@code kms} beside the launcher, loaded
 * when a setting names it and not before. Its libraries are its own: it sees the JDK, the vault's
 * types and the log, and nothing else of Graft, so two modules may bring two versions of one
 * library.
 */
final class ProviderModule {
  /** Each service's folder; a scheme that is not here has a folder of its own name. */
  private static final Map<String, String> FOLDERS =
      Map.of(
          "pkcs11", "pkcs11",
          "aws-kms", "aws",
          "gcp-kms", "google",
          "azure-keyvault", "azure",
          "vault-transit", "transit");

  private static final Map<Path, ProviderModule> LOADED = new ConcurrentHashMap<>();

  private final ClassLoader loader;
  private final List<KeyProviderFactory> factories;

  private ProviderModule(Path jars) {
    this.loader = new URLClassLoader("kms " + jars, urls(jars), new Shared());
    this.factories =
        within(
            loader,
            () ->
                ServiceLoader.load(KeyProviderFactory.class, loader).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList());
  }

  static KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    Path jars = jarsFor(uri);
    try {
      ProviderModule module = LOADED.computeIfAbsent(jars, ProviderModule::new);
      KeyProviderFactory factory =
          module.factories.stream()
              .filter(each -> each.scheme().equals(uri.scheme()))
              .findFirst()
              .orElseThrow(() ->
                  uri.unusable("the jars in " + jars + " hold no provider for " + uri.scheme()));
      factory.credentials().stream()
          .map(environment::get)
          .filter(Objects::nonNull)
          .map(Secret::copyOf)
          .forEach(Redaction.ofThisProcess()::protectForever);
      return new InItsModule(
          within(module.loader, () -> factory.open(uri, environment)), module.loader);
    } catch (ServiceConfigurationError | LinkageError e) {
      throw new VaultException(
          VaultException.Kind.BAD_PROVIDER,
          "The jars of the key provider "
              + uri.scheme()
              + " in "
              + jars
              + " do not fit together or not with this Graft ("
              + e.getMessage()
              + "). Put those there that came with this release.",
          e);
    }
  }

  private static Path jarsFor(ProviderUri uri) {
    Path folder =
        Path.of(System.getProperty("graft.home", ""))
            .toAbsolutePath()
            .resolve("kms")
            .resolve(FOLDERS.getOrDefault(uri.scheme(), uri.scheme()));
    // A checkout has the sources in that folder, and the jars where the build puts them.
    for (Path candidate : List.of(folder, folder.resolve("target/provider"))) {
      if (urls(candidate).length > 0) {
        return candidate;
      }
    }
    throw new VaultException(
        VaultException.Kind.BAD_PROVIDER,
        "The key provider "
            + uri.scheme()
            + " is not installed: there is no jar in "
            + folder
            + ". Put its jars there, or in a checkout build them with: mvn -pl kms/"
            + folder.getFileName()
            + " -am package -DskipTests");
  }

  private static URL[] urls(Path folder) {
    if (!Files.isDirectory(folder)) {
      return new URL[0];
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".jar"))
          .sorted()
          .map(ProviderModule::url)
          .toArray(URL[]::new);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Libraries look for their parts with the loader of the thread. */
  private static <T> T within(ClassLoader loader, Supplier<T> work) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return work.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** What a module shares with Graft: the JDK, the vault's types, and the log. */
  private static final class Shared extends ClassLoader {
    private static final ClassLoader GRAFT = KeyProvider.class.getClassLoader();

    Shared() {
      super("shared with key providers", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (name.startsWith("dev.graft.vault.") || name.startsWith("org.slf4j.")) {
        return GRAFT.loadClass(name);
      }
      throw new ClassNotFoundException(name);
    }
  }

  /** A provider whose every call runs with its module's loader. */
  private record InItsModule(KeyProvider provider, ClassLoader loader) implements KeyProvider {
    @Override
    public String uri() {
      return provider.uri();
    }

    @Override
    public Wrapped wrap(Secret dataKey, Context context) {
      return within(loader, () -> provider.wrap(dataKey, context));
    }

    @Override
    public Secret unwrap(Wrapped wrapped, Context context) {
      return within(loader, () -> provider.unwrap(wrapped, context));
    }

    @Override
    public Wrapped rewrap(Wrapped wrapped, Context context) {
      return within(loader, () -> provider.rewrap(wrapped, context));
    }

    @Override
    public String check() {
      return within(loader, provider::check);
    }
  }
}
