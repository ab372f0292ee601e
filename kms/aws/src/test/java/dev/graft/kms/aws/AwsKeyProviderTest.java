package dev.graft.kms.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vault.KeyProvider;
import dev.graft.vault.ProviderUri;
import dev.graft.vault.RemoteKeyProviderContract;
import dev.graft.vault.StubService;
import dev.graft.vault.VaultException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AwsKeyProviderTest implements RemoteKeyProviderContract {
  private final KmsStub stub = new KmsStub();

  @AfterEach
  void closeStub() {
    stub.close();
  }

  private KeyProvider open(Map<String, String> environment, String timeout) {
    return new AwsFactory()
        .open(ProviderUri.parse(stub.address() + "&timeout=" + timeout), environment);
  }

  @Override
  public StubService service() {
    return stub;
  }

  @Override
  public KeyProvider provider() {
    return open(stub.credentials(), "30s");
  }

  @Override
  public KeyProvider hurriedProvider() {
    return open(stub.credentials(), "1s");
  }

  @Override
  public KeyProvider rotatedProvider() {
    stub.rotateOnce();
    return provider();
  }

  @Override
  public KeyProvider providerWithoutTheFormerVersion() {
    stub.replaceKey();
    return provider();
  }

  @Override
  public KeyProvider providerOfAStranger() {
    return open(
        Map.of(
            "AWS_ACCESS_KEY_ID",
            KmsStub.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY",
            "another-secret-key",
            "AWS_REGION",
            KmsStub.REGION),
        "1s");
  }

  @Override
  public List<String> credentials() {
    return List.of(KmsStub.SECRET_KEY, "another-secret-key");
  }

  @Override
  public String golden() {
    return "golden/aws.txt";
  }

  @Override
  public String rendered(StubService.Call call) {
    return KmsStub.rendered(call);
  }

  @Test
  void aShortThrottleIsSatOut() {
    stub.throttlesLeft.set(2);
    assertThat(provider().check()).startsWith("arn:aws:kms:");
    assertThat(stub.throttlesLeft).hasValue(0);
  }

  @Test
  void anAliasOnAnotherKeyIsARotationToo() {
    var before = provider().wrap(RemoteKeyProviderContract.sample(), CONTEXT);
    stub.replaceKey();
    var after = provider().wrap(RemoteKeyProviderContract.sample(), CONTEXT);
    assertThat(after.kekVersion()).isNotEqualTo(before.kekVersion());
  }

  @Test
  void anAddressThatCannotBeMeantIsRefused() {
    for (String wrong :
        List.of(
            "aws-kms:",
            "aws-kms:graft",
            "aws-kms:arn:aws:s3:::bucket",
            "aws-kms:arn:aws:kms:eu-central-1:1:key/x",
            "aws-kms:alias/graft?endpoint=http://example.com",
            "aws-kms:alias/graft?reigon=x")) {
      assertThatThrownBy(() -> new AwsFactory().open(ProviderUri.parse(wrong), stub.credentials()))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
    assertThatThrownBy(
            () -> new AwsFactory().open(ProviderUri.parse("aws-kms:alias/graft"), Map.of()))
        .hasMessageContaining("its region is not known");
  }
}
