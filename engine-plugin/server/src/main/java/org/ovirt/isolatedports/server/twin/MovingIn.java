// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** A network whose VMs move to an isolated twin of it. */
@Entity
@Table(name = "moving_in")
public class MovingIn {

  /** How far it is. */
  public enum Status {
    /** The twin is being made. */
    PREPARING,
    /** The twin is there, vNICs may move. */
    PREPARED,
    /** All vNICs are there; the labels follow. */
    FINISHING,
    /** Done. */
    FINISHED;

    /** As it stands in REST bodies and in the database. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Id
  @Column(name = "network_id")
  private UUID networkId;

  @Column(name = "network_name")
  private String networkName;

  @Column(name = "twin_name")
  private String twinName;

  @Column(name = "twin_id")
  private UUID twinId;

  private String labels;

  private String status;

  @Column(name = "started_at")
  private Instant startedAt;

  @Version private long version;

  /** For Hibernate. */
  protected MovingIn() {}

  public MovingIn(UUID networkId, String networkName, String twinName, Instant startedAt) {
    this.networkId = networkId;
    this.networkName = networkName;
    this.twinName = twinName;
    this.labels = "";
    this.status = Status.PREPARING.text();
    this.startedAt = startedAt;
  }

  /** The network that VMs leave. */
  public UUID networkId() {
    return networkId;
  }

  /** Its name at the beginning. */
  public String networkName() {
    return networkName;
  }

  public String twinName() {
    return twinName;
  }

  /** The twin, as soon as it is known. */
  public Optional<UUID> twinId() {
    return Optional.ofNullable(twinId);
  }

  /** The labels that go over to the twin. */
  public List<String> labels() {
    return Arrays.stream(labels.split(",", -1)).filter(label -> !label.isEmpty()).toList();
  }

  public Status status() {
    return Status.valueOf(status.toUpperCase(Locale.ROOT));
  }

  public Instant startedAt() {
    return startedAt;
  }

  void nameTwin(String name) {
    this.twinName = name;
  }

  void twin(Optional<UUID> id) {
    this.twinId = id.orElse(null);
  }

  void labels(List<String> all) {
    this.labels = String.join(",", all);
  }

  void status(Status now) {
    this.status = now.text();
  }
}
