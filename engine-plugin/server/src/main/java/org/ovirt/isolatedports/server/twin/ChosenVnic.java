// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.io.Serializable;
import java.util.UUID;

/** A row of {@code moving_in_vnic}: a vNIC that is to move to the twin, or back. */
@Entity
@Table(name = "moving_in_vnic")
@IdClass(ChosenVnic.Key.class)
class ChosenVnic {

  /** The vNIC among those of the network. */
  public record Key(UUID networkId, UUID nicId) implements Serializable {}

  @Id
  @Column(name = "network_id")
  private UUID networkId;

  @Id
  @Column(name = "nic_id")
  private UUID nicId;

  @Column private boolean back;

  @Column private String refusal;

  @Column(name = "chosen_by")
  private UUID chosenBy;

  /** For Hibernate. */
  protected ChosenVnic() {}
}
