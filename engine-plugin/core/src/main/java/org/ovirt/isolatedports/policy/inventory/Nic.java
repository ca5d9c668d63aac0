// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.inventory;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.role.PortRole;

/**
 * A vNIC: what policies call a pod and matches a port.
 *
 * @param vm its VM
 * @param name its own name, {@code nic1} for a VM's first
 * @param networkId the id of its network
 * @param namespace the group its VM is in
 * @param labels labels an administrator gave its VM, and {@code vm.kubevirt.io/name}
 * @param host the host its VM runs on; none if the VM does not run
 * @param mac its MAC
 * @param addresses addresses an administrator gave it; none if none were given
 * @param role its role, after the network's default
 * @param antiSpoof whether it is held to its MAC and addresses
 * @param port the device it has on its host, if known
 * @param namedPorts the ports a policy may name
 * @param serves whether it may say what else only routers and DHCP servers may: advertise routes,
 *     redirect, hand out addresses
 */
public record Nic(
    Vm vm,
    String name,
    String networkId,
    String namespace,
    Map<String, String> labels,
    Optional<String> host,
    Bits mac,
    List<IpRange> addresses,
    PortRole role,
    boolean antiSpoof,
    Optional<String> port,
    List<NamedPort> namedPorts,
    boolean serves) {

  /** What stands before a VM's id where a name of a port was pinned; no VM's name begins so. */
  public static final String PINNED = "id:";

  /** One that is neither router nor DHCP server. */
  public Nic(
      Vm vm,
      String name,
      String networkId,
      String namespace,
      Map<String, String> labels,
      Optional<String> host,
      Bits mac,
      List<IpRange> addresses,
      PortRole role,
      boolean antiSpoof,
      Optional<String> port,
      List<NamedPort> namedPorts) {
    this(
        vm,
        name,
        networkId,
        namespace,
        labels,
        host,
        mac,
        addresses,
        role,
        antiSpoof,
        port,
        namedPorts,
        false);
  }

  public Nic {
    labels = Map.copyOf(labels);
    addresses = List.copyOf(addresses);
    namedPorts = List.copyOf(namedPorts);
  }

  /** A port that has a name. */
  public record NamedPort(String name, String protocol, int port) {}

  /** The name of the port in {@code inport} and {@code outport}: {@code VM/NIC}. */
  public String portName() {
    return vm.name() + "/" + name;
  }

  /** The same by the VM's id, which no tenant can change. */
  public String pinnedName() {
    return PINNED + vm.id() + "/" + name;
  }

  /**
   * The device on its host. Where the inventory does not know it, a stand-in of the MAC, which the
   * host's service replaces by the device it finds for that MAC.
   */
  public String device() {
    return port.orElse("nic" + Addresses.formatMac(mac).replace(":", ""));
  }

  /** The first address of a family. */
  public Optional<IpRange> address(boolean ipv6) {
    return addresses.stream().filter(address -> address.ipv6() == ipv6).findFirst();
  }
}
