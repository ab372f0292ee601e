package dev.graft.kms.google;

import com.google.api.gax.core.FixedCredentialsProvider;
import com.google.api.gax.retrying.RetrySettings;
import com.google.api.gax.rpc.StatusCode;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.kms.v1.KeyManagementServiceClient;
import com.google.cloud.kms.v1.KeyManagementServiceSettings;
import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.VaultException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Opens {@code gcp-kms:projects/P/locations/L/keyRings/R/cryptoKeys/K}. */
public final class GoogleFactory implements KeyProviderFactory {
  private static final Pattern NAME =
      Pattern.compile(
          "projects/[\\w.:-]+/locations/[a-z0-9-]+/keyRings/[\\w-]+/cryptoKeys/[\\w-]+");

  @Override
  public String scheme() {
    return "gcp-kms";
  }

  @Override
  public Set<String> credentials() {
    return Set.of();
  }

  @Override
  public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    uri.knowing("endpoint", "timeout");
    if (!NAME.matcher(uri.path()).matches()) {
      throw uri.unusable(
          "it must look like"
              + " gcp-kms:projects/my-project/locations/europe-west3/keyRings/graft/cryptoKeys/kek,"
              + " without a version");
    }
    try {
      KeyManagementServiceSettings.Builder settings =
          KeyManagementServiceSettings.newHttpJsonBuilder()
              .setCredentialsProvider(
                  FixedCredentialsProvider.create(credentials(uri, environment)));
      uri.option("endpoint").ifPresent(endpoint -> settings.setEndpoint(checked(uri, endpoint)));
      var patience = patience(uri.timeout());
      settings
          .encryptSettings()
          .setRetrySettings(patience)
          .setRetryableCodes(StatusCode.Code.UNAVAILABLE, StatusCode.Code.RESOURCE_EXHAUSTED);
      settings
          .decryptSettings()
          .setRetrySettings(patience)
          .setRetryableCodes(StatusCode.Code.UNAVAILABLE, StatusCode.Code.RESOURCE_EXHAUSTED);
      return new GoogleKeyProvider(
          uri.identity(),
          uri.path(),
          uri.timeout(),
          KeyManagementServiceClient.create(settings.build()));
    } catch (IOException e) {
      throw VaultException.unavailable(
          uri.identity(), "its client cannot be made (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  /** Everything together ends with the time that a call has. */
  private static RetrySettings patience(Duration timeout) {
    return RetrySettings.newBuilder()
        .setTotalTimeoutDuration(timeout)
        .setInitialRpcTimeoutDuration(timeout)
        .setMaxRpcTimeoutDuration(timeout)
        .setRpcTimeoutMultiplier(1)
        .setInitialRetryDelayDuration(Duration.ofMillis(200))
        .setMaxRetryDelayDuration(Duration.ofSeconds(2))
        .setRetryDelayMultiplier(2)
        .setMaxAttempts(4)
        .build();
  }

  /** The file that is named; else what gcloud, the instance or the pod's account offers. */
  private static GoogleCredentials credentials(ProviderUri uri, Map<String, String> environment) {
    String file = environment.get("GOOGLE_APPLICATION_CREDENTIALS");
    try {
      GoogleCredentials credentials;
      if (file == null) {
        credentials = GoogleCredentials.getApplicationDefault();
      } else {
        try (InputStream in = Files.newInputStream(Path.of(file))) {
          credentials = GoogleCredentials.fromStream(in);
        }
      }
      return credentials.createScoped(List.of("https://www.googleapis.com/auth/cloudkms"));
    } catch (IOException e) {
      throw uri.unusable(
          file == null
              ? "there are no credentials for it. Set GOOGLE_APPLICATION_CREDENTIALS to a file with"
                  + " them, or give this machine a service account"
              : "the file of GOOGLE_APPLICATION_CREDENTIALS, "
                  + file
                  + ", holds no credentials that"
                  + " can be read");
    }
  }

  private static String checked(ProviderUri uri, String text) {
    try {
      URI endpoint = new URI(text);
      boolean here = "127.0.0.1".equals(endpoint.getHost());
      if ("https".equals(endpoint.getScheme()) || "http".equals(endpoint.getScheme()) && here) {
        return text;
      }
    } catch (URISyntaxException e) {
      // Said below.
    }
    throw uri.unusable("its endpoint must be an https address (http on 127.0.0.1 only)");
  }
}
