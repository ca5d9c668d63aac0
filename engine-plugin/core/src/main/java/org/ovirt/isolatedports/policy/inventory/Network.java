// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;

/**
 * A logical network.
 *
 * @param id the engine's id; where an inventory gives none, what its name stands for there
 * @param name the engine's name for it, which another data center may give to another network
 * @param dataCenter the name of its data center, if known
 * @param bridge the bridge on the hosts
 * @param cidrs the blocks of its addresses; may be none
 * @param gateways addresses of its gateways; may be none
 * @param gatewayMacs MACs from which frames of the uplink reach isolated ports
 * @param portIsolation whether its vNICs are isolated unless a role says otherwise
 * @param uplink what the uplink lets through to isolated ports
 * @param dropsHairpin whether frames from the uplink that come from an address of the network are
 *     dropped, unless they are a gateway's or a vNIC's own: what a gateway hands on within the
 *     subnet
 */
public record Network(
    String id,
    String name,
    Optional<String> dataCenter,
    String bridge,
    List<IpRange> cidrs,
    List<IpRange> gateways,
    List<Bits> gatewayMacs,
    boolean portIsolation,
    Uplink uplink,
    boolean dropsHairpin) {

  /** A network into which the uplink may bring back what its vNICs sent. */
  public Network(
      String id,
      String name,
      Optional<String> dataCenter,
      String bridge,
      List<IpRange> cidrs,
      List<IpRange> gateways,
      List<Bits> gatewayMacs,
      boolean portIsolation,
      Uplink uplink) {
    this(id, name, dataCenter, bridge, cidrs, gateways, gatewayMacs, portIsolation, uplink, false);
  }

  public Network {
    cidrs = List.copyOf(cidrs);
    gateways = List.copyOf(gateways);
    gatewayMacs = List.copyOf(gatewayMacs);
  }

  /** How isolation holds across hosts. */
  public enum Uplink {
    /** Frames from the uplink reach isolated ports only from a gateway's MAC. */
    GATEWAYS,
    /** Frames from the uplink reach isolated ports unless their MAC is a closed vNIC's. */
    OPEN
  }

  /** Its name, with its data center where that is known; what tells networks of one name apart. */
  public String qualifiedName() {
    return dataCenter.map(center -> center + "/" + name).orElse(name);
  }

  /** Whether an address lies in none of the network's blocks, though it has some of its family. */
  public boolean isOutside(IpRange address) {
    List<IpRange> blocks = cidrs.stream().filter(b -> b.ipv6() == address.ipv6()).toList();
    return !blocks.isEmpty() && blocks.stream().noneMatch(block -> block.contains(address));
  }

  /** The first gateway of a family. */
  public Optional<IpRange> gateway(boolean ipv6) {
    return gateways.stream().filter(gateway -> gateway.ipv6() == ipv6).findFirst();
  }
}
