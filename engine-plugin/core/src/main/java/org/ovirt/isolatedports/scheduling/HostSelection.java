// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;
import org.ovirt.isolatedports.validation.ValidationResult.Violation;

/**
 * The scheduling filter: keeps the hosts that can hold what a VM's ports need.
 *
 * <p>The outcome depends on the arguments alone and keeps their order, so that a question asked
 * twice (the engine repeats one whose connection broke) has one answer.
 */
public final class HostSelection {

  private final FitnessRequirements requirements;
  private final HostFitness fitness;

  public HostSelection(FitnessRequirements requirements) {
    this.requirements = requirements;
    this.fitness = new HostFitness(requirements);
  }

  /**
   * Chooses among hosts for a VM.
   *
   * @param asked ids of the hosts to choose from; one named twice counts once
   * @param ports what the VM's vNICs ask of a host
   * @param hosts the hosts known, by id
   * @param minimumLibvirt a newer libvirt than our own minimum, if the scheduling policy asks for
   *     one
   * @param now the time of the decision
   */
  public SchedulingDecision select(
      Collection<String> asked,
      GuardedPorts ports,
      Function<String, Optional<AssessedHost>> hosts,
      Optional<ReleaseVersion> minimumLibvirt,
      Instant now) {
    if (ports.isEmpty()) {
      return keepAll(asked);
    }
    HostFitness stricter =
        minimumLibvirt.map(requirements::withLibvirtAtLeast).map(HostFitness::new).orElse(fitness);
    List<String> kept = new ArrayList<>();
    List<DroppedHost> dropped = new ArrayList<>();
    for (String id : new LinkedHashSet<>(asked)) {
      Optional<AssessedHost> host = hosts.apply(id);
      List<String> reasons =
          host.map(known -> reasonsAgainst(known, ports, stricter, now))
              .orElseGet(() -> unknown(id));
      if (reasons.isEmpty()) {
        kept.add(id);
      } else {
        dropped.add(dropped(host, id, reasons));
      }
    }
    return new SchedulingDecision(kept, dropped);
  }

  /** Keeps every host: the VM asks nothing of it. */
  public static SchedulingDecision keepAll(Collection<String> asked) {
    return new SchedulingDecision(List.copyOf(new LinkedHashSet<>(asked)), List.of());
  }

  /** Drops every host for one reason that lies with none of them. */
  public static SchedulingDecision dropAll(
      Collection<String> asked, Function<String, Optional<AssessedHost>> hosts, String reason) {
    List<DroppedHost> dropped =
        new LinkedHashSet<>(asked)
            .stream().map(id -> dropped(hosts.apply(id), id, List.of(reason))).toList();
    return new SchedulingDecision(List.of(), dropped);
  }

  private List<String> reasonsAgainst(
      AssessedHost assessed, GuardedPorts ports, HostFitness stricter, Instant now) {
    Host host = assessed.host();
    Optional<String> outdated = text(fitness.factsAreFresh(host, now));
    if (outdated.isPresent()) {
      return List.of(outdated.get());
    }
    Set<String> reasons = new LinkedHashSet<>(assessed.reasons());
    if (stricter != fitness) {
      text(stricter.hasLibvirtThatIsNewEnough(host)).ifPresent(reasons::add);
    }
    for (GuardedNetwork network : ports.networks()) {
      for (Violation violation : fitness.againstNetwork(host, network)) {
        reasons.add(violation.text());
      }
    }
    return List.copyOf(reasons);
  }

  private static List<String> unknown(String id) {
    return List.of(ValidationMessage.HOST_UNKNOWN.text(Map.of("host", id)));
  }

  private static DroppedHost dropped(Optional<AssessedHost> host, String id, List<String> reasons) {
    // The id of the host known, not of the question: decisions are kept, and then share it.
    return new DroppedHost(
        host.map(known -> known.host().id()).orElse(id),
        host.map(known -> known.host().name()).orElse(id),
        reasons);
  }

  private static Optional<String> text(ValidationResult rule) {
    return rule.violation().map(Violation::text);
  }
}
