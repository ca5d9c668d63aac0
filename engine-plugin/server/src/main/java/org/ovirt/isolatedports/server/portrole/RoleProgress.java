// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.portrole;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.hosts.PortReport;
import org.ovirt.isolatedports.server.hosts.PortReports;
import org.ovirt.isolatedports.server.http.Ids;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.inventory.Port;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.roles.RolesChanged;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;

/**
 * What became of a role that was changed: which vNICs have it in their host's kernel, and when the
 * others will. Hosts that are there answer within a moment, for which it waits.
 */
@ApplicationScoped
public class RoleProgress {

  /** A host that asks has what is new within a second; whoever waits longer is told so. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private static final long PAUSE_MILLIS = 50;

  private final RulesetKeeper keeper;
  private final PortReports reports;
  private final EngineMirror mirror;
  private final Roles roles;
  private final Event<RolesChanged> changed;
  private final Clock clock = Clock.systemUTC();

  @Inject
  RoleProgress(
      RulesetKeeper keeper,
      PortReports reports,
      EngineMirror mirror,
      Roles roles,
      Event<RolesChanged> changed) {
    this.keeper = keeper;
    this.reports = reports;
    this.mirror = mirror;
    this.roles = roles;
    this.changed = changed;
  }

  /** How far a vNIC is. */
  enum State {
    /** The host's kernel has it. */
    IN_FORCE,
    /** The host does not have it yet. */
    PENDING,
    /** The VM does not run, or the vNIC is not plugged in. */
    STOPPED,
    /** The vNIC is in no ruleset yet. */
    UNKNOWN;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is known of one vNIC. */
  record Progress(Port port, String role, State state, String description) {

    /** The fields as an answer has them. */
    Map<String, String> fields() {
      Map<String, String> fields = new LinkedHashMap<>();
      fields.put("id", port.vnic().id());
      fields.put("name", port.vnic().name());
      fields.put("vm", port.vm().name());
      fields.put("role", role);
      fields.put("state", state.text());
      fields.put("description", description);
      return fields;
    }
  }

  /**
   * What became of the vNICs of a profile after its role was changed in the engine, of VMs that the
   * caller may see.
   *
   * @param property the profile's role now; empty where it has none
   */
  public List<Map<String, String>> ofProfile(
      String profileId, Optional<String> property, Sight sight) {
    mirror.outdate(EnumSet.of(Part.PROFILES));
    changed.fire(new RolesChanged());
    Set<UUID> own = roles.all().keySet();
    Predicate<Port> on = port -> port.vnic().profileId().filter(profileId::equals).isPresent();
    List<Progress> all =
        await(on, () -> ports(on).entrySet().stream().allMatch(each -> has(each, own, property)));
    Set<String> shown =
        sight.vms(all.stream().map(each -> each.port().vm().id()).collect(Collectors.toSet()));
    return all.stream()
        .filter(each -> shown.contains(each.port().vm().id()))
        .map(Progress::fields)
        .toList();
  }

  private static boolean has(
      Map.Entry<Port, Network> port, Set<UUID> own, Optional<String> property) {
    return Ids.uuid(port.getKey().vnic().id()).filter(own::contains).isPresent()
        || port.getKey()
            .nic()
            .role()
            .equals(UnknownIsUnsafe.roleOf(property, port.getValue().portIsolation()));
  }

  /** What became of one vNIC, whose role now is as given; empty while no ruleset has the vNIC. */
  Optional<Progress> ofVnic(String vnicId, Predicate<Port> isTakenUp) {
    return await(
            port -> port.vnic().id().equals(vnicId),
            () ->
                ports(port -> port.vnic().id().equals(vnicId)).keySet().stream()
                    .allMatch(isTakenUp))
        .stream()
        .findFirst();
  }

  /** How far a vNIC is now. */
  Optional<Progress> now(String vnicId) {
    return look(port -> port.vnic().id().equals(vnicId)).stream().findFirst();
  }

  private interface Condition {
    boolean holds();
  }

  private List<Progress> await(Predicate<Port> which, Condition takenUp) {
    Instant end = clock.instant().plus(PATIENCE);
    while (true) {
      boolean ready = takenUp.holds();
      List<Progress> all = look(which);
      boolean over =
          (ready && all.stream().noneMatch(this::mayComeSoon)) || !clock.instant().isBefore(end);
      if (over) {
        return ready ? all : all.stream().map(RoleProgress::notTakenUp).toList();
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return all;
      }
    }
  }

  /** A host that never reported does not do so within a moment. */
  private boolean mayComeSoon(Progress progress) {
    return progress.state() == State.PENDING
        && progress.port().vm().hostId().flatMap(reports::of).isPresent();
  }

  private static Progress notTakenUp(Progress progress) {
    return progress.state() == State.STOPPED
        ? progress
        : new Progress(
            progress.port(),
            progress.role(),
            State.UNKNOWN,
            "The change is stored and not in the rulesets of hosts yet; it will be within a minute"
                + " after the oVirt engine answers.");
  }

  private Map<Port, Network> ports(Predicate<Port> which) {
    Map<Port, Network> found = new LinkedHashMap<>();
    Optional<LiveInventory> inventory = keeper.inventory();
    if (inventory.isPresent()) {
      for (Network network : inventory.get().inventory().networks().all()) {
        inventory.get().ports(network.id()).stream()
            .filter(which)
            .forEach(port -> found.put(port, network));
      }
    }
    return found;
  }

  private List<Progress> look(Predicate<Port> which) {
    List<Progress> all = new ArrayList<>();
    ports(which).forEach((port, network) -> all.add(progress(port, network)));
    return all;
  }

  private Progress progress(Port port, Network network) {
    PortRole role = port.nic().role();
    String text =
        role instanceof PortRole.Promiscuous && !network.portIsolation() ? "open" : role.toString();
    Optional<String> host = port.vm().hostId();
    if (host.isEmpty() || !port.vnic().plugged()) {
      return new Progress(
          port,
          text,
          State.STOPPED,
          host.isEmpty()
              ? "VM " + port.vm().name() + " does not run; it comes up with the role."
              : "The vNIC is not plugged in; it comes up with the role.");
    }
    Optional<PortReport> report = reports.of(host.get()).map(PortReports.Received::report);
    Optional<String> observed =
        report.flatMap(
            each ->
                each.ports().stream()
                    .filter(seen -> seen.nicId().equals(Optional.of(port.vnic().id())))
                    .map(PortReport.Observed::observed)
                    .findFirst());
    Optional<String> wanted = keeper.book().of(host.get()).map(HostRuleset::revision);
    if (report.isPresent()
        && wanted.isPresent()
        && wanted.equals(report.get().loaded())
        && observed.equals(Optional.of(text))) {
      return new Progress(port, text, State.IN_FORCE, "The kernel of its host has the role.");
    }
    return new Progress(port, text, State.PENDING, pending(report, wanted, observed));
  }

  private static String pending(
      Optional<PortReport> report, Optional<String> wanted, Optional<String> observed) {
    if (report.isEmpty()) {
      return "Its host has not reported; the role holds as soon as the host asks for its ruleset"
          + " again. Until then the port stays as it is there.";
    }
    String is = observed.map(role -> " It is " + role + " there.").orElse("");
    return wanted.equals(report.get().loaded())
        ? "Its host has the ruleset and does not report the role for the port yet." + is
        : "Its host has not loaded the newest ruleset yet; the role holds as soon as it has." + is;
  }
}
