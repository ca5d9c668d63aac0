// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** A row of {@code entity_version}: how often an entity was written through us. */
@Entity
@Table(name = "entity_version")
class EntityVersion {

  @Id private String entity;

  @Column private long version;

  /** For Hibernate. */
  protected EntityVersion() {}
}
