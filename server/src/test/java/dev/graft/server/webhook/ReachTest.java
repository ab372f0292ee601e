package dev.graft.server.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReachTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0.0.0.0/x",
        "https://localhost/x",
        "https://10.1.2.3/x",
        "https://172.16.0.1/x",
        "https://172.31.255.255/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/x",
        "https://100.100.100.200/x",
        "https://192.0.0.192/x",
        "https://198.18.0.1/x",
        "https://203.0.113.9/x",
        "https://224.0.0.1/x",
        "https://239.255.255.250/x",
        "https://240.0.0.1/x",
        "https://255.255.255.255/x",
        "https://[::1]/x",
        "https://[::]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[::ffff:a9fe:a9fe]/x",
        "https://[::127.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[64:ff9b:1::1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[2001::1]/x",
        "https://[2001:db8::1]/x",
        "https://[3fff::1]/x",
        "https://[100::1]/x",
        "https://[fe80::1]/x",
        "https://[fec0::1]/x",
        "https://[fc00::1]/x",
        "https://[fd00:ec2::254]/x",
        "https://[ff02::1]/x"
      })
  void whatIsNotPublicIsOutOfReach(String url) {
    assertThatThrownBy(() -> Reach.PUBLIC.address(url)).isInstanceOf(Reach.OutOfReach.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://8.8.8.8/x",
        "https://8.8.8.8:8443/x?y=z",
        "https://172.32.0.1/x",
        "https://100.128.0.1/x",
        "https://[2606:4700::1111]/x"
      })
  void whatIsPublicIsInReach(String url) throws Exception {
    assertThat(Reach.PUBLIC.address(url).toString()).isEqualTo(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "https:///x",
        "ftp://8.8.8.8/x",
        "http://8.8.8.8/x",
        "https://user:password@8.8.8.8/x",
        "https://8.8.8.8/x#y",
        "https://8.8.8.8:0/x",
        "https://8.8.8.8:99999/x",
        "file:///etc/passwd",
        "https://exa mple.com/"
      })
  void whatIsNoHttpsAddressIsRefused(String url) {
    assertThatThrownBy(() -> Reach.PUBLIC.address(url)).isInstanceOf(Reach.OutOfReach.class);
  }

  @Test
  void anOperatorAllowsHostsAddressesAndNetworks() throws Exception {
    Reach reach = Reach.allowing(" 10.1.0.0/16, 127.0.0.1,::1, hooks.internal ").orElseThrow();
    assertThat(reach.address("https://10.1.255.255/x")).isNotNull();
    assertThat(reach.address("http://127.0.0.1:9/x")).isNotNull();
    assertThat(reach.address("http://[::1]:9/x")).isNotNull();
    assertThatThrownBy(() -> reach.address("https://10.2.0.0/x")).hasMessageContaining("10.2.0.0");
    assertThatThrownBy(() -> reach.address("https://127.0.0.2/x"))
        .hasMessageContaining("GRAFT_WEBHOOK_ALLOW");
    // Unencrypted nowhere but to this machine, whatever is allowed.
    assertThatThrownBy(() -> reach.address("http://10.1.2.3/x")).hasMessageContaining("https");

    InetAddress inside = InetAddress.ofLiteral("192.168.7.7");
    Reach named = reach.resolvedBy(Answers.of(List.of(inside)));
    assertThat(named.addresses("hooks.internal", false)).containsExactly(inside);
    assertThatThrownBy(() -> named.addresses("other.internal", false))
        .isInstanceOf(Reach.OutOfReach.class);
  }

  @Test
  void oneBadAddressAmongGoodOnesIsEnough() {
    Reach reach =
        Reach.PUBLIC.resolvedBy(
            Answers.of(
                List.of(InetAddress.ofLiteral("8.8.8.8"), InetAddress.ofLiteral("127.0.0.1"))));
    assertThatThrownBy(() -> reach.addresses("example.com", false))
        .isInstanceOf(Reach.OutOfReach.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/x", "a b", "http://x", "*", "10.0.0.1/-1"})
  void whatIsNoListOfHostsIsNoSetting(String text) {
    assertThat(Reach.allowing(text)).isEmpty();
  }
}
