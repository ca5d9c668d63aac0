// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.policy.role.PortRole;

/**
 * What each fact of the engine means for isolation, one method a fact, for whoever asks: the check
 * at write time, the guard and moving in. A fact that the engine did not say, or said in a word
 * that is not known, counts as what would endanger isolation.
 */
public final class UnknownIsUnsafe {

  /** UserProfileEditor, which Everyone has on the whole system as installed. */
  private static final String USER_PROFILE_EDITOR = "def00021-0000-0000-0000-def000000015";

  /** VnicProfileUser, the role that is there to let use profiles. */
  private static final String VNIC_PROFILE_USER = "def0000a-0000-0000-0000-def000000010";

  /** The permit by which a user may put a vNIC on a profile (engine class {@code ActionGroup}). */
  private static final String USE_PROFILE = "configure_vm_network";

  private UnknownIsUnsafe() {}

  /** Whether the ports of a cluster are on a switch that knows isolated ports. */
  public static boolean switchIsolates(SwitchType type) {
    return type == SwitchType.LINUX_BRIDGE;
  }

  /** Whether a host has a bridge for a network, whose ports it could isolate. */
  public static boolean isBridged(Stated bridged) {
    return bridged == Stated.YES;
  }

  /** Whether the level gate is open for a cluster of this level. */
  public static boolean levelIsOpen(CompatibilityLevel level, LevelGate gate) {
    return !level.equals(CompatibilityLevel.UNKNOWN) && gate.isSupported(level);
  }

  /** Whether the vNICs of a profile may be virtual functions, which no bridge can isolate. */
  public static boolean mayBypassBridge(Stated passThrough) {
    return passThrough != Stated.NO;
  }

  /** Whether the vNICs of a profile may get copies of other vNICs' frames. */
  public static boolean mayMirror(Stated portMirroring) {
    return portMirroring != Stated.NO;
  }

  /**
   * Whether the ports of a profile may reach others than promiscuous ones (RFC 5517, section 3).
   *
   * @param property the value of the profile's custom property; empty if it has none, which is an
   *     isolated port on an isolated network
   */
  public static boolean mayReachOtherPorts(Optional<String> property) {
    return property
        .filter(
            value ->
                PortRole.parse(value).filter(role -> role instanceof PortRole.Isolated).isEmpty())
        .isPresent();
  }

  /**
   * What a port may reach.
   *
   * @param property the value of its profile's custom property; empty if it has none
   * @param isolated whether its network is isolated
   */
  public static PortRole roleOf(Optional<String> property, boolean isolated) {
    if (property.isEmpty()) {
      return isolated ? new PortRole.Isolated() : new PortRole.Promiscuous();
    }
    return PortRole.parse(property.get()).orElseGet(PortRole.Isolated::new);
  }

  /**
   * Whether a role may let its holder put a vNIC on a profile.
   *
   * @param roleId the engine's id of the role
   * @param permits its permits; empty if they cannot be read
   */
  public static boolean mayUseProfiles(String roleId, Optional<Set<String>> permits) {
    return switch (roleId) {
      case USER_PROFILE_EDITOR -> false;
      case VNIC_PROFILE_USER -> true;
      default -> permits.map(names -> names.contains(USE_PROFILE)).orElse(true);
    };
  }

  /** Whether the permits of a role have to be read to know what {@link #mayUseProfiles} says. */
  public static boolean dependsOnPermits(String roleId) {
    return !roleId.equals(USER_PROFILE_EDITOR) && !roleId.equals(VNIC_PROFILE_USER);
  }

  /** The role that a usage gives a network; peers on it must reach each other. */
  public static Optional<NetworkRole> roleOfUsage(String usage) {
    return NetworkRole.ofUsage(usage);
  }

  /**
   * Whether the engine itself may isolate a network, so that its ports need a fit host.
   *
   * @param engineKnowsAttribute whether the engine says the attribute of any network: one that does
   *     says it of each
   */
  public static boolean engineMayIsolate(
      Optional<Boolean> portIsolation, boolean engineKnowsAttribute) {
    return portIsolation.orElse(engineKnowsAttribute);
  }

  /** Whether the engine itself isolates a network. */
  public static boolean engineIsolates(Optional<Boolean> portIsolation) {
    return portIsolation.orElse(false);
  }
}
