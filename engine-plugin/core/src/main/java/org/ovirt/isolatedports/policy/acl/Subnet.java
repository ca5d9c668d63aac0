// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.acl;

import java.util.Comparator;
import java.util.List;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/**
 * The ACLs of one network, as Kube-OVN's {@code Subnet} gives them.
 *
 * @param name its name
 * @param networkId the network it is stored under
 * @param acls its rules, those it implies ({@code private}, {@code allowEWTraffic}) among them, in
 *     the order in which they decide
 * @param cidrs blocks of its addresses
 * @param gateways addresses of its gateways
 * @param location where it was written
 */
public record Subnet(
    String name,
    String networkId,
    List<Acl> acls,
    List<IpRange> cidrs,
    List<IpRange> gateways,
    SourceLocation location) {

  /**
   * Highest priority first; with equal priority those that close first, so that where OVN leaves
   * the outcome open (ovn-nb(5), ACL, "priority") the stricter rule decides.
   */
  public static final Comparator<Acl> DECIDING_ORDER =
      Comparator.comparingInt(Acl::priority)
          .reversed()
          .thenComparing(acl -> acl.action().allows())
          .thenComparing(acl -> acl.action() != AclAction.DROP);

  public Subnet {
    acls = acls.stream().sorted(DECIDING_ORDER).toList();
    cidrs = List.copyOf(cidrs);
    gateways = List.copyOf(gateways);
  }

  /**
   * Whether connections are tracked: as in OVN, one rule with allow-related turns it on for the
   * network, and from then on replies of whatever was let through pass.
   */
  public boolean stateful() {
    return acls.stream().anyMatch(acl -> acl.action() == AclAction.ALLOW_RELATED);
  }
}
