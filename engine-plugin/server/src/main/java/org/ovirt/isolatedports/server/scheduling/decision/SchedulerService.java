// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.decision;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.GuardedPorts;
import org.ovirt.isolatedports.scheduling.HostSelection;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.ReleaseVersion;
import org.ovirt.isolatedports.scheduling.SchedulingDecision;
import org.ovirt.isolatedports.scheduling.SchedulingDecision.DroppedHost;
import org.ovirt.isolatedports.server.scheduling.inventory.DaemonThreads;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineEvent;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineView;
import org.ovirt.isolatedports.server.scheduling.inventory.EventPost;
import org.ovirt.isolatedports.server.scheduling.inventory.Inventory;
import org.ovirt.isolatedports.server.scheduling.inventory.InventorySource;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerActivity;
import org.ovirt.isolatedports.server.scheduling.inventory.VmNics;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.xmlrpc.XmlRpcReader;

/**
 * Decides which hosts a VM may run on, within the deadline whatever the engine does.
 *
 * <p>The VM's vNICs as the engine shows them now decide. If they are not to be had in time, those
 * seen less than ten minutes ago do. Without them, every host is dropped if a guarded network is
 * attached to the VM's cluster, and kept otherwise. A VM known to have no guarded port is never
 * held back; nor are the hosted-engine VM and external VMs, whose origin is believed as far as they
 * have none: whoever creates a VM may write its origin.
 *
 * <p>No exception leaves {@link #runFilters}: the engine would go on as if it had not asked.
 */
public final class SchedulerService implements Scheduler, AutoCloseable {

  /** The filter's parameter: a higher minimum for libvirt than our own. */
  public static final String MINIMUM_LIBVIRT = "isolated_ports_min_libvirt";

  private static final Logger LOG = System.getLogger(SchedulerService.class.getName());

  private static final PolicyUnit UNIT =
      new PolicyUnit(
          IsolatedPortsFilter.NAME,
          "Keeps VMs with isolated ports to hosts that are certain to isolate them.",
          MINIMUM_LIBVIRT + "=^[0-9]{1,4}\\.[0-9]{1,4}(\\.[0-9]{1,4})?$");

  private static final Duration VM_AGE = Duration.ofMinutes(10);

  /** How old networks and profiles may be before a VM is asked for with them. */
  private static final Duration NETWORKS_AGE = Duration.ofMinutes(2);

  /** Kept back from the deadline for deciding and answering, also on a machine that is busy. */
  private static final long RESERVE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final long REFRESH_POLL_MILLIS = 10;

  /** Most looks at the engine under way; those given up are still under way for a while. */
  private static final int LOOKS = 32;

  /** How many hosts a refusal names before it refers to the list. */
  private static final int NAMED_HOSTS = 3;

  /** How many networks a sentence names. */
  private static final int NAMED_NETWORKS = 5;

  private static final String TOO_LATE = "the engine's REST API did not answer in time";

  /** What came of looking at a VM. */
  private sealed interface Look {

    record Found(VmNics vm) implements Look {}

    record Nothing(String why) implements Look {}
  }

  private record Ruling(
      SchedulingDecision decision,
      Decision.Basis basis,
      String vmName,
      List<String> networks,
      String note) {}

  private final EngineView engine;
  private final InventorySource inventory;
  private final DecisionLog log;
  private final EventPost events;
  private final Clock clock;
  private final HostSelection selection;
  private final VmCache vms;
  private final SchedulerActivity activity;
  private final ThreadPoolExecutor looks =
      new ThreadPoolExecutor(
          0,
          LOOKS,
          30,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> DaemonThreads.named("isolated-ports-look", task));

  public SchedulerService(
      EngineView engine,
      InventorySource inventory,
      FitnessRequirements requirements,
      DecisionLog log,
      EventPost events,
      SchedulerActivity activity,
      Clock clock) {
    this.engine = engine;
    this.inventory = inventory;
    this.log = log;
    this.events = events;
    this.activity = activity;
    this.clock = clock;
    this.vms = new VmCache(VM_AGE, clock);
    this.selection = new HostSelection(requirements);
  }

  @Override
  public List<PolicyUnit> discover() {
    activity.discovered(clock.instant());
    return List.of(UNIT);
  }

