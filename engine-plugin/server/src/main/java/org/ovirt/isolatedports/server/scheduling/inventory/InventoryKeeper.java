// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.EventSubject;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.Host;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.scheduling.HostFitness;
import org.ovirt.isolatedports.scheduling.PortNeed;

/**
 * Keeps the inventory fresh: by the engine's events, which say when to look, and by reading
 * everything again at intervals, since attaching a network to a cluster makes no event. The events
 * are those an {@link EventFollower} tells of.
 *
 * <p>One thread of its own reads; what it read is taken whole. While the engine cannot be read, the
 * last inventory stays, and its hosts age until they count as unfit.
 */
public final class InventoryKeeper
    implements InventorySource, EventFollower.Listener, AutoCloseable {

  private static final Logger LOG = System.getLogger(InventoryKeeper.class.getName());

  private static final int PARALLEL_HOSTS = 4;

  /** What changes the vNICs of a VM. */
  private static final Set<EventSubject> OF_NICS =
      EnumSet.of(EventSubject.VNIC, EventSubject.SNAPSHOT);

  /** What changes networks, profiles, clusters and scheduling policies. */
  private static final Set<EventSubject> OF_NETWORKS =
      EnumSet.of(
          EventSubject.NETWORK,
          EventSubject.CLUSTER_NETWORK,
          EventSubject.PROFILE,
          EventSubject.CLUSTER,
          EventSubject.SCHEDULING_POLICY);

  /**
   * How often to look.
   *
   * @param tick at whether something is due; events are attended to at once
   * @param networks at networks, profiles, clusters and the list of hosts, event or not
   * @param hosts at each host's hooks and networks, event or not
   * @param filter at our filter in the engine
   */
  public record Intervals(Duration tick, Duration networks, Duration hosts, Duration filter) {

    /** A host's hooks and networks cost the engine some 20 ms. */
    public static final Intervals DEFAULT =
        new Intervals(
            Duration.ofSeconds(2),
            Duration.ofSeconds(15),
            Duration.ofMinutes(3),
            Duration.ofMinutes(1));
  }

  private record DetailsRead(EngineReader.HostDetails details, Instant at) {}

  private final EngineReader engine;
  private final Supplier<Map<String, String>> ownNetworks;
  private final HostFitness fitness;
  private final Intervals intervals;
  private final SchedulerActivity activity;
  private final Consumer<String> vmChanged;
  private final Clock clock;
  private final ExecutorService hostReaders;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;

  private volatile boolean closed;
  private volatile boolean networksAsked = true;
  private volatile Inventory current;
  private volatile Optional<String> lastFailure = Optional.empty();
  private volatile FilterState filter = FilterState.UNKNOWN;
  private volatile Set<String> clustersWithout = Set.of();
  private final Set<String> changedHosts = ConcurrentHashMap.newKeySet();

  // Below: touched by the inventory thread alone, but for details, which the host readers fill.
  private final Map<String, DetailsRead> details = new ConcurrentHashMap<>();
  private Instant networksRead = Instant.MIN;
  private Instant hostsRead = Instant.MIN;
  private Instant filterRead = Instant.MIN;
  private EngineReader.Networks networks =
      new EngineReader.Networks(Map.of(), Map.of(), Map.of(), Map.of());
  private List<EngineReader.HostRead> hosts = List.of();
  private List<VmNics> saidToBeExempt = List.of();
  private Map<String, String> lastOwnNetworks = Map.of();
  private boolean ownNetworksFailed;

  /**
   * A keeper that has read nothing yet.
   *
   * @param ownNetworks names of the networks isolated by us, by id, from our own store
   * @param vmChanged told the id of each VM whose vNICs have changed
   * @param threads makes the threads that read
   */
  public InventoryKeeper(
      EngineReader engine,
      Supplier<Map<String, String>> ownNetworks,
      FitnessRequirements requirements,
      Intervals intervals,
      SchedulerActivity activity,
      Consumer<String> vmChanged,
      ThreadFactory threads,
      Clock clock) {
    this.engine = engine;
    this.ownNetworks = ownNetworks;
    this.fitness = new HostFitness(requirements);
    this.intervals = intervals;
    this.activity = activity;
    this.vmChanged = vmChanged;
    this.clock = clock;
    this.hostReaders = Executors.newFixedThreadPool(PARALLEL_HOSTS, threads);
    this.thread = threads.newThread(this::run);
    this.current = Inventory.EMPTY;
  }

  /** Starts reading. */
  public void start() {
    thread.start();
  }

  @Override
  public Inventory current() {
    return current;
  }

  @Override
  public void refreshSoon() {
    networksAsked = true;
    wake.release();
  }

  @Override
  public void happened(List<AuditEvent> events) {
    events.forEach(this::follow);
    if (networksAsked) {
      wake.release();
    }
  }

  private void follow(AuditEvent event) {
    Optional<EventSubject> subject = EventSubject.of(event.code());
    if (subject.filter(OF_NETWORKS::contains).isPresent()) {
      networksAsked = true;
    }
    if (subject.filter(OF_NICS::contains).isPresent()) {
      event.vmId().ifPresent(vmChanged);
    } else if (event.vmId().isEmpty()) {
      // A VM's events name its host too, but say nothing of it.
      event
          .hostId()
          .ifPresent(
              id -> {
                changedHosts.add(id);
                networksAsked = true;
              });
    }
  }

  @Override
  public void lostTrack() {
    changedHosts.addAll(details.keySet());
    refreshSoon();
  }

  /** Whether scheduling is in effect, and how fresh the inventory is. */
  public SchedulerStatus status() {
    Inventory known = current;
    return new SchedulerStatus(
        filter,
        new TreeSet<>(clustersWithout),
        activity.lastDiscovered(),
        activity.lastAsked(),
        known.networksSeen(),
        known.hosts().size(),
        known.hosts().values().stream()
            .map(assessed -> assessed.host().seen())
            .min(Comparator.naturalOrder()),
        lastFailure);
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    hostReaders.shutdownNow();
  }

  private void run() {
    while (!closed) {
      try {
        step();
        lastFailure = Optional.empty();
      } catch (EngineException e) {
        fail(e.getMessage());
      } catch (RuntimeException e) {
        LOG.log(Level.ERROR, "Failed to read the engine.", e);
        fail("Isolated Ports failed; the reason is in its log.");
      }
      pause();
    }
  }

  private void fail(String why) {
    if (!lastFailure.equals(Optional.of(why))) {
      LOG.log(Level.WARNING, "Hosts and networks cannot be read from the engine: {0}", why);
    }
    lastFailure = Optional.of(why);
    publish();
  }

  private void pause() {
    try {
      if (wake.tryAcquire(intervals.tick().toMillis(), TimeUnit.MILLISECONDS)) {
        wake.drainPermits();
      }
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void step() {
    Instant now = clock.instant();
    if (networksAsked || isDue(networksRead, intervals.networks(), now)) {
      // First, so that what is asked for while reading is read once more.
      networksAsked = false;
      try {
        readNetworks(now);
      } catch (RuntimeException e) {
        networksAsked = true;
        throw e;
      }
    }
    readHosts(now);
    if (isDue(filterRead, intervals.filter(), now)) {
      readFilter();
      filterRead = now;
    }
  }

  /** Also where the clock was set back since, which would put the next look off for as long. */
  private static boolean isDue(Instant last, Duration interval, Instant now) {
    return last.equals(Instant.MIN) || now.isBefore(last) || !now.isBefore(last.plus(interval));
  }

  private void readNetworks(Instant now) {
    networks = engine.networks();
    networksRead = now;
    publish();
    Instant at = clock.instant();
    hosts = engine.hosts();
    hostsRead = at;
    saidToBeExempt = engine.saidToBeExempt();
    publish();
  }

  private void readHosts(Instant now) {
    Map<String, Future<Boolean>> reading = new HashMap<>();
    Set<String> existing = new HashSet<>();
    Set<String> changed = Set.copyOf(changedHosts);
    changedHosts.removeAll(changed);
    for (EngineReader.HostRead host : hosts) {
      existing.add(host.id());
      DetailsRead last = details.get(host.id());
      if (last == null || changed.contains(host.id()) || isDue(last.at(), intervals.hosts(), now)) {
        reading.put(host.id(), hostReaders.submit(() -> readDetails(host)));
      }
    }
    details.keySet().retainAll(existing);
    if (reading.isEmpty()) {
      return;
    }
    reading.forEach(
        (id, each) -> {
          if (!isDone(each)) {
            // What changed on it is not known yet, and its event does not come again.
            changedHosts.add(id);
          }
        });
    publish();
  }

  /**
   * Reads a host's hooks and networks. A host the engine has no answer for is a host that reports
   * nothing; one the engine gave no time for keeps what is known of it, and ages.
   *
   * @return whether something was read
   */
  private boolean readDetails(EngineReader.HostRead host) {
    Instant at = clock.instant();
    boolean linuxBridge =
        Optional.ofNullable(networks.clusters().get(host.clusterId()))
            .map(EngineReader.ClusterRead::linuxBridge)
            .orElse(false);
    try {
      details.put(host.id(), new DetailsRead(engine.details(host.id(), linuxBridge), at));
      return true;
    } catch (EngineException e) {
      LOG.log(
          Level.WARNING,
          "Hooks and networks of host {0} cannot be read: {1}",
          host.name(),
          e.getMessage());
      if (e.kind() == EngineException.Kind.REFUSED) {
        details.put(
            host.id(), new DetailsRead(new EngineReader.HostDetails(List.of(), List.of()), at));
        return true;
      }
      return false;
    }
  }

  private static boolean isDone(Future<Boolean> task) {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      LOG.log(Level.ERROR, "Failed to read a host.", e.getCause());
    }
    return false;
  }

  private void readFilter() {
    Set<String> policies = new HashSet<>();
    networks.clusters().values().forEach(cluster -> cluster.policyId().ifPresent(policies::add));
    EngineReader.FilterRead read = engine.filter(policies);
    filter =
        read.enabled()
            .map(enabled -> enabled ? FilterState.ENABLED : disabled(read))
            .orElse(FilterState.ABSENT);
    Set<String> without = new HashSet<>();
    networks
        .clusters()
        .forEach(
            (id, cluster) -> {
              boolean uses = cluster.policyId().filter(read.policyIds()::contains).isPresent();
              if (!uses && !current.guardedIn(Optional.of(id)).isEmpty()) {
                without.add(cluster.name());
              }
            });
    clustersWithout = without;
  }

  /** Set-up puts the filter into policies and takes it out again; a start without us does not. */
  private static FilterState disabled(EngineReader.FilterRead read) {
    return read.policyIds().isEmpty() ? FilterState.SWITCHED_OFF : FilterState.DISABLED;
  }

  private void publish() {
    Map<String, GuardedNetwork> guarded = guarded();
    Map<String, Set<String>> inCluster = new HashMap<>();
    networks
        .clusters()
        .forEach(
            (id, cluster) -> {
              Set<String> here = new HashSet<>(cluster.networkIds());
              here.retainAll(guarded.keySet());
              inCluster.put(id, Set.copyOf(here));
            });
    Map<String, AssessedHost> assessed = new HashMap<>();
    for (EngineReader.HostRead host : hosts) {
      DetailsRead read = details.get(host.id());
      if (read != null) {
        assessed.put(host.id(), AssessedHost.of(host(host, read), fitness));
      }
    }
    Inventory read =
        new Inventory(
            assessed,
            guarded,
            networks.profiles(),
            inCluster,
            Set.of(),
            Optional.of(networksRead).filter(at -> !at.equals(Instant.MIN)));
    Set<String> exempt = new HashSet<>();
    for (VmNics vm : saidToBeExempt) {
      if (read.portsOf(vm).isEmpty()) {
        exempt.add(vm.id());
      }
    }
    current = read.exempting(exempt);
  }

  /** A host is as old as the older of what was read of it: its state, or its hooks and networks. */
  private Host host(EngineReader.HostRead host, DetailsRead read) {
    return new Host(
        host.id(),
        host.name(),
        host.clusterId(),
        host.status(),
        new HostFacts(
            host.libvirt(),
            host.osType(),
            host.osVersion(),
            read.details().hooks(),
            read.details().networks()),
        read.at().isBefore(hostsRead) ? read.at() : hostsRead);
  }

  /** Networks the engine calls isolated, and those isolated by us that it still has. */
  private Map<String, GuardedNetwork> guarded() {
    Map<String, String> names = new HashMap<>(own());
    if (!networksRead.equals(Instant.MIN)) {
      names.keySet().retainAll(networks.names().keySet());
    }
    names.putAll(networks.isolated());
    Map<String, GuardedNetwork> guarded = new HashMap<>();
    names.forEach((id, name) -> guarded.put(id, new GuardedNetwork(id, name, PortNeed.ISOLATION)));
    return guarded;
  }

  /** Our own list; the last one read while the database gives none. */
  private Map<String, String> own() {
    try {
      lastOwnNetworks = Map.copyOf(ownNetworks.get());
      ownNetworksFailed = false;
    } catch (RuntimeException e) {
      if (!ownNetworksFailed) {
        LOG.log(
            Level.WARNING, "The list of isolated networks cannot be read, the last one stays.", e);
      }
      ownNetworksFailed = true;
    }
    return lastOwnNetworks;
  }
}
