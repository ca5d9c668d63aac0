// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressesTest {

  private final ClientAddresses addresses =
      new ClientAddresses(List.of("127.0.0.1", "::1", "192.0.2.7"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        // What the client wrote stands before what the proxy added.
        "127.0.0.1|198.51.100.9, 203.0.113.5|203.0.113.5",
        "127.0.0.1|203.0.113.5|203.0.113.5",
        "::1|198.51.100.9, 203.0.113.5|203.0.113.5",
        // A client that is no proxy of ours is not believed at all.
        "203.0.113.9|198.51.100.9|203.0.113.9",
        // A proxy before the proxy.
        "127.0.0.1|198.51.100.9, 203.0.113.5, 192.0.2.7|203.0.113.5",
        // A client beside us, through httpd, cannot hide behind the address it shares with it.
        "127.0.0.1|198.51.100.9, 127.0.0.1|127.0.0.1",
        // Nothing that is an address.
        "127.0.0.1|none|127.0.0.1",
        "127.0.0.1|203.0.113.5, unknown|127.0.0.1",
        "127.0.0.1|203.0.113.5, engine.example.com|127.0.0.1",
        // One subscriber of IPv6 has more addresses than can be counted.
        "127.0.0.1|2001:db8:1:2:3:4:5:6|20010db800010002/64",
        "127.0.0.1|2001:db8:1:2::1|20010db800010002/64",
        "127.0.0.1|::ffff:203.0.113.5|203.0.113.5"
      })
  void theLastElementThatAProxyOfOursAdded(String peer, String forwarded, String client) {
    assertThat(addresses.client(peer, forwarded == null ? List.of() : List.of(forwarded)))
        .isEqualTo(client);
  }

  @Test
  void severalHeadersAreOneList() {
    assertThat(addresses.client("127.0.0.1", List.of("198.51.100.9", "203.0.113.5")))
        .isEqualTo("203.0.113.5");
  }
}
