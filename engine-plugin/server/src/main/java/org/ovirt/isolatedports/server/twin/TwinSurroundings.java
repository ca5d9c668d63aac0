// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.JsonReader;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.twin.MovingInRules;
import org.ovirt.isolatedports.twin.Obstacle;
import org.ovirt.isolatedports.twin.Situation;

/** Reads what is around a network and its isolated twin, as the caller sees it. */
@ApplicationScoped
class TwinSurroundings {

  private final JsonEngine engine;
  private final Isolation isolation;

  @Inject
  TwinSurroundings(JsonEngine engine, Isolation isolation) {
    this.engine = engine;
    this.isolation = isolation;
  }

  /**
   * The network that VMs are to leave.
   *
   * @param body what the engine says of it
   */
  record Origin(UUID id, String name, UUID dataCenter, ApiBody body) {}

  /** What is around it. */
  record Around(Origin origin, Optional<UUID> twin, Situation situation, List<ReadHost> hosts) {

    List<Obstacle> obstacles() {
      return MovingInRules.obstacles(situation);
    }

    /** The profiles of the network that can have a counterpart. */
    List<WatchedProfile> profilesToCopy() {
      return situation.profiles().stream()
          .filter(profile -> profile.networkId().equals(situation.id()))
          .filter(MovingInRules::canFollow)
          .toList();
    }

    /** The clusters that the twin can be attached to and is not. */
    List<WatchedCluster> clustersToAttach() {
      return situation.clusters().stream()
          .filter(cluster -> MovingInRules.canIsolate(cluster, situation.gate()))
          .filter(cluster -> twin.isEmpty() || !has(cluster, twin.get()))
          .toList();
    }

    /** Ids of the clusters that the network, or its twin, is attached to. */
    Set<String> clustersOf(UUID network) {
      return situation.clusters().stream()
          .filter(cluster -> has(cluster, network))
          .map(cluster -> cluster.cluster().id())
          .collect(Collectors.toSet());
    }

    /** Ids of the hosts that are known not to carry a network. */
    Set<String> hostsWithout(UUID network) {
      return hosts.stream()
          .filter(host -> !host.networks().contains(network.toString()))
          .map(ReadHost::id)
          .collect(Collectors.toSet());
    }

    /** Ids of all profiles of the network or its twin. */
    Set<String> profileIds() {
      return situation.profiles().stream()
          .filter(
              profile ->
                  profile.networkId().equals(situation.id())
                      || twin.map(UUID::toString).filter(profile.networkId()::equals).isPresent())
          .map(WatchedProfile::id)
          .collect(Collectors.toSet());
    }

    private static boolean has(WatchedCluster cluster, UUID network) {
      return cluster.attached().containsKey(network.toString());
    }
  }

  /** A host and the networks it carries. */
  record ReadHost(String id, String name, Set<String> networks) {}

  /** The network as the engine shows it to the caller. */
  static Origin origin(CallersNetworks.Shown network) {
    return new Origin(
        network.id(),
        network.name(),
        network
            .dataCenter()
            .orElseThrow(
                () ->
                    new EngineException(
                        EngineException.Kind.GARBAGE,
                        "The oVirt engine's answer holds a network without data center.")),
        network.body());
  }

  /** What is around a network. */
  Around around(String token, Origin origin, Optional<UUID> twin, String twinName) {
    JsonReader reader = engine.as(token);
    LevelGate gate = isolation.gate("Cannot isolate Network " + origin.name());
    List<WatchedCluster> clusters =
        new EngineReader(reader)
            .clusters().stream()
                .filter(cluster -> cluster.attached().containsKey(origin.id().toString()))
                .toList();
    List<WatchedProfile> profiles = new ArrayList<>();
    Map<String, String> failover = new HashMap<>();
    for (ApiBody profile : reader.read("/vnicprofiles").items("vnic_profile")) {
      EntityParser.profile(profile).ifPresent(profiles::add);
      profile
          .child("failover")
          .flatMap(target -> target.text("id"))
          .ifPresent(target -> failover.put(profile.text("id").orElse(""), target));
    }
    List<ReadHost> hosts = hosts(reader, clusters);
    Situation situation =
        new Situation(
            new LogicalNetwork(
                origin.name(),
                EntityParser.isForVms(origin.body()).orElse(false),
                EntityParser.isExternal(origin.body()),
                isolation
                    .of(origin.id(), origin.body().flag(Isolation.PORT_ISOLATION).orElse(false))
                    .isPresent()),
            origin.id().toString(),
            origin.body().child("vlan").flatMap(vlan -> vlan.text("id")),
            twinName,
            labels(reader, origin.id()),
            clusters,
            profiles,
            failover,
            hosts.stream()
                .filter(host -> host.networks().contains(origin.id().toString()))
                .map(
                    host ->
                        new Situation.CarryingHost(
                            host.name(),
                            twin.map(UUID::toString).filter(host.networks()::contains).isPresent()))
                .toList(),
            gate);
    return new Around(origin, twin, situation, hosts);
  }

  /** The hosts of some clusters that the caller may see. */
  private static List<ReadHost> hosts(JsonReader reader, List<WatchedCluster> clusters) {
    Set<String> wanted =
        clusters.stream().map(cluster -> cluster.cluster().id()).collect(Collectors.toSet());
    List<ReadHost> hosts = new ArrayList<>();
    if (wanted.isEmpty()) {
      return hosts;
    }
    for (ApiBody host : reader.find("/hosts").map(list -> list.items("host")).orElse(List.of())) {
      String id = host.text("id").orElse("");
      if (host.child("cluster")
          .flatMap(link -> link.text("id"))
          .filter(wanted::contains)
          .isPresent()) {
        Set<String> networks = new HashSet<>();
        reader.find("/hosts/" + id + "/networkattachments").stream()
            .flatMap(list -> list.items("network_attachment").stream())
            .flatMap(attachment -> attachment.child("network").stream())
            .flatMap(network -> network.text("id").stream())
            .forEach(networks::add);
        hosts.add(new ReadHost(id, host.text("name").orElse(id), networks));
      }
    }
    return hosts;
  }

  /** The labels of a network. */
  static List<String> labels(JsonReader reader, UUID network) {
    return reader.find("/networks/" + network + "/networklabels").stream()
        .flatMap(list -> list.items("network_label").stream())
        .flatMap(label -> label.text("id").stream())
        .toList();
  }

  /** The vNICs on a network and its twin, of VMs the caller may see, by VM and name. */
  List<Vnics.Vnic> vnics(String token, Around around) {
    return vnics(allVnics(token), around);
  }

  /** The vNICs of all VMs the caller may see. */
  List<Vnics.Vnic> allVnics(String token) {
    return Vnics.all(engine.as(token));
  }

  /** Those of some vNICs that are on a network and its twin, by VM and name. */
  static List<Vnics.Vnic> vnics(List<Vnics.Vnic> all, Around around) {
    Set<String> profiles = around.profileIds();
    return all.stream()
        .filter(vnic -> vnic.profile().filter(profiles::contains).isPresent())
        .sorted(Comparator.comparing(Vnics.Vnic::vmName).thenComparing(Vnics.Vnic::name))
        .toList();
  }
}
