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
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.GuardedNetwork;
import org.ovirt.isolatedports.scheduling.Host;
import org.ovirt.isolatedports.scheduling.HostFacts;
import org.ovirt.isolatedports.scheduling.HostFitness;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.PortNeed;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostDetails;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.engine.EngineReader;

/**
 * Makes the scheduler's inventory of the mirror's picture of the engine, and sees to it that the
 * picture is fresh: by the engine's events, which say when to look, and by having it read again at
 * intervals.
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

  /** What says where a vNIC is, and where guarded networks are. */
  private static final Set<Part> OF_NETWORKS =
      EnumSet.of(Part.NETWORKS, Part.PROFILES, Part.CLUSTERS);

  /**
   * How often to look.
   *
   * @param tick at whether something is due; events are attended to at once
   * @param clusters at the networks attached to clusters, of which no event tells
   * @param lists at networks, profiles and the list of hosts, event or not
   * @param hosts at each host's hooks and networks, event or not
   * @param filter at our filter in the engine
   */
  public record Intervals(
      Duration tick, Duration clusters, Duration lists, Duration hosts, Duration filter) {

    /** A host's hooks and networks cost the engine some 20 ms. */
    public static final Intervals DEFAULT =
        new Intervals(
            Duration.ofSeconds(2),
            Duration.ofSeconds(15),
            Duration.ofMinutes(1),
            Duration.ofMinutes(3),
            Duration.ofMinutes(1));
  }

  private final EngineMirror mirror;
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
  private volatile boolean filterAsked = true;
  private volatile Inventory current;
  private volatile Optional<String> lastFailure = Optional.empty();
  private volatile FilterState filter = FilterState.UNKNOWN;
  private volatile Set<String> clustersWithout = Set.of();

  // Below: touched by the inventory thread alone.
  private EnginePicture published = EnginePicture.EMPTY;
  private Instant publishedAt = Instant.MIN;
  private Instant filterRead = Instant.MIN;
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
      EngineMirror mirror,
      EngineReader engine,
      Supplier<Map<String, String>> ownNetworks,
      FitnessRequirements requirements,
      Intervals intervals,
      SchedulerActivity activity,
      Consumer<String> vmChanged,
      ThreadFactory threads,
      Clock clock) {
    this.mirror = mirror;
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
    mirror.outdate(OF_NETWORKS);
    wake.release();
  }

  /** The mirror was told before, and knows what to read again. */
  @Override
  public void happened(List<AuditEvent> events) {
    events.forEach(this::follow);
    wake.release();
  }

  private void follow(AuditEvent event) {
    Optional<EventSubject> subject = EventSubject.of(event.code());
    if (subject.filter(OF_NICS::contains).isPresent()) {
      event.vmId().ifPresent(vmChanged);
    }
    if (subject.filter(EventSubject.SCHEDULING_POLICY::equals).isPresent()) {
      filterAsked = true;
    }
  }

  @Override
  public void lostTrack() {
    filterAsked = true;
    wake.release();
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
    // Before an engine that may take its time: the networks that are known isolated guard already.
    publish(mirror.picture());
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
    publish(mirror.picture());
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
    EnginePicture unused = mirror.read(EnumSet.of(Part.NETWORKS, Part.PROFILES), intervals.lists());
    publishNews(mirror.read(EnumSet.of(Part.CLUSTERS), intervals.clusters()));
    publishNews(mirror.read(EnumSet.of(Part.HOSTS, Part.EXEMPT_VMS), intervals.lists()));
    readHosts();
    publishNews(mirror.picture());
    Instant now = clock.instant();
    if (filterAsked || isDue(filterRead, intervals.filter(), now)) {
      filterAsked = false;
      try {
        readFilter();
      } catch (RuntimeException e) {
        filterAsked = true;
        throw e;
      }
      filterRead = now;
    }
  }

  /** Also where the clock was set back since, which would put the next look off for as long. */
  private static boolean isDue(Instant last, Duration interval, Instant now) {
    return last.equals(Instant.MIN) || now.isBefore(last) || !now.isBefore(last.plus(interval));
  }

  private void readHosts() {
    Map<String, Future<?>> reading = new HashMap<>();
    for (String id : mirror.outdatedHosts(intervals.hosts())) {
      reading.put(id, hostReaders.submit(() -> readDetails(id)));
    }
    reading.values().forEach(InventoryKeeper::await);
  }

  /** What cannot be read now stays outdated. */
  private void readDetails(String hostId) {
    try {
      mirror.readDetails(hostId);
    } catch (EngineException e) {
      LOG.log(
          Level.WARNING,
          "Hooks and networks of host {0} cannot be read: {1}",
          name(hostId),
          e.getMessage());
    }
  }

  private String name(String hostId) {
    return Optional.ofNullable(mirror.picture().hosts().get(hostId))
        .map(host -> host.host().name())
        .orElse(hostId);
  }

  private static void await(Future<?> task) {
    try {
      Object unused = task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      LOG.log(Level.ERROR, "Failed to read a host.", e.getCause());
    }
  }

  private void readFilter() {
    Map<String, WatchedCluster> clusters = mirror.picture().clusters();
    Set<String> policies = new HashSet<>();
    clusters.values().forEach(each -> each.schedulingPolicyId().ifPresent(policies::add));
    EngineReader.FilterRead read = engine.filter(policies);
    filter =
        read.enabled()
            .map(enabled -> enabled ? FilterState.ENABLED : disabled(read))
            .orElse(FilterState.ABSENT);
    Set<String> without = new HashSet<>();
    clusters.forEach(
        (id, cluster) -> {
          boolean uses =
              cluster.schedulingPolicyId().filter(read.policyIds()::contains).isPresent();
          if (!uses && !current.guardedIn(Optional.of(id)).isEmpty()) {
            without.add(cluster.cluster().name());
          }
        });
    clustersWithout = without;
  }

  /** Set-up puts the filter into policies and takes it out again; a start without us does not. */
  private static FilterState disabled(EngineReader.FilterRead read) {
    return read.policyIds().isEmpty() ? FilterState.SWITCHED_OFF : FilterState.DISABLED;
  }

  /**
   * Publishes a picture that shows something new. Our own list makes no event, and is looked at as
   * often as the clusters are; at each tick while it cannot be read.
   */
  private void publishNews(EnginePicture known) {
    boolean news = !known.withoutVms().isSameButForTheAgeOf(Part.CLUSTERS, published.withoutVms());
    if (news || ownNetworksFailed || isDue(publishedAt, intervals.clusters(), clock.instant())) {
      publish(known);
    }
  }

  private void publish(EnginePicture known) {
    Map<String, GuardedNetwork> guarded = guarded(known);
    Map<String, Set<String>> inCluster = new HashMap<>();
    known
        .clusters()
        .forEach(
            (id, cluster) -> {
              Set<String> here = new HashSet<>(cluster.attached().keySet());
              here.retainAll(guarded.keySet());
              inCluster.put(id, Set.copyOf(here));
            });
    Map<String, AssessedHost> assessed = new HashMap<>();
    known
        .hosts()
        .forEach(
            (id, host) ->
                host.details()
                    .ifPresent(
                        details ->
                            assessed.put(
                                id, AssessedHost.of(host(known, host.host(), details), fitness))));
    Inventory read =
        new Inventory(
            assessed, guarded, places(known), inCluster, Set.of(), known.oldestOf(OF_NETWORKS));
    Set<String> exempt = new HashSet<>();
    for (WatchedVm vm : known.exemptVms().values()) {
      if (read.portsOf(VmNics.of(vm)).isEmpty()) {
        exempt.add(vm.id());
      }
    }
    current = read.exempting(exempt);
    published = known;
    publishedAt = clock.instant();
  }

  /** Where each profile puts a vNIC. */
  private static Map<String, NicPlace> places(EnginePicture known) {
    Map<String, Network> networks = new HashMap<>();
    known.networks().forEach((id, network) -> networks.put(id.toString(), network));
    Map<String, NicPlace> places = new HashMap<>();
    for (WatchedProfile profile : known.profiles().values()) {
      Network network = networks.get(profile.networkId());
      if (network != null) {
        places.put(
            profile.id(),
            new NicPlace.OnNetwork(
                profile.networkId(),
                network.name(),
                UnknownIsUnsafe.engineIsolates(network.portIsolation()),
                profile.property()));
      }
    }
    return places;
  }

  /** A host is as old as the older of what was read of it: its state, or its hooks and networks. */
  private static Host host(EnginePicture known, WatchedHost host, HostDetails details) {
    SwitchType wanted =
        Optional.ofNullable(known.clusters().get(host.clusterId()))
            .map(cluster -> cluster.cluster().switchType())
            .orElse(SwitchType.UNKNOWN);
    Instant listed = known.readAt(Part.HOSTS).orElse(Instant.MIN);
    return new Host(
        host.id(),
        host.name(),
        host.clusterId(),
        host.status(),
        new HostFacts(
            host.libvirt(),
            host.osType(),
            host.osVersion(),
            details.hooks(),
            details.attachments().stream().map(each -> network(each, wanted)).toList()),
        details.readAt().isBefore(listed) ? details.readAt() : listed);
  }

  /**
   * A network of a host.
   *
   * @param wanted the switch of the cluster, which counts even where the host reports another
   */
  private static HostNetwork network(HostAttachment attachment, SwitchType wanted) {
    return new HostNetwork(
        attachment.networkId(),
        UnknownIsUnsafe.isBridged(attachment.bridged()),
        UnknownIsUnsafe.switchIsolates(wanted)
            && UnknownIsUnsafe.switchIsolates(attachment.switchType().orElse(wanted)));
  }

  /**
   * Networks the engine calls isolated, or of which it does not say whether they are, and those
   * isolated by us that it still has.
   */
  private Map<String, GuardedNetwork> guarded(EnginePicture known) {
    Map<String, String> names = new HashMap<>(own());
    boolean engineKnowsAttribute =
        known.networks().values().stream().anyMatch(each -> each.portIsolation().isPresent());
    Set<String> inEngine = new HashSet<>();
    Map<String, String> isolated = new HashMap<>();
    known
        .networks()
        .forEach(
            (id, network) -> {
              inEngine.add(id.toString());
              if (UnknownIsUnsafe.engineMayIsolate(network.portIsolation(), engineKnowsAttribute)) {
                isolated.put(id.toString(), network.name());
              }
            });
    if (known.readAt(Part.NETWORKS).isPresent()) {
      names.keySet().retainAll(inEngine);
    }
    names.putAll(isolated);
    Map<String, GuardedNetwork> guarded = new HashMap<>();
    names.forEach((id, name) -> guarded.put(id, new GuardedNetwork(id, name, PortNeed.ISOLATION)));
    return guarded;
  }

  /** Our own list; the last one read while the database gives none. */
  private Map<String, String> own() {
    try {
      lastOwnNetworks = Map.copyOf(ownNetworks.get());
      ownNetworksFailed = false;
    } catch (Exception e) {
      if (!ownNetworksFailed) {
        LOG.log(
            Level.WARNING, "The list of isolated networks cannot be read, the last one stays.", e);
      }
      ownNetworksFailed = true;
    }
    return lastOwnNetworks;
  }
}
