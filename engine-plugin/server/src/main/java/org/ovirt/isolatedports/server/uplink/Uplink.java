// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import java.util.List;

/**
 * How an isolated network reaches the outside.
 *
 * @param gatewaysOnly whether frames from the uplink reach isolated ports only from the gateways;
 *     else the switch must protect its ports
 * @param gatewayMacs the gateways' addresses, in lower case with colons, sorted
 * @param hairpin what does not come back from the outside
 */
public record Uplink(boolean gatewaysOnly, List<String> gatewayMacs, Hairpin hairpin) {

  /** What a network has that was never told otherwise. */
  public static final Uplink OPEN = new Uplink(false, List.of());

  /** One that brings back whatever there is. */
  public Uplink(boolean gatewaysOnly, List<String> gatewayMacs) {
    this(gatewaysOnly, gatewayMacs, Hairpin.ALLOWED);
  }

  public Uplink {
    gatewayMacs = gatewayMacs.stream().distinct().sorted().toList();
  }

  /** As it stands in REST bodies and in the database. */
  public String mode() {
    return gatewaysOnly ? "gateways" : "open";
  }
}
