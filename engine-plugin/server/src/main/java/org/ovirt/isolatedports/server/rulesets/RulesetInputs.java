// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostDetails;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostPicture;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.policies.EnforcingHosts;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.policies.InForce;
import org.ovirt.isolatedports.server.rulesets.NetworkInput.Member;
import org.ovirt.isolatedports.server.rulesets.RulesetBook.HostInput;

/** Makes of the engine's picture and of what only we know what rulesets depend on. */
final class RulesetInputs {

  private RulesetInputs() {}

  /**
   * What was looked at, to see whether there is anything new.
   *
   * @param picture the engine's picture
   * @param hosts the hosts in it of which is known what is attached to them
   */
  record Looked(EnginePicture picture, List<HostInput> hosts) {

    static final Looked NOTHING = new Looked(EnginePicture.EMPTY, List.of());

    /** Whether rulesets made of either are the same. */
    boolean isSameAs(Looked other) {
      return hosts.equals(other.hosts)
          && picture.networks().equals(other.picture.networks())
          && picture.profiles().equals(other.picture.profiles())
          && picture.clusters().equals(other.picture.clusters())
          && picture.vms().equals(other.picture.vms());
    }
  }

  /**
   * The hosts of a picture.
   *
   * @param reported what hosts said themselves that they can do, by id
   */
  static Looked look(EnginePicture picture, Map<String, HostAbilities> reported) {
    List<HostInput> hosts =
        picture.hosts().values().stream()
            .filter(host -> host.details().isPresent())
            .map(host -> host(host, reported))
            .toList();
    return new Looked(picture, hosts);
  }

  private static HostInput host(HostPicture host, Map<String, HostAbilities> reported) {
    return new HostInput(
        host.host().id(),
        host.host().name(),
        abilities(host, reported),
        host.details().orElseThrow().attachments().stream()
            .map(HostAttachment::networkId)
            .collect(Collectors.toSet()));
  }

  /** What a host said to us, or else what the engine shows of it. */
  private static HostAbilities abilities(HostPicture host, Map<String, HostAbilities> reported) {
    return Optional.ofNullable(reported.get(host.host().id()))
        .or(() -> host.details().flatMap(RulesetInputs::shown))
        .orElse(HostAbilities.UNKNOWN);
  }

  private static Optional<HostAbilities> shown(HostDetails details) {
    return new HostFacts("", "", "", details.hooks(), List.of())
        .report()
        .map(report -> HostAbilities.said(report.nft(), report.capabilities()));
  }

  /**
   * The hosts that a network is attached to, and those of its clusters of which it is not known
   * what is.
   */
  static List<EnforcingHosts.Host> hostsOf(
      EnginePicture picture, Map<String, HostAbilities> reported, String networkId) {
    return picture.hosts().values().stream()
        .filter(host -> mayHave(picture, host, networkId))
        .map(
            host ->
                new EnforcingHosts.Host(
                    host.host().id(), host.host().name(), abilities(host, reported)))
        .sorted(Comparator.comparing(EnforcingHosts.Host::name))
        .toList();
  }

  private static boolean mayHave(EnginePicture picture, HostPicture host, String networkId) {
    return host.details()
        .map(
            details ->
                details.attachments().stream()
                    .map(HostAttachment::networkId)
                    .anyMatch(networkId::equals))
        .orElseGet(
            () ->
                Optional.ofNullable(picture.clusters().get(host.host().clusterId()))
                    .filter(cluster -> !cluster.attached().containsKey(networkId))
                    .isEmpty());
  }

  /** The networks that hosts have to know of, by id. */
  static Map<String, NetworkInput> of(
      EnginePicture picture, LiveInventory inventory, Map<UUID, InForce> inForce) {
    Set<String> withRole = new HashSet<>();
    picture
        .clusters()
        .values()
        .forEach(
            cluster ->
                cluster
                    .attached()
                    .forEach(
                        (network, roles) -> {
                          if (!roles.isEmpty()) {
                            withRole.add(network);
                          }
                        }));
    Map<String, NetworkInput> inputs = new TreeMap<>();
    for (Network network : inventory.inventory().networks().all()) {
      UUID id = UUID.fromString(network.id());
      NetworkInput input =
          new NetworkInput(
              network,
              !withRole.contains(network.id()),
              inventory.ports(network.id()).stream()
                  .map(port -> new Member(port.vnic().id(), port.nic()))
                  .toList(),
              Optional.ofNullable(inForce.get(id))
                  .map(RulesetInputs::withoutVersion)
                  .orElseGet(() -> InForce.nothing(id)));
      if (input.concernsHosts()) {
        inputs.put(network.id(), input);
      }
    }
    return inputs;
  }

  /** What is stored and not in force counts versions as well. */
  private static InForce withoutVersion(InForce all) {
    return new InForce(
        all.networkId(), 0, all.texts(), all.audited(), all.addressSets(), all.portGroups());
  }
}
