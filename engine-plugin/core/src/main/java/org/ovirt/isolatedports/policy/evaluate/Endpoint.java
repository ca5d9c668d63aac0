// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

/** One side of a frame's way over a bridge. */
public sealed interface Endpoint {

  /** A vNIC, by its place in the network's list. */
  record Vnic(int index) implements Endpoint {}

  /** The uplink, behind which gateways and everything else lies. */
  record Uplink() implements Endpoint {}
}
