// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.io.Serializable;
import java.util.UUID;

/** A row of {@code moving_in_profile}: which profile of the twin stands for one of the network. */
@Entity
@Table(name = "moving_in_profile")
@IdClass(TwinProfile.Key.class)
class TwinProfile {

  /** The profile of the network. */
  public record Key(UUID networkId, UUID profileId) implements Serializable {}

  @Id
  @Column(name = "network_id")
  private UUID networkId;

  @Id
  @Column(name = "profile_id")
  private UUID profileId;

  @Column(name = "twin_profile_id")
  private UUID twinProfileId;

  /** For Hibernate. */
  protected TwinProfile() {}
}
