// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.resolve;

import java.util.BitSet;
import java.util.List;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;

/**
 * A rule of a network policy with its peers looked up.
 *
 * @param everyone whether it is about everyone
 * @param peers indexes of the vNICs it is about
 * @param blocks the address blocks it is about
 * @param rule the rule
 */
public record ResolvedRule(
    boolean everyone,
    BitSet peers,
    List<NetworkPolicy.BlockPeer> blocks,
    NetworkPolicy.Rule rule) {}
