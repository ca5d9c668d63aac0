// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedNetwork;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.rules.EngineSnapshot;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.IsolationRules;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.options.GateView;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Notices what is changed in the engine around us.
 *
 * <p>Events of the engine say which parts of what it knows to read again. Of what no event tells, a
 * network attached to a cluster, the clusters are read every few seconds; everything is read every
 * few minutes. After each reading the rules are applied to all that is known.
 *
 * <p>It mends what it may: it sets the property on profiles of networks isolated by the hook, takes
 * in networks that the engine isolates, follows names, and forgets networks that are gone.
 *
 * <p>If the engine or the database gives no answer, nothing is concluded: violations stay as they
 * are, and what was to be read is read later. {@link #tick} is called by one thread, everything
 * else by any.
 */
public final class Guard implements EventFollower.Listener {

  /** Sets the property on the profiles of a network; throws if the engine refuses. */
  @FunctionalInterface
  public interface Aligner {
    void align(String networkId);
  }

  /**
   * How guarding goes.
   *
   * @param lastPass when the rules were last applied to what the engine showed
   * @param lastFull when everything was last read
   * @param failure why the last attempt failed; empty if it did not
   */
  public record Status(
      Optional<Instant> lastPass, Optional<Instant> lastFull, Optional<String> failure) {}

  /** What is read by itself. */
  enum Part {
    NETWORKS,
    CLUSTERS,
    PROFILES,
    PERMISSIONS,
    VMS,
    STORAGE
  }

  private static final Logger LOG = Logger.getLogger(Guard.class.getName());

  /** The clusters are not read for more than this part of the time, however large the engine. */
  private static final int REST_FACTOR = 4;

  /** What others had read so lately is not read again because everything is due. */
  private static final Duration MOST_OF_A_FULL_PASS = Duration.ofMinutes(2);

  private static final Duration LONGEST_REST = Duration.ofSeconds(30);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration REMEMBER_OVER = Duration.ofDays(90);

  /** More single VMs than this are read by their clusters instead. */
  private static final int SINGLE_VMS = 50;

  private final EngineMirror mirror;
  private final EngineReader reader;
  private final RegisterKeeper register;
  private final ViolationStore violations;
  private final ProfileAlignment alignment;
  private final Supplier<GateView> gates;
  private final SchedulingView scheduling;
  private final List<ViolationSource> sources;
  private final Supplier<Set<String>> beingMade;
  private final GuardTimes times;
  private final Clock clock;

  private final EnumSet<Part> asked = EnumSet.allOf(Part.class);
  private final Set<String> askedVms = new HashSet<>();
  private EnginePicture known = EnginePicture.EMPTY;
  private Set<String> profilesForEveryone = Set.of();
  private Map<String, String> storageBonds = Map.of();
  private final VmWatch vms;
  private Set<String> watchedIds = Set.of();
  private Instant networksAgain = Instant.MAX;
  private Instant clustersAgain = Instant.MIN;
  private Instant fullAgain = Instant.MIN;
  private Instant tryAgain = Instant.MIN;
  private int failures;
  private volatile Status status = new Status(Optional.empty(), Optional.empty(), Optional.empty());

  Guard(
      EngineMirror mirror,
      EngineReader reader,
      NetworkRegister register,
      ViolationStore violations,
      Aligner aligner,
      Supplier<GateView> gates,
      SchedulingView scheduling,
      List<ViolationSource> sources,
      Supplier<Set<String>> beingMade,
      GuardTimes times,
      Clock clock) {
    this.mirror = mirror;
    this.reader = reader;
    this.register = new RegisterKeeper(register, reader, times);
    this.violations = violations;
    this.alignment = new ProfileAlignment(aligner, times, clock);
    this.gates = gates;
    this.scheduling = scheduling;
    this.sources = List.copyOf(sources);
    this.beingMade = beingMade;
    this.times = times;
    this.clock = clock;
    this.vms = new VmWatch(reader);
  }

  /** How guarding goes. */
  public Status status() {
    return status;
  }

  @Override
  public void lostTrack() {
    ask(EnumSet.allOf(Part.class));
  }

  @Override
  public void happened(List<AuditEvent> events) {
    for (AuditEvent event : events) {
      ask(EventParts.of(event.code()));
      if (EventParts.concernsVnics(event.code()) || vms.watchesHosts()) {
        event.vmId().ifPresent(this::askVm);
      }
    }
  }

  private void ask(Set<Part> parts) {
    synchronized (asked) {
      asked.addAll(parts);
    }
  }

  private void askVm(String id) {
    synchronized (asked) {
      askedVms.add(id);
      if (askedVms.size() > SINGLE_VMS) {
        askedVms.clear();
        asked.add(Part.VMS);
      }
    }
  }

  /** Does what is due; returns at once if nothing is. Never throws. */
  public void tick() {
    Instant now = clock.instant();
    if (now.isBefore(tryAgain)) {
      return;
    }
    boolean full = !now.isBefore(fullAgain);
    EnumSet<Part> parts = takeParts(now, full);
    if (vms.isOutdated(unfitHosts(watchedIds))) {
      parts.add(Part.VMS);
    }
    Set<String> singleVms = takeVms();
    if (parts.isEmpty() && singleVms.isEmpty()) {
      return;
    }
    try {
      pass(parts, singleVms, now);
      if (full) {
        violations.forgetOver(now.minus(REMEMBER_OVER));
        fullAgain = now.plus(times.full());
      }
      succeed(now, full);
    } catch (EngineException e) {
      fail(parts, singleVms, e.getMessage());
    } catch (Exception e) {
      LOG.log(Level.WARNING, "A pass of the guard failed", e);
      fail(parts, singleVms, "Isolated Ports failed; the reason is in its log.");
    }
  }

  private void succeed(Instant now, boolean full) {
    if (failures > 0) {
      LOG.info("The guard sees the oVirt engine again.");
    }
    failures = 0;
    status =
        new Status(Optional.of(now), full ? Optional.of(now) : status.lastFull(), Optional.empty());
  }

  private void fail(Set<Part> parts, Set<String> singleVms, String why) {
    if (!status.failure().equals(Optional.of(why))) {
      LOG.log(Level.WARNING, "The guard cannot see the oVirt engine: {0}", why);
    }
    ask(parts);
    singleVms.forEach(this::askVm);
    Duration pause = Duration.ofMillis(500).multipliedBy(1L << Math.min(failures, 6));
    tryAgain = clock.instant().plus(pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE);
    failures++;
    status = new Status(status.lastPass(), status.lastFull(), Optional.of(why));
  }

  private EnumSet<Part> takeParts(Instant now, boolean full) {
    EnumSet<Part> parts;
    synchronized (asked) {
      parts = full ? EnumSet.allOf(Part.class) : EnumSet.copyOf(asked);
      asked.clear();
    }
    if (!now.isBefore(clustersAgain)) {
      parts.add(Part.CLUSTERS);
    }
    if (!now.isBefore(networksAgain)) {
      mirror.outdate(EnumSet.of(EnginePicture.Part.NETWORKS));
      parts.add(Part.NETWORKS);
    }
    return parts;
  }

  private Set<String> takeVms() {
    synchronized (asked) {
      Set<String> ids = Set.copyOf(askedVms);
      askedVms.clear();
      return ids;
    }
  }

  private void pass(EnumSet<Part> parts, Set<String> singleVms, Instant now) {
    if (parts.contains(Part.NETWORKS)) {
      known = mirror.read(EnumSet.of(EnginePicture.Part.NETWORKS), MOST_OF_A_FULL_PASS);
      networksAgain = register.reconcile(networks(), now);
    }
    List<WatchedNetwork> watched = watched(now);
    Set<String> ids = watched.stream().map(WatchedNetwork::id).collect(Collectors.toSet());
    if (watched.isEmpty()) {
      // Nothing can be broken, so the engine is left in peace.
      clustersAgain = now.plus(times.poll());
      vms.clear();
    } else {
      if (!watchedIds.containsAll(ids)) {
        mirror.outdate(EnumSet.of(EnginePicture.Part.CLUSTERS, EnginePicture.Part.PROFILES));
        parts.addAll(EnumSet.allOf(Part.class));
      }
      readParts(parts, singleVms, watched);
      watched = watched(now);
    }
    watchedIds = ids;
    EngineSnapshot engine =
        new EngineSnapshot(
            gates.get().gate(),
            watched,
            clusters(),
            profilesWithUsers(),
            vms.all(),
            scheduling.hosts(),
            scheduling.scheduling());
    List<GuardViolation> found = new ArrayList<>(IsolationRules.check(engine));
    Set<String> exempt = leftOpen();
    exempt.addAll(beingMade.get());
    found.removeIf(
        violation ->
            violation.rule() == ValidationMessage.GUARD_PROFILE_WITHOUT_PROPERTY
                && violation
                    .network()
                    // A profile that lacks it is given it, so only a refusal is worth a word.
                    .filter(item -> exempt.contains(item.id()) || !alignment.wasRefused(item.id()))
                    .isPresent());
    sources.forEach(source -> found.addAll(source.current()));
    violations.replace(
        distinct(found), IsolationRules.undecided(engine), now, now.minus(times.settle()));
  }

  private Set<String> leftOpen() {
    return sources.stream()
        .flatMap(source -> source.leftOpen().stream())
        .collect(Collectors.toCollection(HashSet::new));
  }

  private static List<GuardViolation> distinct(List<GuardViolation> found) {
    Map<String, GuardViolation> byKey = new LinkedHashMap<>();
    found.forEach(violation -> byKey.putIfAbsent(violation.key(), violation));
    return List.copyOf(byKey.values());
  }

  private void readParts(EnumSet<Part> parts, Set<String> singleVms, List<WatchedNetwork> watched) {
    if (parts.contains(Part.CLUSTERS)) {
      readClusters();
    }
    EnumSet<EnginePicture.Part> profiles = EnumSet.of(EnginePicture.Part.PROFILES);
    known = mirror.read(profiles, MOST_OF_A_FULL_PASS);
    Set<String> left = leftOpen();
    left.addAll(beingMade.get());
    if (alignment.align(watched, known.profiles().values(), left)) {
      mirror.outdate(profiles);
      known = mirror.read(profiles, MOST_OF_A_FULL_PASS);
    }
    if (parts.contains(Part.PERMISSIONS)) {
      profilesForEveryone = reader.forEveryone(profilesWithRoles(watched));
    }
    if (parts.contains(Part.STORAGE)) {
      storageBonds =
          reader.storageBonds(
              watched.stream().map(WatchedNetwork::dataCenterId).collect(Collectors.toSet()));
    }
    Set<String> ids = watched.stream().map(WatchedNetwork::id).collect(Collectors.toSet());
    vms.read(parts, singleVms, clusters(), gates.get().gate(), unfitHosts(ids));
  }

  /** Hosts that cannot enforce port isolation, in clusters with such networks: names by id. */
  private Map<String, String> unfitHosts(Set<String> networkIds) {
    Set<String> concerned =
        clusters().stream()
            .filter(cluster -> cluster.attached().keySet().stream().anyMatch(networkIds::contains))
            .map(cluster -> cluster.cluster().id())
            .collect(Collectors.toSet());
    return scheduling.hosts().stream()
        .filter(host -> !host.fit() && concerned.contains(host.host().clusterId()))
        .collect(Collectors.toMap(host -> host.host().id(), host -> host.host().name()));
  }

  private void readClusters() {
    Instant start = clock.instant();
    known = mirror.read(EnumSet.of(EnginePicture.Part.CLUSTERS), times.poll());
    Instant end = clock.instant();
    Duration rest = Duration.between(start, end).multipliedBy(REST_FACTOR);
    if (rest.compareTo(times.poll()) < 0) {
      rest = times.poll();
    }
    clustersAgain = end.plus(rest.compareTo(LONGEST_REST) < 0 ? rest : LONGEST_REST);
  }

  private List<WatchedCluster> clusters() {
    return List.copyOf(known.clusters().values());
  }

  /** The networks of data centers, by id. */
  private Map<UUID, Network> networks() {
    Map<UUID, Network> networks = new LinkedHashMap<>(known.networks());
    networks.values().removeIf(network -> network.dataCenterId().isEmpty());
    return networks;
  }

  private List<WatchedNetwork> watched(Instant now) {
    Map<UUID, Network> inEngine = networks();
    List<WatchedNetwork> watched = new ArrayList<>();
    for (NetworkRegister.Entry entry : register.entries()) {
      Network read = inEngine.get(entry.id());
      if (read != null) {
        watched.add(
            new WatchedNetwork(
                read.id().toString(),
                read.name(),
                read.dataCenterId().orElseThrow().toString(),
                entry.enforcedByHook(),
                read.vmNetwork(),
                read.external(),
                read.portIsolation(),
                Optional.ofNullable(storageBonds.get(read.id().toString()))));
      } else if (!register.isLeaving(entry.id())) {
        // Registered since the networks were read.
        networksAgain = now;
      }
    }
    return watched;
  }

  private List<String> profilesWithRoles(List<WatchedNetwork> watched) {
    Set<String> ids = watched.stream().map(WatchedNetwork::id).collect(Collectors.toSet());
    return known.profiles().values().stream()
        .filter(
            profile ->
                ids.contains(profile.networkId())
                    && UnknownIsUnsafe.mayReachOtherPorts(profile.property()))
        .map(WatchedProfile::id)
        .toList();
  }

  private List<WatchedProfile> profilesWithUsers() {
    return known.profiles().values().stream()
        .map(profile -> profile.withForEveryone(profilesForEveryone.contains(profile.id())))
        .toList();
  }
}
