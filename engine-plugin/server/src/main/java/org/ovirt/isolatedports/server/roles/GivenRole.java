// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.roles;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

/** A row of {@code vnic_role}: the role of a vNIC while it is on the network it was given for. */
@Entity
@Table(name = "vnic_role")
class GivenRole {

  @Id
  @Column(name = "vnic_id")
  private UUID vnicId;

  @Column(name = "vm_id")
  private UUID vmId;

  @Column(name = "network_id")
  private UUID networkId;

  @Column private String role;

  @Column private String author;

  @Column(name = "given_at")
  private Instant givenAt;

  /** For Hibernate. */
  protected GivenRole() {}

  GivenRole(UUID vnicId) {
    this.vnicId = vnicId;
  }

  UUID vnicId() {
    return vnicId;
  }

  Roles.Given given() {
    return new Roles.Given(networkId, role);
  }

  void become(UUID vm, Roles.Given given, String by, Instant now) {
    vmId = vm;
    networkId = given.networkId();
    role = given.role();
    author = by;
    givenAt = now;
  }
}
