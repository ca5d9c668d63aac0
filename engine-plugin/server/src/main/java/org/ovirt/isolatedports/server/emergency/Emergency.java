// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.emergency.OpenPeriod;

/** An isolated network that somebody opened for a while. */
@Entity
@Table(name = "emergency")
public class Emergency {

  /** How far it is. */
  public enum Status {
    /** The engine is being asked to open it; after a crash here it is closed again. */
    OPENING,
    /** New vNICs come up open. */
    OPEN,
    /** To be closed: vNICs of running VMs may still be open. */
    CLOSING,
    /** Over. */
    CLOSED;

    /** As it stands in REST bodies and in the database. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Id
  @Column(name = "emergency_id")
  private UUID id;

  @Column(name = "network_id")
  private UUID networkId;

  @Column(name = "network_name")
  private String networkName;

  private String reason;

  @Column(name = "opened_by")
  private String openedBy;

  @Column(name = "opened_at")
  private Instant openedAt;

  private Instant until;

  private String status;

  @Column(name = "closed_by")
  private String closedBy;

  @Column(name = "closed_at")
  private Instant closedAt;

  @Version private long version;

  /** For Hibernate. */
  protected Emergency() {}

  /** An opening that is about to begin. */
  public Emergency(
      UUID networkId, String networkName, String reason, String openedBy, OpenPeriod period) {
    this.id = UUID.randomUUID();
    this.networkId = networkId;
    this.networkName = networkName;
    this.reason = reason;
    this.openedBy = openedBy;
    this.openedAt = period.from();
    this.until = period.until();
    this.status = Status.OPENING.text();
  }

  public UUID id() {
    return id;
  }

  public UUID networkId() {
    return networkId;
  }

  /** The network's name when it was opened. */
  public String networkName() {
    return networkName;
  }

  public String reason() {
    return reason;
  }

  /** The user's name. */
  public String openedBy() {
    return openedBy;
  }

  /** From when until when. */
  public OpenPeriod period() {
    return new OpenPeriod(openedAt, until);
  }

  public Status status() {
    return Status.valueOf(status.toUpperCase(Locale.ROOT));
  }

  /** Who closed it before its time was over. */
  public Optional<String> closedBy() {
    return Optional.ofNullable(closedBy);
  }

  /** When all of it was closed. */
  public Optional<Instant> closedAt() {
    return Optional.ofNullable(closedAt);
  }

  void opened() {
    if (status() == Status.OPENING) {
      status = Status.OPEN.text();
    }
  }

  void closing(Optional<String> by) {
    if (status() != Status.CLOSED) {
      status = Status.CLOSING.text();
    }
    by.ifPresent(user -> closedBy = user);
  }

  void closed(Instant now) {
    status = Status.CLOSED.text();
    closedAt = now;
  }
}
