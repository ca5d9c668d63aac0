// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Converter;
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

  /** {@link Status} as it stands in the database. */
  @Converter
  public static class StatusColumn implements AttributeConverter<Status, String> {

    @Override
    public String convertToDatabaseColumn(Status status) {
      return status.text();
    }

    @Override
    public Status convertToEntityAttribute(String text) {
      return Status.valueOf(text.toUpperCase(Locale.ROOT));
    }
  }

  /** Labels as they stand in one column; the engine's have no comma in them. */
  @Converter
  public static class LabelsColumn implements AttributeConverter<List<String>, String> {

    @Override
    public String convertToDatabaseColumn(List<String> labels) {
      return String.join(",", labels);
    }

    @Override
    public List<String> convertToEntityAttribute(String text) {
      return Arrays.stream(text.split(",", -1)).filter(label -> !label.isEmpty()).toList();
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

  @Convert(converter = LabelsColumn.class)
  private List<String> labels;

  @Convert(converter = StatusColumn.class)
  private Status status;

  @Column(name = "started_at")
  private Instant startedAt;

  @Version private long version;

  /** For Hibernate. */
  protected MovingIn() {}

  public MovingIn(UUID networkId, String networkName, String twinName, Instant startedAt) {
    this.networkId = networkId;
    this.networkName = networkName;
    this.twinName = twinName;
    this.labels = List.of();
    this.status = Status.PREPARING;
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
    return labels;
  }

  public Status status() {
    return status;
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
    this.labels = List.copyOf(all);
  }

  void status(Status now) {
    this.status = now;
  }
}
