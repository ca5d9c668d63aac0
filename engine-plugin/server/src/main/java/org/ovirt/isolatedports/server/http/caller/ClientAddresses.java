// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whom a request comes from, for limits by address. What stands in {@code X-Forwarded-For} is
 * believed from proxies of ours only, and of it the element that they added: the last one. All
 * before it the client has written.
 */
final class ClientAddresses {

  /** What an address looks like; anything else would be asked for at the DNS. */
  private static final String LITERAL = "[0-9a-fA-F:.]{2,45}";

  /** A subscriber has at least that much of IPv6: a limit by single addresses would be none. */
  private static final int PREFIX_BYTES = 8;

  private final Set<InetAddress> proxies;

  /**
   * Addresses as proxies tell them.
   *
   * @param proxies the addresses of our proxies
   */
  ClientAddresses(List<String> proxies) {
    this.proxies =
        proxies.stream()
            .flatMap(proxy -> address(proxy.trim()).stream())
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether a peer is a proxy of ours. */
  boolean isProxy(String peer) {
    return address(peer).filter(proxies::contains).isPresent();
  }

  /**
   * The client of a request, as limits count it.
   *
   * @param peer the other end of the connection
   * @param forwardedFor the values of {@code X-Forwarded-For}, in their order
   */
  String client(String peer, List<String> forwardedFor) {
    Optional<InetAddress> client = address(peer);
    if (client.filter(proxies::contains).isEmpty()) {
      return client.map(ClientAddresses::key).orElse(peer);
    }
    List<String> elements =
        forwardedFor.stream()
            .flatMap(value -> Arrays.stream(value.split(",", -1)))
            .map(String::trim)
            .toList();
    for (int i = elements.size() - 1; i >= 0; i--) {
      Optional<InetAddress> element = address(elements.get(i));
      if (element.isEmpty()) {
        break;
      }
      client = element;
      // A proxy before a proxy is never one of this machine: that is a client beside us.
      if (!proxies.contains(element.get()) || element.get().isLoopbackAddress()) {
        break;
      }
    }
    return client.map(ClientAddresses::key).orElse(peer);
  }

  private static String key(InetAddress address) {
    byte[] bytes = address.getAddress();
    return address instanceof Inet6Address && !address.isLoopbackAddress()
        ? HexFormat.of().formatHex(bytes, 0, PREFIX_BYTES) + "/64"
        : address.getHostAddress();
  }

  private static Optional<InetAddress> address(String text) {
    if (!text.matches(LITERAL)) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(text));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
