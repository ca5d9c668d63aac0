// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_NETWORK_PORT_ISOLATION_CANNOT_BE_CHANGED;
import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_PASSTHROUGH_PROFILE_NOT_SUPPORTS_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE;
import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_PORT_ISOLATION_UNSUPPORTED_CLUSTER_LEVEL;
import static org.ovirt.isolatedports.validation.ValidationMessage.CLUSTER_OF_ISOLATED_PORT_UNKNOWN;
import static org.ovirt.isolatedports.validation.ValidationMessage.EXTERNAL_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.FAILOVER_TARGET_NOT_SUPPORTED_WITH_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.NON_VM_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.OPEN_PORT_PROFILE_USABLE_BY_EVERYONE;
import static org.ovirt.isolatedports.validation.ValidationMessage.PORT_ISOLATION_NOT_SUPPORTED_ON_ROLE_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.PORT_MIRRORING_NOT_SUPPORTED_WITH_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH;
import static org.ovirt.isolatedports.validation.ValidationMessage.VNIC_CLAIMS_GATEWAY_MAC;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.VnicProfile;
import org.ovirt.isolatedports.validation.ValidationResult;

/**
 * The rules of the attribute {@code port_isolation}, one method each.
 *
 * <p>The engine has them in {@code NetworkValidator} and {@code AttachNetworkClusterValidator}; we
 * hold every caller to them also where the engine does not know the attribute.
 */
public final class PortIsolationValidator {

  private PortIsolationValidator() {}

  public static ValidationResult onlyOnVmNetworks(LogicalNetwork network) {
    return ValidationResult.failWith(NON_VM_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION)
        .when(network.portIsolation() && !network.vmNetwork());
  }

  public static ValidationResult notOnExternalNetworks(LogicalNetwork network) {
    return ValidationResult.failWith(EXTERNAL_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION)
        .when(network.portIsolation() && network.external());
  }

  public static ValidationResult notChangedAfterCreation(
      LogicalNetwork before, LogicalNetwork after) {
    return ValidationResult.failWith(ACTION_TYPE_FAILED_NETWORK_PORT_ISOLATION_CANNOT_BE_CHANGED)
        .when(before.portIsolation() != after.portIsolation());
  }

  /** An isolated network may be attached only where the level gate is open. */
  public static ValidationResult clusterLevelSupported(
      LogicalNetwork network, Cluster cluster, LevelGate gate) {
    String minimum =
        gate.lowestSupported().map(CompatibilityLevel::toString).orElse("that is not available");
    return ValidationResult.failWith(
            ACTION_TYPE_FAILED_PORT_ISOLATION_UNSUPPORTED_CLUSTER_LEVEL, Map.of("minimum", minimum))
        .when(network.portIsolation() && !UnknownIsUnsafe.levelIsOpen(cluster.level(), gate));
  }

  /** Only a Linux bridge knows isolated ports. */
  public static ValidationResult onlyOnLinuxBridges(LogicalNetwork network, Cluster cluster) {
    return ValidationResult.failWith(ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE)
        .when(network.portIsolation() && !UnknownIsUnsafe.switchIsolates(cluster.switchType()));
  }

  /** Management, display, migration, storage and gluster traffic runs between peers. */
  public static ValidationResult withoutInfrastructureRole(
      LogicalNetwork network, Collection<String> usages) {
    Optional<String> role =
        usages.stream()
            .filter(usage -> UnknownIsUnsafe.roleOfUsage(usage).isPresent())
            .sorted()
            .findFirst();
    return ValidationResult.failWith(
            PORT_ISOLATION_NOT_SUPPORTED_ON_ROLE_NETWORK,
            Map.of("network", network.name(), "role", role.orElse("")))
        .when(network.portIsolation() && role.isPresent());
  }

  /** A passthrough vNIC has no port on the bridge that could be isolated. */
  public static ValidationResult notOnPassthroughProfiles(
      LogicalNetwork network, VnicProfile profile) {
    return ValidationResult.failWith(
            ACTION_TYPE_FAILED_PASSTHROUGH_PROFILE_NOT_SUPPORTS_PORT_ISOLATION)
        .when(network.portIsolation() && UnknownIsUnsafe.mayBypassBridge(profile.passThrough()));
  }

  /** VDSM mirrors with tc, which copies frames before the bridge looks at the flag. */
  public static ValidationResult notWithPortMirroring(LogicalNetwork network, VnicProfile profile) {
    return ValidationResult.failWith(
            PORT_MIRRORING_NOT_SUPPORTED_WITH_PORT_ISOLATION,
            Map.of("network", network.name(), "profile", profile.name()))
        .when(network.portIsolation() && UnknownIsUnsafe.mayMirror(profile.portMirroring()));
  }

  /** While a passthrough vNIC is away its VM uses the failover profile's network. */
  public static ValidationResult notAsFailoverTarget(LogicalNetwork failover, VnicProfile profile) {
    return ValidationResult.failWith(
            FAILOVER_TARGET_NOT_SUPPORTED_WITH_PORT_ISOLATION,
            Map.of("network", failover.name(), "profile", profile.name()))
        .when(failover.portIsolation());
  }

  /** A promiscuous or community port reaches others, so not everyone may choose it. */
  public static ValidationResult openPortsNotForEveryone(
      LogicalNetwork network, VnicProfile profile, boolean usableByEveryone) {
    return ValidationResult.failWith(
            OPEN_PORT_PROFILE_USABLE_BY_EVERYONE,
            Map.of(
                "network",
                network.name(),
                "profile",
                profile.name(),
                "role",
                profile.portRole().orElse("")))
        .when(
            network.portIsolation()
                && UnknownIsUnsafe.mayReachOtherPorts(profile.portRole())
                && usableByEveryone);
  }

  /**
   * A vNIC that answers for the gateway would draw all its neighbours' traffic.
   *
   * @param mac the address the vNIC asks for
   * @param gatewayMacs the addresses of the network's gateways, in lower case with colons
   */
  public static ValidationResult notWithGatewayMac(
      LogicalNetwork network, String mac, Collection<String> gatewayMacs) {
    return ValidationResult.failWith(
            VNIC_CLAIMS_GATEWAY_MAC, Map.of("network", network.name(), "mac", mac))
        .when(
            network.portIsolation()
                && gatewayMacs.contains(mac.toLowerCase(Locale.ROOT).replace('-', ':')));
  }

  /** An isolated port whose cluster nobody may tell us about is not one we can answer for. */
  public static ValidationResult clusterKnown(
      LogicalNetwork network, String clusterName, boolean known) {
    return ValidationResult.failWith(
            CLUSTER_OF_ISOLATED_PORT_UNKNOWN,
            Map.of("network", network.name(), "cluster", clusterName))
        .when(network.portIsolation() && !known);
  }

  /**
   * What an administrator should know of an isolated network that carries a VLAN tag; allowed, as
   * the engine allows it.
   */
  public static ValidationResult vlanNeedsIsolationOnSwitch(
      LogicalNetwork network, Optional<String> vlan) {
    return ValidationResult.failWith(
            VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH,
            Map.of("network", network.name(), "vlan", vlan.orElse("")))
        .when(network.portIsolation() && vlan.isPresent());
  }
}
