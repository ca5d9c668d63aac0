// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;

/** A network on which VMs are kept apart. */
@Entity
@Table(name = "isolated_network")
public class IsolatedNetwork {

  @Id
  @Column(name = "network_id")
  private UUID networkId;

  @Column(name = "data_center_id")
  private UUID dataCenterId;

  private String name;

  @Convert(converter = EnforcementColumn.class)
  private Enforcement enforcement;

  @Column(name = "created_at")
  private Instant createdAt;

  @Version private long version;

  /** For Hibernate. */
  protected IsolatedNetwork() {}

  public IsolatedNetwork(
      UUID networkId, UUID dataCenterId, String name, Enforcement enforcement, Instant createdAt) {
    this.networkId = networkId;
    this.dataCenterId = dataCenterId;
    this.name = name;
    this.enforcement = enforcement;
    this.createdAt = createdAt;
  }

  /** The engine's id. */
  public UUID networkId() {
    return networkId;
  }

  /** The data center the network is in. */
  public UUID dataCenterId() {
    return dataCenterId;
  }

  /** The network's name, as last seen. */
  public String name() {
    return name;
  }

  /** Who enforces. */
  public Enforcement enforcement() {
    return enforcement;
  }

  /** When the network became isolated. */
  public Instant createdAt() {
    return createdAt;
  }

  /** Counts the changes of this row. */
  public long version() {
    return version;
  }

  void rename(String newName) {
    this.name = newName;
  }
}
