// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A logical network of the lab: a Linux bridge of this name on every host.
 *
 * @param name at most 15 characters, as a Linux device name; oVirt's own rule
 * @param prefix the first three bytes of its addresses, for example {@code 10.77.1}; always a /24
 * @param vlan the tag it has on the hosts' shared uplink; empty for an uplink of its own
 */
public record LabNetwork(String name, String prefix, Optional<Integer> vlan) {

  private static final Pattern SUBNET = Pattern.compile("(\\d+\\.\\d+\\.\\d+)\\.0/24");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,15}");

  public LabNetwork {
    if (!NAME.matcher(name).matches()) {
      throw new LabException(
          "The network name '%s' is no device name: use at most 15 letters, digits, '_' or '-'."
              .formatted(name));
    }
  }

  static LabNetwork of(String name, String subnet, Optional<Integer> vlan) {
    Matcher matcher = SUBNET.matcher(subnet);
    if (!matcher.matches()) {
      throw new LabException(
          "The subnet '%s' of network '%s' is not of the form a.b.c.0/24.".formatted(subnet, name));
    }
    return new LabNetwork(name, matcher.group(1), vlan);
  }

  /** The gateway's address. */
  public String gateway() {
    return prefix + ".1";
  }
}
