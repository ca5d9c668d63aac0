// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.EnforcementColumn;

/**
 * A change of engine and store together that has begun; see {@link Journal}.
 *
 * <p>An {@code add} creates an isolated network: until its id is known it is found by its mark, and
 * by nothing else. A {@code follow} is an update or removal, after which our row has to follow the
 * engine.
 */
@Entity
@Table(name = "engine_change")
public class EngineChange {

  @Id
  @Column(name = "change_id")
  private UUID changeId;

  private String kind;

  @Column(name = "data_center_id")
  private UUID dataCenterId;

  private String name;

  @Column(name = "network_id")
  private UUID networkId;

  @Convert(converter = EnforcementColumn.class)
  private Enforcement enforcement;

  private String mark;

  private String comment;

  @Column(name = "twin_of")
  private UUID twinOf;

  @Column(name = "started_at")
  private Instant startedAt;

  /** For Hibernate. */
  protected EngineChange() {}

  /** The creation of an isolated network. */
  static EngineChange add(NetworkCreation creation) {
    EngineChange change = new EngineChange();
    change.changeId = UUID.randomUUID();
    change.kind = "add";
    change.dataCenterId = creation.dataCenter();
    change.name = creation.name();
    change.enforcement = creation.enforcement();
    change.mark = creation.mark();
    change.comment = creation.comment().orElse(null);
    change.twinOf = creation.twinOf().orElse(null);
    change.startedAt = Instant.now();
    return change;
  }

  /** A change of a network that our row has to follow. */
  static EngineChange follow(UUID networkId) {
    EngineChange change = new EngineChange();
    change.changeId = UUID.randomUUID();
    change.kind = "follow";
    change.networkId = networkId;
    change.startedAt = Instant.now();
    return change;
  }

  void created(UUID network) {
    this.networkId = network;
  }

  public UUID changeId() {
    return changeId;
  }

  public boolean isAdd() {
    return "add".equals(kind);
  }

  /** Where the network is added. */
  public Optional<UUID> dataCenterId() {
    return Optional.ofNullable(dataCenterId);
  }

  /** The name it is added with. */
  public Optional<String> name() {
    return Optional.ofNullable(name);
  }

  /** The network, as soon as it is known. */
  public Optional<UUID> networkId() {
    return Optional.ofNullable(networkId);
  }

  /** Who is to enforce. */
  public Optional<Enforcement> enforcement() {
    return Optional.ofNullable(enforcement);
  }

  /** The comment that proves which network it is; an entry of an older version has none. */
  public Optional<String> mark() {
    return Optional.ofNullable(mark);
  }

  /** The comment that the creator wants; empty for none. */
  public String comment() {
    return comment == null ? "" : comment;
  }

  /** The network whose twin is created. */
  public Optional<UUID> twinOf() {
    return Optional.ofNullable(twinOf);
  }

  public Instant startedAt() {
    return startedAt;
  }
}
