// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
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
  private final Optional<NetworkRules> counting;
  private final Map<String, Counted> counted;
  private final Optional<String> uncounted;
  private final Optional<NetworkPart> withoutCounting;
  private final Optional<NetworkPart> withoutTable;

  /** Without anything that counts. */
  private NetworkPart(
      Network network,
      List<Row> rows,
      Optional<NetworkRules> rules,
      boolean closed,
      Optional<String> uncounted) {
    this.network = network;
    this.rows = List.copyOf(rows);
    this.rules = rules;
    this.closed = closed;
    this.counting = Optional.empty();
    this.counted = Map.of();
    this.uncounted = uncounted;
    this.withoutCounting = Optional.empty();
    this.withoutTable = Optional.empty();
  }

  private NetworkPart(NetworkPart inForce, NetworkRules counting, Map<String, Counted> counted) {
    this.network = inForce.network;
    this.rows = inForce.rows;
    this.rules = inForce.rules;
    this.closed = inForce.closed;
    this.counting = Optional.of(counting);
    this.counted = Map.copyOf(counted);
    this.uncounted = Optional.empty();
    this.withoutCounting = Optional.of(inForce);
    this.withoutTable =
        Optional.of(
            new NetworkPart(
                network,
                rows,
                rules,
                closed,
                Optional.of(
                    uncounted(
                        network,
                        "it does not say that its kernel takes nftables' bridge family."))));
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
      return inForce(input, Optional.empty(), Optional.empty());
    }
    InForce.Read read = input.inForce().read(input.inventory());
    Optional<String> error = error(read);
    if (error.isPresent()) {
      throw new CompileException(
          "Host "
              + HOST
              + " keeps the rules of network "
              + network.name()
              + " as they were: "
              + error.get());
    }
    ResolvedNetwork resolved = ResolvedNetwork.of(input.inventory(), read.policies(), network);
    Optional<NetworkRules> rules =
        NetworkRules.needed(resolved)
            ? Optional.of(NetworkRules.compile(HOST, capabilities, resolved))
            : Optional.empty();
    return withCounting(input, capabilities, rules);
  }

  /** What is in audit never stands in the way of what is in force. */
  private static NetworkPart withCounting(
      NetworkInput input, HostCapabilities capabilities, Optional<NetworkRules> rules) {
    if (!input.inForce().isAudited()) {
      return inForce(input, rules, Optional.empty());
    }
    InForce.Read read = input.inForce().readAudited(input.inventory());
    Optional<String> error = error(read);
    if (error.isPresent()) {
      return inForce(input, rules, Optional.of(uncounted(input.network(), error.get())));
    }
    try {
      NetworkRules counting =
          NetworkRules.counting(
              HOST,
              capabilities,
              rules,
              ResolvedNetwork.of(input.inventory(), read.policies(), input.network()),
              edition(input.inForce()));
      if (counting.counters().isEmpty()) {
        return inForce(
            input,
            rules,
            Optional.of(
                uncounted(
                    input.network(),
                    "nothing there would drop a frame, or its kernel cannot track the connections"
                        + " that they need.")));
      }
      return new NetworkPart(
          inForce(input, rules, Optional.empty()),
          counting,
          Counted.of(counting.counters(), read.policies()));
    } catch (CompileException e) {
      return inForce(input, rules, Optional.of(uncounted(input.network(), e.getMessage())));
    }
  }

  private static NetworkPart inForce(
      NetworkInput input, Optional<NetworkRules> rules, Optional<String> uncounted) {
    return new NetworkPart(
        input.network(),
        rows(input),
        rules,
        rules.isPresent() && !input.network().portIsolation(),
        uncounted);
  }

  private static Optional<String> error(InForce.Read read) {
    return read.findings().stream()
        .filter(Finding::isError)
        .findFirst()
        .map(
            error ->
                "the policy at "
                    + error.location().fileAndLine()
                    + " cannot be read any more. "
                    + error.message());
  }

  private static String uncounted(Network network, String why) {
    return "Host "
        + HOST
        + " counts nothing for the policies in audit of network "
        + network.name()
        + ": "
        + why;
  }

  /** Texts and pins of network policies, in short. */
  private static String edition(InForce inForce) {
    StringBuilder all = new StringBuilder();
    for (InForce.Text text : inForce.audited()) {
      all.append(text.name()).append('\0').append(text.yaml()).append('\0');
      new TreeMap<>(text.pins()).forEach((name, id) -> all.append(name).append(id).append('\0'));
    }
    return SharedRuleset.digest(all.toString());
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
    return new NetworkPart(
        network, List.of(), Optional.empty(), !network.portIsolation(), Optional.empty());
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

  /** What it enforces with a table. */
  Optional<NetworkRules> rules() {
    return rules;
  }

  /** All that it has in a table. */
  List<NetworkRules> table() {
    return Stream.of(rules, counting).flatMap(Optional::stream).toList();
  }

  /** What its counters count, by their names. */
  Map<String, Counted> counted() {
    return counted;
  }

  /** Why nothing is counted though something is in audit, with {@link #HOST}. */
  Optional<String> uncounted() {
    return uncounted;
  }

  /** The same where there is no room for all that would count. */
  NetworkPart withoutCounting() {
    return withoutCounting.orElse(this);
  }

  /** The same for hosts that take no table. */
  NetworkPart withoutTableToCount() {
    return withoutTable.orElse(this);
  }

  /** Whether its bridge is one where a port that is not named is closed. */
  boolean isClosed() {
    return closed;
  }
}
