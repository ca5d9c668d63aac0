// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;

/** A violation as it is stored: from when to when, and what was said of it. */
@Entity
@Table(name = "violation")
public class Violation {

  @Id private UUID id;

  @Column(name = "violation_key")
  private String key;

  private String rule;
  private String severity;

  @Column(name = "network_id")
  private String networkId;

  @Column(name = "network_name")
  private String networkName;

  @Column(name = "subject_kind")
  private String subjectKind;

  @Column(name = "subject_id")
  private String subjectId;

  @Column(name = "subject_name")
  private String subjectName;

  @Column(name = "place_kind")
  private String placeKind;

  @Column(name = "place_id")
  private String placeId;

  private String description;

  @Column(name = "found_at")
  private Instant foundAt;

  @Column(name = "cleared_at")
  private Instant clearedAt;

  @Column(name = "found_event")
  private int foundEvent;

  @Column(name = "cleared_event")
  private int clearedEvent;

  @Column(name = "found_posted")
  private boolean foundPosted;

  @Column(name = "cleared_posted")
  private boolean clearedPosted;

  @Version private long version;

  /** For Hibernate. */
  protected Violation() {}

  Violation(GuardViolation found, Instant now, int foundEvent, int clearedEvent) {
    this.id = UUID.randomUUID();
    this.key = found.key();
    this.rule = found.rule().name();
    this.foundAt = now;
    this.foundEvent = foundEvent;
    this.clearedEvent = clearedEvent;
    describe(found);
  }

  /** Follows changed names and details; the violation stays the one it is. */
  final void describe(GuardViolation found) {
    severity = found.severity().name().toLowerCase(Locale.ROOT);
    networkId = found.network().map(Item::id).orElse(null);
    networkName = found.network().map(Item::name).orElse(null);
    subjectKind = found.subject().map(item -> item.kind().name()).orElse(null);
    subjectId = found.subject().map(Item::id).orElse(null);
    subjectName = found.subject().map(Item::name).orElse(null);
    placeKind = found.place().map(item -> item.kind().name()).orElse(null);
    placeId = found.place().map(Item::id).orElse(null);
    description = found.text();
  }

  void clear(Instant now) {
    clearedAt = now;
  }

  void goOn() {
    clearedAt = null;
  }

  void foundWasSaid() {
    foundPosted = true;
  }

  void clearingWasSaid() {
    clearedPosted = true;
  }

  public UUID id() {
    return id;
  }

  String key() {
    return key;
  }

  /** The message key of the rule that is broken. */
  public String rule() {
    return rule;
  }

  /** The engine's severity. */
  public String severity() {
    return severity;
  }

  /** The network concerned; empty if it concerns all or a host. */
  public Optional<Item> network() {
    return networkId == null
        ? Optional.empty()
        : Optional.of(new Item(Kind.NETWORK, networkId, networkName));
  }

  /** What breaks the rule; empty if it is the network itself or the whole set-up. */
  public Optional<Item> subject() {
    return subjectId == null
        ? Optional.empty()
        : Optional.of(new Item(Kind.valueOf(subjectKind), subjectId, subjectName));
  }

  /** What is wrong and what to do. */
  public String description() {
    return description;
  }

  /** The same for who may not be told where the subject is. */
  public String descriptionWithoutPlace() {
    return "A vNIC of VM "
        + subjectName
        + " on the isolated network "
        + networkName
        + " may be open to other VMs, as ports cannot be isolated where the VM is: tell your"
        + " administrator.";
  }

  /** The id of the host or cluster that the text names beside network and subject. */
  public Optional<String> place(Kind kind) {
    return kind.name().equals(placeKind) ? Optional.of(placeId) : Optional.empty();
  }

  /** Since when. */
  public Instant foundAt() {
    return foundAt;
  }

  /** Until when; empty while it lasts. */
  public Optional<Instant> clearedAt() {
    return Optional.ofNullable(clearedAt);
  }

  int foundEvent() {
    return foundEvent;
  }

  int clearedEvent() {
    return clearedEvent;
  }

  boolean foundPosted() {
    return foundPosted;
  }

  boolean clearedPosted() {
    return clearedPosted;
  }
}
