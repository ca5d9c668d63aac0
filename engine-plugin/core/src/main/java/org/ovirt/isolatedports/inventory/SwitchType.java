// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Locale;

/** What connects the VMs of a cluster. */
public enum SwitchType {
  LINUX_BRIDGE("Linux Bridge"),
  OVS("OVS"),
  /** The engine leaves it out, or names a type that is not known. */
  UNKNOWN("unknown");

  private final String title;

  SwitchType(String title) {
    this.title = title;
  }

  /** Reads the field {@code switch_type} of REST API v4, which calls a Linux bridge legacy. */
  public static SwitchType ofField(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "legacy" -> LINUX_BRIDGE;
      case "ovs" -> OVS;
      default -> UNKNOWN;
    };
  }

  /** As messages write it. */
  public String title() {
    return title;
  }
}
