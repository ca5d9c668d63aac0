// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.standin.engine.Model.Event;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;

/** The engine's audit log: ids without gaps, newest last. */
final class EventLog {
  /** The kinds of events the stand-in writes, with the engine's codes (AuditLogType). */
  enum Kind {
    VDS_DETECTED(13, "normal"),
    VDS_ACTIVATE(16, "normal"),
    USER_VDC_LOGIN(30, "normal"),
    USER_VDC_LOGOUT(31, "normal"),
    USER_RUN_VM(32, "normal"),
    USER_STOP_VM(33, "normal"),
    USER_ADD_VM(34, "normal"),
    USER_UPDATE_VM(35, "normal"),
    USER_RESUME_VM(39, "normal"),
    USER_ADD_VDS(42, "normal"),
    USER_FAILED_RUN_VM(54, "error"),
    USER_FAILED_STOP_VM(56, "error"),
    VM_DOWN(61, "normal"),
    VM_MIGRATION_START(62, "normal"),
    VM_MIGRATION_DONE(63, "normal"),
    VM_MIGRATION_FAILED(65, "error"),
    USER_INITIATED_SHUTDOWN_VM(73, "normal"),
    USER_VDC_LOGIN_FAILED(114, "error"),
    VM_DOWN_ERROR(119, "error"),
    VM_MIGRATION_TRYING_RERUN(128, "warning"),
    USER_ADD(149, "normal"),
    USER_STARTED_VM(153, "normal"),
    USER_REBOOT_VM(157, "normal"),
    VDS_INITIATED_RUN_VM(506, "normal"),
    HOST_REFRESHED_CAPABILITIES(606, "normal"),
    USER_VDS_MAINTENANCE_WITHOUT_REASON(620, "normal"),
    USER_ADD_CLUSTER(809, "normal"),
    USER_UPDATE_CLUSTER(811, "normal"),
    USER_REMOVE_CLUSTER(813, "normal"),
    USER_ADD_PERMISSION(850, "normal"),
    PROVIDER_ADDED(205, "normal"),
    NETWORK_REMOVE_VM_INTERFACE(930, "normal"),
    NETWORK_ADD_VM_INTERFACE(932, "normal"),
    NETWORK_ADD_VM_INTERFACE_FAILED(933, "error"),
    NETWORK_UPDATE_VM_INTERFACE(934, "normal"),
    NETWORK_UPDATE_VM_INTERFACE_FAILED(935, "error"),
    NETWORK_ADD_NETWORK(942, "normal"),
    NETWORK_REMOVE_NETWORK(944, "normal"),
    NETWORK_DETACH_NETWORK_TO_CLUSTER(948, "normal"),
    USER_ADD_STORAGE_POOL(950, "normal"),
    NETWORK_ACTIVATE_VM_INTERFACE_SUCCESS(1012, "normal"),
    NETWORK_ACTIVATE_VM_INTERFACE_FAILURE(1013, "error"),
    NETWORK_DEACTIVATE_VM_INTERFACE_SUCCESS(1014, "normal"),
    NETWORK_DEACTIVATE_VM_INTERFACE_FAILURE(1015, "error"),
    NETWORK_UPDTAE_NETWORK_ON_CLUSTER(1112, "normal"),
    NETWORK_UPDATE_NETWORK(1114, "normal"),
    ADD_VNIC_PROFILE(1122, "normal"),
    UPDATE_VNIC_PROFILE(1124, "normal"),
    REMOVE_VNIC_PROFILE(1126, "normal"),
    ENTITY_RENAMED(1200, "normal"),
    NETWORK_ADD_NOTHING_TO_DO(9423, "normal"),
    NETWORK_REMOVE_NOTHING_TO_DO(9444, "normal"),
    USER_ADD_CLUSTER_POLICY(9910, "normal"),
    USER_UPDATE_CLUSTER_POLICY(9912, "normal"),
    USER_REMOVE_CLUSTER_POLICY(9914, "normal"),
    FAILED_TO_CONNECT_TO_SCHEDULER_PROXY(9920, "error"),
    USER_ADDED_CPU_PROFILE(10130, "normal"),
    EXTERNAL_SCHEDULER_PLUGIN_ERROR(10500, "error"),
    EXTERNAL_SCHEDULER_ERROR(10501, "error"),
    AFFINITY_RULES_ENFORCEMENT_MANAGER_START(10780, "normal"),
    VDS_BROKER_COMMAND_FAILURE(10802, "error"),
    PERSIST_HOST_SETUP_NETWORK_ON_HOST(10902, "normal"),
    NETWORK_UPDATE_NETWORK_STARTED(11141, "normal"),
    NETWORK_UPDATE_NOTHING_TO_DO(11143, "normal"),
    VNICS_OUT_OF_SYNC_ON_NETWORK_UPDATE(11291, "alert"),
    EXTERNAL_EVENT_NORMAL(9801, "normal"),
    EXTERNAL_EVENT_WARNING(9802, "warning"),
    EXTERNAL_EVENT_ERROR(9803, "error"),
    EXTERNAL_ALERT(9804, "alert");

