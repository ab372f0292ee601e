package dev.graft.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LimitsTest {
  @Test
  void oneHolderOfAddressesOfVersionSixCountsOnce() {
    assertThat(Limits.network("203.0.113.9")).isEqualTo("203.0.113.9");
    assertThat(Limits.network("2001:db8:1:2:3::4"))
        .isEqualTo(Limits.network("2001:db8:1:2:ffff:ffff:ffff:ffff"))
        .isNotEqualTo(Limits.network("2001:db8:1:3::4"));
    assertThat(Limits.network("0:0:0:0:0:0:0:1")).isEqualTo(Limits.network("::1"));
    assertThat(Limits.network("not an address")).isEqualTo("not an address");
  }
}
