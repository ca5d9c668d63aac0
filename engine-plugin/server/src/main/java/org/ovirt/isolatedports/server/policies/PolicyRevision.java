// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.MapKeyColumn;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** A row of {@code policy_revision}; never changed once it is there. */
@Entity
@Table(name = "policy_revision")
class PolicyRevision {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private long version;

  @Column(name = "network_id")
  private UUID networkId;

  private String kind;

  private String name;

  private int revision;

  private String content;

  private String mode;

  private String author;

  @Column(name = "written_at")
  private Instant writtenAt;

  private String comment;

  @Column(name = "restored_from")
  private Integer restoredFrom;

  @ElementCollection(fetch = FetchType.EAGER)
  @CollectionTable(name = "policy_pin", joinColumns = @JoinColumn(name = "version"))
  @MapKeyColumn(name = "vm_name")
  @Column(name = "vm_id")
  private Map<String, String> pins = new HashMap<>();

  /** For Hibernate. */
  protected PolicyRevision() {}

  PolicyRevision(Document document, Revision revision) {
    this.networkId = document.networkId();
    this.kind = document.kind().text();
    this.name = document.name();
    this.revision = revision.number();
    this.content = revision.content().orElse(null);
    this.mode = revision.mode().text();
    this.author = revision.author();
    this.writtenAt = revision.time();
    this.comment = revision.comment();
    this.restoredFrom = revision.restoredFrom().orElse(null);
    this.pins = new HashMap<>(revision.pins());
  }

  long version() {
    return version;
  }

  Document document() {
    return new Document(networkId, DocumentKind.ofText(kind), name);
  }

  Revision revision() {
    return new Revision(
        revision,
        Optional.ofNullable(content),
        Mode.ofText(mode).orElseThrow(),
        pins,
        author,
        writtenAt,
        comment,
        Optional.ofNullable(restoredFrom));
  }
}
