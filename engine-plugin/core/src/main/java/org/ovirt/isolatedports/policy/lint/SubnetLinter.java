// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.lint;

import java.util.List;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Holds a Subnet's addresses against those of its network. A wrong one is not harmless: with {@code
 * private: true} whoever lies outside {@code cidrBlock} is cut off.
 */
final class SubnetLinter {

  private final ResolvedNetwork network;
  private final Consumer<Finding> findings;

  SubnetLinter(ResolvedNetwork network, Consumer<Finding> findings) {
    this.network = network;
    this.findings = findings;
  }

  void lint() {
    network
        .subnet()
        .ifPresent(
            subnet -> {
              blockFitsNetwork(subnet);
              gatewayFits(subnet);
              vnicsInside(subnet);
            });
  }

  private void warn(Subnet subnet, String kind, String message) {
    findings.accept(Finding.warning(subnet.location(), message).ofKind(kind));
  }

  private void blockFitsNetwork(Subnet subnet) {
    List<IpRange> known = network.network().cidrs();
    for (IpRange block : subnet.cidrs()) {
      if (!known.isEmpty() && !known.contains(block)) {
        warn(
            subnet,
            "block-of-another-network",
            "The cidrBlock "
                + block
                + " of Subnet "
                + subnet.name()
                + " is not that of network "
                + network.network().name()
                + " ("
                + shown(known)
                + "); correct it, or store the Subnet under its own network.");
      }
    }
  }

  private void gatewayFits(Subnet subnet) {
    for (IpRange gateway : subnet.gateways()) {
      List<IpRange> blocks = subnet.cidrs().isEmpty() ? network.network().cidrs() : subnet.cidrs();
      List<IpRange> family = blocks.stream().filter(b -> b.ipv6() == gateway.ipv6()).toList();
      if (!blocks.isEmpty() && family.stream().noneMatch(block -> block.contains(gateway))) {
        warn(
            subnet,
            "gateway-outside",
            "The gateway "
                + gateway
                + " of Subnet "
                + subnet.name()
                + " lies outside its block ("
                + shown(blocks)
                + "); correct the one or the other.");
      }
      List<IpRange> known =
          network.network().gateways().stream().filter(g -> g.ipv6() == gateway.ipv6()).toList();
      if (!known.isEmpty() && !known.contains(gateway)) {
        warn(
            subnet,
            "gateway-of-another-network",
            "The gateway "
                + gateway
                + " of Subnet "
                + subnet.name()
                + " is not that of network "
                + network.network().name()
                + " ("
                + shown(known)
                + "); correct the one or the other.");
      }
    }
  }

  private void vnicsInside(Subnet subnet) {
    boolean closesAll =
        subnet.acls().stream().anyMatch(acl -> acl.match().equals("ip") && !acl.action().allows());
    for (Nic nic : network.nics()) {
      for (IpRange address : nic.addresses()) {
        List<IpRange> family =
            subnet.cidrs().stream().filter(b -> b.ipv6() == address.ipv6()).toList();
        boolean meant = !family.isEmpty() || (closesAll && !subnet.cidrs().isEmpty());
        if (meant && family.stream().noneMatch(block -> block.contains(address))) {
          warn(
              subnet,
              "vnic-outside-block",
              "The address "
                  + address
                  + " of vNIC "
                  + nic.portName()
                  + " lies outside the cidrBlock of Subnet "
                  + subnet.name()
                  + " ("
                  + shown(subnet.cidrs())
                  + "), so what the subnet opens for its own traffic (private, allowEWTraffic) is"
                  + " closed to it; correct the block, or the address.");
        }
      }
    }
  }

  private static String shown(List<IpRange> ranges) {
    return String.join(", ", ranges.stream().map(IpRange::toString).toList());
  }
}
