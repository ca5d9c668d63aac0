// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.NetworkRules;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.server.policies.InForce;

/**
 * What one network adds to the rulesets of hosts of certain abilities. Compared by identity: what
 * did not change is the same object.
 */
final class NetworkPart {

  /** Stands for the host's name in messages until it is known which host is asked about. */
  static final String HOST = "\u0001";

  /** An entry of the list of vNICs. */
  record Row(String device, String json) {}

  private final Network network;
  private final List<Row> rows;
  private final Optional<NetworkRules> rules;
  private final boolean closed;

  private NetworkPart(
      Network network, List<Row> rows, Optional<NetworkRules> rules, boolean closed) {
    this.network = network;
    this.rows = List.copyOf(rows);
    this.rules = rules;
    this.closed = closed;
  }

  /**
   * Compiles a network.
   *
   * @throws CompileException if hosts of these abilities cannot enforce it, or a policy of it
   *     cannot be read any more; the message has {@link #HOST} for the host's name
   */
  static NetworkPart compile(NetworkInput input, HostCapabilities capabilities)
      throws CompileException {
    Network network = input.network();
    if (!input.closable()) {
      return new NetworkPart(network, rows(input), Optional.empty(), false);
    }
    InForce.Read read = input.inForce().read(input.inventory());
    Optional<Finding> error = read.findings().stream().filter(Finding::isError).findFirst();
    if (error.isPresent()) {
      throw new CompileException(
          "Host "
              + HOST
              + " keeps the rules of network "
              + network.name()
              + " as they were: the policy at "
              + error.get().location().fileAndLine()
              + " cannot be read any more. "
              + error.get().message());
    }
    ResolvedNetwork resolved = ResolvedNetwork.of(input.inventory(), read.policies(), network);
    if (!NetworkRules.needed(resolved)) {
      return new NetworkPart(network, rows(input), Optional.empty(), false);
    }
    return new NetworkPart(
        network,
        rows(input),
        Optional.of(NetworkRules.compile(HOST, capabilities, resolved)),
        !network.portIsolation());
  }

  /** Why the policies of a network are not enforced although nothing is wrong with them. */
  static Optional<String> unenforced(NetworkInput input) {
    return input.closable() || input.inForce().isEmpty()
        ? Optional.empty()
        : Optional.of(
            "Host "
                + HOST
                + " does not enforce the rules of network "
                + input.network().name()
                + ": the network has got a role in a cluster (management, display, migration,"
                + " storage or the like), and the hosts' own traffic is not ours to drop. Take the"
                + " role from it, or remove the rules.");
  }

  /** A network of which nothing could ever be compiled: none of its ports is named. */
  static NetworkPart shut(Network network) {
    return new NetworkPart(network, List.of(), Optional.empty(), !network.portIsolation());
  }

  private static List<Row> rows(NetworkInput input) {
    List<Row> rows = new ArrayList<>();
    for (NetworkInput.Member member : input.members()) {
      String device = member.nic().device();
      StringBuilder json = new StringBuilder("{\"device\":");
      JsonWriter.append(json, device);
      json.append(",\"mac\":");
      JsonWriter.append(json, Addresses.formatMac(member.nic().mac()));
      json.append(",\"nic\":");
      JsonWriter.append(json, member.vnicId());
      json.append(",\"vm\":");
      JsonWriter.append(json, member.nic().vm().id());
      json.append(",\"bridge\":");
      JsonWriter.append(json, input.network().bridge());
      json.append(",\"role\":");
      JsonWriter.append(json, member.role(input.network()));
      rows.add(new Row(device, json.append('}').toString()));
    }
    return rows;
  }

  Network network() {
    return network;
  }

  List<Row> rows() {
    return rows;
  }

  Optional<NetworkRules> rules() {
    return rules;
  }

  /** Whether its bridge is one where a port that is not named is closed. */
  boolean isClosed() {
    return closed;
  }
}
