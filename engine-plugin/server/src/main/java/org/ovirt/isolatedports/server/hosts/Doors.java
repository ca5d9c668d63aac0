// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;

/**
 * Connections on which no host has asked for anything yet. They are cut off after a while, and
 * there is room for so many of one address and in all: one more cuts off the oldest of them. So
 * whoever opens connections and says nothing keeps no host out, which says who it is at once.
 */
final class Doors {

  /** An IPv6 client has a network of its own. */
  private static final int IPV6_PREFIX = 8;

  private final int mostOfAddress;
  private final int most;
  private final long longestMillis;

  /** By the other side's address and port, the oldest first. */
  private final Map<SocketAddress, StreamConnection> unproven = new LinkedHashMap<>();

  private final Map<String, Integer> byAddress = new LinkedHashMap<>();

  /**
   * Room for connections.
   *
   * @param mostOfAddress of one address; an IPv6 client counts by its /64
   * @param most in all
   * @param longestMillis how long one may take to say who it is
   */
  Doors(int mostOfAddress, int most, long longestMillis) {
    this.mostOfAddress = mostOfAddress;
    this.most = most;
    this.longestMillis = longestMillis;
  }

  /** A connection was made. */
  void opened(StreamConnection connection) {
    SocketAddress peer = connection.getPeerAddress();
    Optional<StreamConnection> oldest = Optional.empty();
    synchronized (this) {
      forget(peer);
      if (byAddress.getOrDefault(client(peer), 0) >= mostOfAddress) {
        oldest = takeOldest(Optional.of(client(peer)));
      } else if (unproven.size() >= most) {
        oldest = takeOldest(Optional.empty());
      }
      unproven.put(peer, connection);
      byAddress.merge(client(peer), 1, Integer::sum);
    }
    oldest.ifPresent(IoUtils::safeClose);
    connection
        .getIoThread()
        .executeAfter(() -> late(peer, connection), longestMillis, TimeUnit.MILLISECONDS);
  }

  /** A host has asked on a connection. */
  synchronized void proven(SocketAddress peer) {
    forget(peer);
  }

  /** How many connections there are on which nobody said who it is. */
  synchronized int unproven() {
    return unproven.size();
  }

  private void late(SocketAddress peer, StreamConnection connection) {
    synchronized (this) {
      if (!connection.equals(unproven.get(peer))) {
        return;
      }
      forget(peer);
    }
    IoUtils.safeClose(connection);
  }

  private void forget(SocketAddress peer) {
    if (unproven.remove(peer) != null) {
      byAddress.computeIfPresent(client(peer), (client, count) -> count > 1 ? count - 1 : null);
    }
  }

  private Optional<StreamConnection> takeOldest(Optional<String> client) {
    Iterator<Map.Entry<SocketAddress, StreamConnection>> all = unproven.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<SocketAddress, StreamConnection> each = all.next();
      if (client.isEmpty() || client.get().equals(client(each.getKey()))) {
        StreamConnection oldest = each.getValue();
        forget(each.getKey());
        return Optional.of(oldest);
      }
    }
    return Optional.empty();
  }

  private static String client(SocketAddress peer) {
    InetAddress address = peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
    if (address == null) {
      return "";
    }
    byte[] bytes = address.getAddress();
    return Arrays.toString(
        address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_PREFIX) : bytes);
  }
}
