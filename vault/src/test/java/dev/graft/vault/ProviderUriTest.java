package dev.graft.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProviderUriTest {
  @Test
  void itHasASchemeAPathAndWhatIsAboutTheWay() {
    ProviderUri uri =
        ProviderUri.parse("pkcs11:token=a;object=b?module-path=/x%2Cy/z+1.so&timeout=500ms&pin=");

    assertThat(uri.scheme()).isEqualTo("pkcs11");
    assertThat(uri.path()).isEqualTo("token=a;object=b");
    assertThat(uri.identity()).isEqualTo("pkcs11:token=a;object=b");
    assertThat(uri.option("module-path")).contains("/x,y/z+1.so");
    assertThat(uri.option("pin")).isEmpty();
    assertThat(uri.timeout()).isEqualTo(Duration.ofMillis(500));
    assertThat(uri.isSameKeyAs(ProviderUri.parse("pkcs11:token=a;object=b?timeout=1s"))).isTrue();
    assertThat(uri.isSameKeyAs(ProviderUri.parse("pkcs11:token=a;object=c"))).isFalse();
  }

  @Test
  void anArnAndAnAddressArePaths() {
    assertThat(ProviderUri.parse("aws-kms:arn:aws:kms:eu-central-1:111122223333:key/1").path())
        .isEqualTo("arn:aws:kms:eu-central-1:111122223333:key/1");
    assertThat(ProviderUri.parse("vault-transit:https://host:8200/graft").path())
        .isEqualTo("https://host:8200/graft");
    assertThat(ProviderUri.parse("local:").timeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void whatIsNoneIsRefused() {
    for (String wrong :
        List.of(
            "",
            "local",
            ":x",
            "A:x",
            "1a:x",
            "a b:x",
            "a:x y",
            "a:x#y",
            "a:\u00e9",
            "a:x\n",
            "a:x?b=1?c",
            "a:x?=1",
            "a:x?b=1&b=2",
            "a:x?b=%zz",
            "a:x?b&&c")) {
      assertThatThrownBy(() -> ProviderUri.parse(wrong))
          .as(wrong)
          .isInstanceOfSatisfying(
              VaultException.class,
              e -> assertThat(e.kind()).isEqualTo(VaultException.Kind.BAD_PROVIDER));
    }
  }

  @Test
  void anOptionThatNobodyReadsAndATimeThatIsNoneAreRefused() {
    assertThatThrownBy(() -> ProviderUri.parse("a:x?timeot=1s").knowing("timeout", "region"))
        .hasMessageContaining("it has the option 'timeot'; those there are: timeout, region.");
    for (String wrong : List.of("0s", "1", "1m", "121s", "-1s", "x")) {
      assertThatThrownBy(() -> ProviderUri.parse("a:x?timeout=" + wrong).timeout())
          .hasMessageContaining("its timeout must be a time such as 500ms or 10s");
    }
  }
}
