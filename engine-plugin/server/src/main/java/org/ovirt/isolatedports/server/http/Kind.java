// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

/** What we serve of API v4, by the names its bodies use. */
public enum Kind {
  NETWORK("network", "networks", "Network"),
  CLUSTER_NETWORK("network", "networks", "Network"),
  VNIC_PROFILE("vnic_profile", "vnic_profiles", "VM network interface profile"),
  CLUSTER("cluster", "clusters", "Cluster"),
  NIC("nic", "nics", "Interface"),
  VM("vm", "vms", "VM"),
  /** Ours alone. */
  UPLINK("uplink", "uplinks", "Uplink"),
  /** Ours alone. */
  EMERGENCY("emergency", "emergencies", "Emergency"),
  /** Ours alone. */
  MOVING_IN("moving_in", "twin_migrations", "Moving in"),
  /** Ours alone. */
  ACLS("acls", "acls", "ACLs"),
  /** Ours alone. */
  NETWORK_POLICY("network_policy", "network_policies", "Network policy"),
  /** Ours alone. */
  ADDRESS_SET("address_set", "address_sets", "Address set"),
  /** Ours alone. */
  PORT_GROUP("port_group", "port_groups", "Port group"),
  /** Ours alone. */
  LABELS("vm_labels", "vm_labels", "Labels"),
  /** Ours alone. */
  VNIC_ROLE("vnic_role", "vnic_roles", "Role"),
  /** Ours alone. */
  PROFILE_SERVICES("profile_services", "profile_services", "Services");

  private final String element;
  private final String collection;
  private final String title;

  Kind(String element, String collection, String title) {
    this.element = element;
    this.collection = collection;
    this.title = title;
  }

  /** The element of one of them. */
  public String element() {
    return element;
  }

  /** The element of many. */
  public String collection() {
    return collection;
  }

  /** What the engine's messages call it. */
  public String title() {
    return title;
  }

  /** Whether it is a network, wherever it was read. */
  public boolean isNetwork() {
    return this == NETWORK || this == CLUSTER_NETWORK;
  }
}
