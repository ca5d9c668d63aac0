// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_CLUSTER_LEVEL;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_CLUSTER_SWITCH;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_HOST_NEEDS_NIC;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_IN_NO_CLUSTER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_LABEL_LATER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_EXTERNAL_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_ISOLATED_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_OF_NON_VM_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PERMISSIONS_STAY;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_FAILOVER;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_MIRRORING;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_PROFILE_PASS_THROUGH;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_ROLE_STAYS;
import static org.ovirt.isolatedports.validation.ValidationMessage.VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.validation.ValidationMessage;

/** What stands against moving VMs from a network to an isolated twin of it. */
public final class MovingInRules {

  private MovingInRules() {}

  /** All that stands against it, what blocks it first. */
  public static List<Obstacle> obstacles(Situation at) {
    List<Obstacle> found = new ArrayList<>();
    ofNetwork(at, found);
    ofClusters(at, found);
    ofProfiles(at, found);
    ofHosts(at, found);
    return found;
  }

  /** Whether the twin can be attached to a cluster. */
  public static boolean canIsolate(WatchedCluster cluster, LevelGate gate) {
    return UnknownIsUnsafe.switchIsolates(cluster.cluster().switchType())
        && UnknownIsUnsafe.levelIsOpen(cluster.cluster().level(), gate);
  }

  /** Whether a profile can have a counterpart on an isolated network. */
  public static boolean canFollow(WatchedProfile profile) {
    return !UnknownIsUnsafe.mayBypassBridge(profile.passThrough())
        && !UnknownIsUnsafe.mayMirror(profile.portMirroring());
  }

  private static void ofNetwork(Situation at, List<Obstacle> found) {
    Map<String, String> named = Map.of("network", at.network().name());
    if (at.network().portIsolation()) {
      found.add(Obstacle.blocking(TWIN_OF_ISOLATED_NETWORK, named));
    }
    if (!at.network().vmNetwork()) {
      found.add(Obstacle.blocking(TWIN_OF_NON_VM_NETWORK, named));
    }
    if (at.network().external()) {
      found.add(Obstacle.blocking(TWIN_OF_EXTERNAL_NETWORK, named));
    }
    if (!at.clusters().isEmpty()
        && at.clusters().stream().noneMatch(cluster -> canIsolate(cluster, at.gate()))) {
      found.add(Obstacle.blocking(TWIN_IN_NO_CLUSTER, named));
    }
  }

  private static void ofClusters(Situation at, List<Obstacle> found) {
    for (WatchedCluster watched : at.clusters()) {
      Map<String, String> named =
          Map.of(
              "network",
              at.network().name(),
              "cluster",
              watched.cluster().name(),
              "type",
              watched.cluster().switchType().title(),
              "level",
              watched.cluster().level().toString(),
              "minimum",
              at.gate()
                  .lowestSupported()
                  .map(CompatibilityLevel::toString)
                  .orElse("that is not available"));
      if (!UnknownIsUnsafe.levelIsOpen(watched.cluster().level(), at.gate())) {
        found.add(Obstacle.partial(TWIN_CLUSTER_LEVEL, named));
      }
      if (!UnknownIsUnsafe.switchIsolates(watched.cluster().switchType())) {
        found.add(Obstacle.partial(TWIN_CLUSTER_SWITCH, named));
      }
      for (NetworkRole role : watched.attached().getOrDefault(at.id(), Set.of())) {
        found.add(
            Obstacle.partial(
                TWIN_ROLE_STAYS,
                Map.of(
                    "network",
                    at.network().name(),
                    "cluster",
                    watched.cluster().name(),
                    "role",
                    role.text())));
      }
    }
  }

  private static void ofProfiles(Situation at, List<Obstacle> found) {
    Set<String> own =
        at.profiles().stream()
            .filter(profile -> profile.networkId().equals(at.id()))
            .map(WatchedProfile::id)
            .collect(Collectors.toSet());
    for (WatchedProfile profile : at.profiles()) {
      Map<String, String> named = Map.of("network", at.network().name(), "profile", profile.name());
      if (own.contains(profile.id()) && UnknownIsUnsafe.mayBypassBridge(profile.passThrough())) {
        found.add(Obstacle.partial(TWIN_PROFILE_PASS_THROUGH, named));
      }
      if (own.contains(profile.id()) && UnknownIsUnsafe.mayMirror(profile.portMirroring())) {
        found.add(Obstacle.partial(TWIN_PROFILE_MIRRORING, named));
      }
      String target = at.failoverTargets().get(profile.id());
      if (target != null && own.contains(target)) {
        found.add(Obstacle.partial(TWIN_PROFILE_FAILOVER, named));
      }
    }
    found.add(Obstacle.partial(TWIN_PERMISSIONS_STAY, Map.of("network", at.network().name())));
  }

  private static void ofHosts(Situation at, List<Obstacle> found) {
    for (String label : at.labels()) {
      found.add(
          Obstacle.partial(
              TWIN_LABEL_LATER, Map.of("network", at.network().name(), "label", label)));
    }
    // The engine holds hosts to both in HostSetupNetworksValidator and VDSM.
    String why =
        at.vlan()
            .map(vlan -> "the engine refuses two networks with VLAN " + vlan + " there")
            .orElse("the engine allows one network without VLAN there");
    for (Situation.CarryingHost host : at.hosts()) {
      if (!host.carriesTwin()) {
        found.add(
            Obstacle.partial(
                TWIN_HOST_NEEDS_NIC,
                Map.of(
                    "host",
                    host.name(),
                    "network",
                    at.network().name(),
                    "twin",
                    at.twin(),
                    "why",
                    why)));
      }
    }
    at.vlan()
        .ifPresent(
            vlan -> found.add(warning(VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH, at.twin(), vlan)));
  }

  private static Obstacle warning(ValidationMessage rule, String twin, String vlan) {
    return Obstacle.partial(rule, Map.of("network", twin, "vlan", vlan));
  }
}
