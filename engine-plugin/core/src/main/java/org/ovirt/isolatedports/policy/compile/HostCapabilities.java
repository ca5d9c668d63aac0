// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

/**
 * What a host's kernel can do in nftables' bridge family beyond the basics (bridge chains on all
 * hooks, interval and concatenated sets, verdict maps), which every host needs.
 *
 * @param connectionTracking {@code ct} expressions (nf_conntrack_bridge, kernel 5.3)
 * @param bridgeName {@code meta ibrname} (nft_meta_bridge)
 * @param reject {@code reject} (nft_reject_bridge), in prerouting and input only
 */
public record HostCapabilities(boolean connectionTracking, boolean bridgeName, boolean reject) {

  /** A host whose kernel has everything, as those of EL8 and newer. */
  public static final HostCapabilities ALL = new HostCapabilities(true, true, true);

  /** A host with the basics alone. */
  public static final HostCapabilities BASIC = new HostCapabilities(false, false, false);
}