  @Override
  public FilterAnswer runFilters(FilterQuestion question) {
    Map<String, List<String>> errors = unknownFilters(question.filters());
    if (!question.filters().contains(IsolatedPortsFilter.NAME)) {
      return new FilterAnswer(question.hostIds(), errors);
    }
    long start = System.nanoTime();
    Instant now = clock.instant();
    activity.asked(now);
    Ruling ruling = decideOrFallBack(question, now);
    Inventory known = inventory.current();
    SchedulingDecision decision = ruling.decision();
    log.add(
        new Decision(
            now,
            question.vmId(),
            ruling.vmName(),
            ruling.basis(),
            ruling.networks(),
            ruling.note(),
            shared(decision.kept(), known),
            decision.dropped(),
            TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start)));
    if (decision.refusesAll()) {
      explain(question, ruling, errors);
    }
    return new FilterAnswer(decision.kept(), errors);
  }

  /** Forgets the vNICs of a VM, as the engine says they have changed. */
  public void forget(String vmId) {
    vms.forget(vmId);
  }

  /** Forgets the vNICs of all VMs, as it is not known what the engine has changed. */
  public void forgetAll() {
    vms.forgetAll();
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }

  private static Map<String, List<String>> unknownFilters(List<String> filters) {
    Map<String, List<String>> errors = new HashMap<>();
    for (String filter : filters) {
      if (!filter.equals(IsolatedPortsFilter.NAME)) {
        errors.put(
            filter,
            List.of(
                "Isolated Ports has no filter "
                    + XmlRpcReader.quote(filter)
                    + "; remove it from the scheduling policy."));
      }
    }
    return errors;
  }

  private Look look(FilterQuestion question, Inventory known, Instant now) {
    boolean networksOutdated =
        known.networksSeen().filter(seen -> seen.plus(NETWORKS_AGE).isAfter(now)).isEmpty();
    long nanos = question.deadline().nanosLeft() - RESERVE_NANOS;
    if (nanos <= 0) {
      return new Look.Nothing("there was no time left to ask the engine");
    }
    long changesBefore = vms.changes();
    Future<Optional<VmNics>> answer;
    try {
      answer = looks.submit(() -> engine.vm(question.vmId(), networksOutdated));
    } catch (RejectedExecutionException e) {
      return new Look.Nothing(LOOKS + " requests to the engine are under way already");
    }
    try {
      Optional<VmNics> vm = answer.get(nanos, TimeUnit.NANOSECONDS);
      vm.ifPresent(seen -> vms.put(seen, changesBefore));
      return vm.<Look>map(Look.Found::new)
          .orElseGet(() -> new Look.Nothing("the engine shows Isolated Ports no such VM"));
    } catch (TimeoutException e) {
      answer.cancel(true);
      return new Look.Nothing(TOO_LATE);
    } catch (ExecutionException e) {
      LOG.log(Level.DEBUG, "No live vNICs of VM " + question.vmId() + ".", e.getCause());
      return new Look.Nothing(whyNoAnswer(e.getCause()));
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      return new Look.Nothing("Isolated Ports is being stopped");
    }
  }

  /** The client has limits of its own, which on a busy machine may end before ours. */
  private static String whyNoAnswer(Throwable cause) {
    EngineException.Kind kind =
        cause instanceof EngineException e ? e.kind() : EngineException.Kind.GARBAGE;
    return switch (kind) {
      case TIMEOUT -> TOO_LATE;
      case UNREACHABLE, NOT_ASKED -> "the engine's REST API could not be reached";
      case GARBAGE, REFUSED -> "the engine's REST API gave no usable answer";
    };
  }

  private Ruling decideOrFallBack(FilterQuestion question, Instant now) {
    try {
      // The inventory that rules is taken after the look: it must not be older than the vNICs.
      return rule(question, look(question, inventory.current(), now), now);
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "Failed to decide on VM " + question.vmId() + ".", e);
      return ruleOnNothing(
          "Isolated Ports failed; the reason is in its log", question, inventory.current());
    }
  }

  private Ruling rule(FilterQuestion question, Look look, Instant now) {
    if (look instanceof Look.Found found) {
      return ruleOn(found.vm(), Decision.Basis.LIVE, "", question, now);
    }
    String why = ((Look.Nothing) look).why();
    return vms.get(question.vmId())
        .map(vm -> ruleOn(vm, Decision.Basis.CACHED, why, question, now))
        .orElseGet(() -> ruleOnNothing(why, question, inventory.current()));
  }

  private Ruling ruleOn(
      VmNics vm, Decision.Basis basis, String note, FilterQuestion question, Instant now) {
    Inventory known = inventoryThatKnows(vm, question.deadline());
    GuardedPorts ports = known.portsOf(vm);
    return new Ruling(
        select(question, ports, known, now),
        basis,
        vm.name(),
        ports.networks().stream().map(GuardedNetwork::name).toList(),
        note);
  }

  /** The inventory; where the VM has a profile made a second ago, once that was read. */
  private Inventory inventoryThatKnows(VmNics vm, Deadline deadline) {
    Inventory known = inventory.current();
    if (isWhollyKnown(vm, known)) {
      return known;
    }
    inventory.refreshSoon();
    while (!isWhollyKnown(vm, known) && deadline.nanosLeft() > RESERVE_NANOS) {
      try {
        Thread.sleep(REFRESH_POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return known;
      }
      known = inventory.current();
    }
    return known;
  }

  private static boolean isWhollyKnown(VmNics vm, Inventory known) {
    return vm.nics().stream()
        .map(known::placeOf)
        .noneMatch(NicPlace.UnknownProfile.class::isInstance);
  }

  private SchedulingDecision select(
      FilterQuestion question, GuardedPorts ports, Inventory known, Instant now) {
    String asked = question.properties().getOrDefault(MINIMUM_LIBVIRT, "");
    Optional<ReleaseVersion> minimum = ReleaseVersion.in(asked);
    if (!asked.isEmpty() && minimum.isEmpty() && !ports.isEmpty()) {
      return HostSelection.dropAll(
          question.hostIds(),
          known::host,
          ValidationMessage.SCHEDULING_PARAMETER_UNREADABLE.text(
              Map.of("parameter", MINIMUM_LIBVIRT, "value", asked)));
    }
    return selection.select(question.hostIds(), ports, known::host, minimum, now);
  }

  private Ruling ruleOnNothing(String why, FilterQuestion question, Inventory known) {
    if (known.exemptVms().contains(question.vmId())) {
      return new Ruling(
          HostSelection.keepAll(question.hostIds()),
          Decision.Basis.EXEMPT,
          question.vmId(),
          List.of(),
          why);
    }
    Set<String> possible = known.guardedIn(known.clusterOf(question.hostIds()));
    SchedulingDecision decision =
        possible.isEmpty()
            ? HostSelection.keepAll(question.hostIds())
            : HostSelection.dropAll(
                question.hostIds(),
                known::host,
                "It is not known which networks the VM is on, as "
                    + why
                    + ", and ports are isolated on networks of its cluster ("
                    + names(possible, known)
                    + "): try again, and check the connection of Isolated Ports to the engine if"
                    + " this stays.");
    return new Ruling(decision, Decision.Basis.NOTHING, question.vmId(), List.of(), why);
  }

  /** A few names for a sentence. */
  private static String names(Set<String> networkIds, Inventory known) {
    List<String> names =
        networkIds.stream()
            .map(
                id ->
                    Optional.ofNullable(known.guarded().get(id))
                        .map(GuardedNetwork::name)
                        .orElse(id))
            .sorted()
            .toList();
    return names.size() <= NAMED_NETWORKS
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, NAMED_NETWORKS))
            + " and "
            + (names.size() - NAMED_NETWORKS)
            + " more";
  }

  /**
   * Says in the engine's event log why every host was dropped: the engine itself says "[]". While
   * its REST API does not answer, the sentence goes with our answer, which the engine logs as an
   * error of the filter.
   */
  private void explain(FilterQuestion question, Ruling ruling, Map<String, List<String>> errors) {
    String sentence = refusal(question.vmId(), ruling);
    LOG.log(Level.INFO, sentence);
    if (ruling.basis() == Decision.Basis.LIVE) {
      events.post(
          new EngineEvent(EngineEvent.Severity.ERROR, sentence, Optional.of(question.vmId())));
    } else {
      errors.put(IsolatedPortsFilter.NAME, List.of(sentence));
    }
  }

  private static String refusal(String vmId, Ruling ruling) {
    List<DroppedHost> dropped = ruling.decision().dropped();
    List<String> reasons = new ArrayList<>();
    dropped.stream()
        .limit(NAMED_HOSTS)
        .flatMap(host -> host.reasons().stream())
        .distinct()
        .forEach(reasons::add);
    String networks =
        ruling.networks().isEmpty() ? "" : " on network " + String.join(", ", ruling.networks());
    String more =
        dropped.size() > NAMED_HOSTS
            ? " The other "
                + (dropped.size() - NAMED_HOSTS)
                + " hosts and their reasons: GET /ovirt-isolated-ports/api/decisions?vm="
                + vmId
                + "."
            : "";
    return "VM "
        + ruling.vmName()
        + " finds no host that is certain to isolate its ports"
        + networks
        + ": "
        + String.join(" ", reasons)
        + more;
  }

  /** The same ids as the inventory's own objects, which decisions that are kept then share. */
  private static List<String> shared(Collection<String> ids, Inventory known) {
    return ids.stream().map(id -> known.host(id).map(host -> host.host().id()).orElse(id)).toList();
  }
}