    private final int code;
    private final String severity;

    Kind(int code, String severity) {
      this.code = code;
      this.severity = severity;
    }
  }

  /** The engine says at most once a minute that a scheduler is not there. */
  private static final Duration SCHEDULER_SILENCE = Duration.ofMinutes(1);

  private final List<Event> events = new ArrayList<>();
  private long next = 1;
  private Instant schedulerLogged = Instant.EPOCH;

  /** Writes an event of the engine's own. */
  synchronized Event write(
      Kind kind, String description, Optional<String> correlationId, List<EventLink> links) {
    return append(kind.code, kind.severity, description, "oVirt", -1, 0, correlationId, links);
  }

  /** Writes 9920, unless that was done less than a minute ago. */
  synchronized void writeSchedulerGone() {
    Instant now = Instant.now();
    if (schedulerLogged.plus(SCHEDULER_SILENCE).isAfter(now)) {
      return;
    }
    schedulerLogged = now;
    write(
        Kind.FAILED_TO_CONNECT_TO_SCHEDULER_PROXY,
        "Failed to connect to external scheduler proxy. External filters, scoring functions and"
            + " load balancing will not be performed.",
        Optional.empty(),
        List.of());
  }

  /** Writes an event somebody posted. */
  synchronized Event writeExternal(
      String severity, String description, String origin, long customId, List<EventLink> links) {
    Kind kind =
        switch (severity) {
          case "warning" -> Kind.EXTERNAL_EVENT_WARNING;
          case "error" -> Kind.EXTERNAL_EVENT_ERROR;
          case "alert" -> Kind.EXTERNAL_ALERT;
          default -> Kind.EXTERNAL_EVENT_NORMAL;
        };
    return append(kind.code, severity, description, origin, customId, 30, Optional.empty(), links);
  }

  private Event append(
      int code,
      String severity,
      String description,
      String origin,
      long customId,
      int floodRate,
      Optional<String> correlationId,
      List<EventLink> links) {
    Event event =
        new Event(
            next++,
            code,
            severity,
            description,
            origin,
            customId,
            floodRate,
            correlationId,
            Instant.now(),
            links);
    events.add(event);
    return event;
  }

  /** Whether an event of this origin and custom id is there. */
  synchronized boolean has(String origin, long customId) {
    return events.stream()
        .anyMatch(event -> event.origin().equals(origin) && event.customId() == customId);
  }

  synchronized Optional<Event> get(long id) {
    return id >= 1 && id < next ? Optional.of(events.get((int) (id - 1))) : Optional.empty();
  }

  /** All events after the given id, newest first. */
  synchronized List<Event> after(long id) {
    int start = (int) Math.min(Math.max(id, 0), events.size());
    List<Event> tail = new ArrayList<>(events.subList(start, events.size()));
    Collections.reverse(tail);
    return tail;
  }

  /** A link to an entity by kind, name and id. */
  static EventLink link(String kind, String name, UUID id) {
    return new EventLink(kind, Optional.of(name), id);
  }
}
