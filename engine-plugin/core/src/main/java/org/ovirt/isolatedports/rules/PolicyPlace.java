// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.ovirt.isolatedports.validation.ValidationMessage.OTHER_SWITCH_FOR_NETWORK_WITH_POLICIES;
import static org.ovirt.isolatedports.validation.ValidationMessage.POLICY_ON_EXTERNAL_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.POLICY_ON_NON_VM_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.POLICY_ON_OTHER_SWITCH;
import static org.ovirt.isolatedports.validation.ValidationMessage.POLICY_ON_ROLE_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.POLICY_ON_STORAGE_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.ROLE_ON_NETWORK_WITH_POLICIES;

import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.validation.ValidationResult;

/**
 * On which networks ACLs and network policies may be written, one method a rule: not where hosts
 * and the engine reach each other, and only where the hosts can enforce them.
 */
public final class PolicyPlace {

  private PolicyPlace() {}

  /** A network of no VMs has no ports to rule. */
  public static ValidationResult onlyOnVmNetworks(Network network) {
    return ValidationResult.failWith(POLICY_ON_NON_VM_NETWORK, Map.of("network", network.name()))
        .when(!network.vmNetwork());
  }

  /** The ports of an external network are its provider's. */
  public static ValidationResult notOnExternalNetworks(Network network) {
    return ValidationResult.failWith(POLICY_ON_EXTERNAL_NETWORK, Map.of("network", network.name()))
        .when(network.external());
  }

  /**
   * Management, display, migration, storage and gluster traffic runs between peers; a role that is
   * not known may be one of these.
   */
  public static ValidationResult withoutInfrastructureRole(
      Network network, Collection<WatchedCluster> clusters) {
    return attached(network, clusters)
        .filter(cluster -> !roles(network, cluster).isEmpty())
        .findFirst()
        .map(
            cluster ->
                onRole(
                    network,
                    roles(network, cluster).stream().min(Comparator.naturalOrder()).orElseThrow(),
                    cluster.cluster().name()))
        .orElse(ValidationResult.VALID);
  }

  private static ValidationResult onRole(Network network, NetworkRole role, String cluster) {
    return ValidationResult.failWith(
            POLICY_ON_ROLE_NETWORK,
            Map.of("network", network.name(), "role", role.text(), "cluster", cluster))
        .when(true);
  }

  /** A network in an iSCSI bond carries storage, though no cluster says so. */
  public static ValidationResult notForStorage(Network network, Optional<String> bond) {
    return bond.map(
            name ->
                ValidationResult.failWith(
                        POLICY_ON_STORAGE_NETWORK, Map.of("network", network.name(), "bond", name))
                    .when(true))
        .orElse(ValidationResult.VALID);
  }

  /** Rules are made for Linux bridges; of a switch that is not known nothing can be said. */
  public static ValidationResult onlyOnLinuxBridges(
      Network network, Collection<WatchedCluster> clusters) {
    return attached(network, clusters)
        .filter(cluster -> !UnknownIsUnsafe.switchIsolates(cluster.cluster().switchType()))
        .findFirst()
        .map(
            cluster ->
                ValidationResult.failWith(
                        POLICY_ON_OTHER_SWITCH,
                        Map.of(
                            "network",
                            network.name(),
                            "cluster",
                            cluster.cluster().name(),
                            "type",
                            cluster.cluster().switchType().title()))
                    .when(true))
        .orElse(ValidationResult.VALID);
  }

  /**
   * A network with policies does not get a role for infrastructure afterwards.
   *
   * @param ruled whether it has policies
   * @param usages what it is to be used for in a cluster
   */
  public static ValidationResult noRoleWherePoliciesAre(
      String network, boolean ruled, Collection<String> usages) {
    Optional<String> role =
        usages.stream()
            .filter(usage -> UnknownIsUnsafe.roleOfUsage(usage).isPresent())
            .sorted()
            .findFirst();
    return ValidationResult.failWith(
            ROLE_ON_NETWORK_WITH_POLICIES, Map.of("network", network, "role", role.orElse("")))
        .when(ruled && role.isPresent());
  }

  /** A network with policies does not get to another switch afterwards. */
  public static ValidationResult noOtherSwitchWherePoliciesAre(
      String network, boolean ruled, Cluster cluster) {
    return ValidationResult.failWith(
            OTHER_SWITCH_FOR_NETWORK_WITH_POLICIES,
            Map.of(
                "network",
                network,
                "cluster",
                cluster.name(),
                "type",
                cluster.switchType().title()))
        .when(ruled && !UnknownIsUnsafe.switchIsolates(cluster.switchType()));
  }

  private static Stream<WatchedCluster> attached(
      Network network, Collection<WatchedCluster> clusters) {
    return clusters.stream()
        .filter(cluster -> cluster.attached().containsKey(network.id().toString()));
  }

  private static Set<NetworkRole> roles(Network network, WatchedCluster cluster) {
    return cluster.attached().getOrDefault(network.id().toString(), Set.of());
  }
}
