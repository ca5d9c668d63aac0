// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.network;

import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_NETWORK_PORT_ISOLATION_CANNOT_BE_CHANGED;
import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE;
import static org.ovirt.isolatedports.validation.ValidationMessage.ACTION_TYPE_FAILED_PORT_ISOLATION_UNSUPPORTED_CLUSTER_LEVEL;
import static org.ovirt.isolatedports.validation.ValidationMessage.EXTERNAL_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION;
import static org.ovirt.isolatedports.validation.ValidationMessage.NON_VM_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION;

import java.util.Map;
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
        .when(network.portIsolation() && !gate.isSupported(cluster.level()));
  }

  /** Only a Linux bridge knows isolated ports. */
  public static ValidationResult onlyOnLinuxBridges(LogicalNetwork network, Cluster cluster) {
    return ValidationResult.failWith(ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE)
        .when(network.portIsolation() && cluster.switchType() != SwitchType.LINUX_BRIDGE);
  }
}
