package dev.graft.kms.aws;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.KeyProviderFactory;
import dev.graft.vault.ProviderUri;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.KmsClientBuilder;

/** Opens {@code aws-kms:} followed by a key's ARN, an alias's ARN, or {@code alias/name}. */
public final class AwsFactory implements KeyProviderFactory {
  private static final Pattern ARN =
      Pattern.compile("arn:aws[a-z-]*:kms:([a-z0-9-]+):\\d{12}:(key|alias)/[\\w/-]+");
  private static final Pattern NAME = Pattern.compile("alias/[\\w/-]+|(mrk-)?[0-9a-f-]{32,36}");

  @Override
  public String scheme() {
    return "aws-kms";
  }

  @Override
  public Set<String> credentials() {
    return Set.of("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
  }

  @Override
  public KeyProvider open(ProviderUri uri, Map<String, String> environment) {
    uri.knowing("region", "endpoint", "timeout");
    Matcher arn = ARN.matcher(uri.path());
    if (!arn.matches() && !NAME.matcher(uri.path()).matches()) {
      throw uri.unusable(
          "it must look like aws-kms:arn:aws:kms:eu-central-1:111122223333:key/... or"
              + " aws-kms:alias/graft");
    }
    KmsClientBuilder client =
        KmsClient.builder()
            .region(Region.of(region(uri, arn, environment)))
            .credentialsProvider(credentials(environment))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(uri.timeout())
                    .socketTimeout(uri.timeout()))
            .overrideConfiguration(settings ->
                settings
                    .apiCallTimeout(uri.timeout())
                    .apiCallAttemptTimeout(uri.timeout())
                    .retryStrategy(AwsRetryStrategy.standardRetryStrategy()));
    endpoint(uri, environment).ifPresent(client::endpointOverride);
    return new AwsKeyProvider(uri.identity(), uri.path(), client.build());
  }

  private static String region(ProviderUri uri, Matcher arn, Map<String, String> environment) {
    if (arn.matches()) {
      return arn.group(1);
    }
    return uri.option("region")
        .or(() -> Optional.ofNullable(environment.get("AWS_REGION")))
        .or(() -> Optional.ofNullable(environment.get("AWS_DEFAULT_REGION")))
        .filter(region -> region.matches("[a-z0-9-]+"))
        .orElseThrow(() ->
            uri.unusable(
                "its region is not known. Name the key by its ARN, or set AWS_REGION, or add"
                    + " ?region=eu-central-1"));
  }

  /** What stands in the environment goes first; else files, web identity, container or instance. */
  private static AwsCredentialsProvider credentials(Map<String, String> environment) {
    String id = environment.get("AWS_ACCESS_KEY_ID");
    String secret = environment.get("AWS_SECRET_ACCESS_KEY");
    if (id == null || secret == null) {
      return DefaultCredentialsProvider.builder().build();
    }
    String session = environment.get("AWS_SESSION_TOKEN");
    return StaticCredentialsProvider.create(
        session == null
            ? AwsBasicCredentials.create(id, secret)
            : AwsSessionCredentials.create(id, secret, session));
  }

  private static Optional<URI> endpoint(ProviderUri uri, Map<String, String> environment) {
    return uri.option("endpoint")
        .or(() -> Optional.ofNullable(environment.get("AWS_ENDPOINT_URL_KMS")))
        .map(text -> {
          try {
            URI endpoint = new URI(text);
            boolean here = "127.0.0.1".equals(endpoint.getHost());
            if ("https".equals(endpoint.getScheme())
                || "http".equals(endpoint.getScheme()) && here) {
              return endpoint;
            }
          } catch (URISyntaxException e) {
            // Said below.
          }
          throw uri.unusable("its endpoint must be an https address (http on 127.0.0.1 only)");
        });
  }
}
