// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.EventSubject;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostDetails;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;

/**
 * The one picture of the engine, from which guard and scheduler read.
 *
 * <p>Events of the engine say which parts are outdated; a part is read again when somebody needs it
 * and it is outdated, or older than he bears. Whoever needs it reads it on his own thread; others
 * who need the same part meanwhile wait for that reading and share it, so that one event costs one
 * reading, however many look at it.
 *
 * <p>While the engine gives no answer the picture stays as it is, with its age, and the parts stay
 * outdated. It has to be told of events before those who read from it are.
 */
public final class EngineMirror implements EventFollower.Listener {

  private static final Logger LOG = Logger.getLogger(EngineMirror.class.getName());

  /** What changes the vNICs of a VM, or its name. */
  private static final Set<EventSubject> OF_VMS =
      EnumSet.of(EventSubject.VM, EventSubject.VNIC, EventSubject.SNAPSHOT);

  /** When a VM that an event named is read a second time. */
  public static final Duration SECOND_LOOK = Duration.ofSeconds(2);

  private static final Duration SHORTEST_REST_OF_VMS = Duration.ofMinutes(1);

  /** How often a part was called outdated, and how often it had been when it was last read. */
  private static final class Age {
    private final AtomicLong outdated = new AtomicLong(1);
    private long read;

    private boolean isOutdated() {
      return read != outdated.get();
    }
  }

  private final EngineReader reader;
  private final Clock clock;
  private final Map<Part, Age> ages = new EnumMap<>(Part.class);
  private final AtomicReference<EnginePicture> picture = new AtomicReference<>(EnginePicture.EMPTY);
  private final Set<String> outdatedHosts = ConcurrentHashMap.newKeySet();
  private final MirroredVms vms;

  public EngineMirror(EngineReader reader, Clock clock) {
    this.reader = reader;
    this.clock = clock;
    this.vms = new MirroredVms(reader, clock);
    for (Part part : Part.values()) {
      ages.put(part, new Age());
    }
  }

  /** What is known now. Never waits. */
  public EnginePicture picture() {
    return picture.get();
  }

  /** Has some parts read again when they are next needed. Never waits. */
  public void outdate(Set<Part> parts) {
    parts.forEach(part -> ages.get(part).outdated.incrementAndGet());
  }

  /**
   * The picture with some parts as they are now, as far as events tell.
   *
   * @param maxAge a part is also read if it was last read this long ago
   * @throws EngineException if the engine gives no usable answer; parts read before are kept
   */
  public EnginePicture read(Set<Part> parts, Duration maxAge) {
    parts.forEach(part -> read(part, maxAge));
    return picture();
  }

  private void read(Part part, Duration maxAge) {
    Age age = ages.get(part);
    synchronized (age) {
      if (!age.isOutdated() && !isOlder(picture().readAt(part), maxAge)) {
        if (part == Part.VMS) {
          vms.readOutdated(picture().vms())
              .ifPresent(now -> picture.updateAndGet(known -> known.withVms(now)));
        }
        return;
      }
      // First, so that what is called outdated while reading is read once more.
      long outdated = age.outdated.get();
      UnaryOperator<EnginePicture> news = read(part, clock.instant());
      picture.updateAndGet(news);
      age.read = outdated;
    }
  }

  /** Also where the clock was set back since, which would put the next look off for as long. */
  private boolean isOlder(Optional<Instant> readAt, Duration maxAge) {
    Instant now = clock.instant();
    return readAt
        .filter(at -> !now.isBefore(at) && Duration.between(at, now).compareTo(maxAge) < 0)
        .isEmpty();
  }

  private UnaryOperator<EnginePicture> read(Part part, Instant at) {
    return switch (part) {
      case NETWORKS -> {
        var read = reader.networks();
        yield known -> known.withNetworks(read, at);
      }
      case CLUSTERS -> {
        var read = reader.clusters();
        yield known -> known.withClusters(read, at);
      }
      case PROFILES -> {
        var read = reader.profiles();
        yield known -> known.withProfiles(read, at);
      }
      case HOSTS -> {
        var read = reader.hosts();
        yield known -> known.withHosts(read, at);
      }
      case EXEMPT_VMS -> {
        var read = reader.saidToBeExempt();
        yield known -> known.withExemptVms(read, at);
      }
      case VMS -> {
        var read = vms.readAll(picture().vms());
        yield known -> known.withVms(read, at);
      }
    };
  }

  /**
   * The VMs are read whole no oftener than this: a minute, and six seconds for each hundred of
   * them, which is a request, so that they cost ten requests a minute however many there are. What
   * events name is read at once all the same.
   */
  public Duration restOfVms() {
    Duration pages = Duration.ofSeconds(6).multipliedBy(picture().vms().size() / Vnics.PAGE);
    return pages.compareTo(SHORTEST_REST_OF_VMS) > 0 ? pages : SHORTEST_REST_OF_VMS;
  }

  /** Ids of the known hosts whose hooks and networks are outdated, or were read this long ago. */
  public List<String> outdatedHosts(Duration maxAge) {
    EnginePicture known = picture();
    outdatedHosts.retainAll(known.hosts().keySet());
    return known.hosts().values().stream()
        .filter(
            host ->
                outdatedHosts.contains(host.host().id())
                    || isOlder(host.details().map(HostDetails::readAt), maxAge))
        .map(host -> host.host().id())
        .toList();
  }

  /**
   * Reads a host's hooks and networks, in two requests. A host for which the engine refuses an
   * answer is one that reports nothing; where it gives none, what is known stays, and ages.
   */
  public void readDetails(String hostId) {
    boolean named = outdatedHosts.remove(hostId);
    Instant at = clock.instant();
    try {
      HostDetails read = details(hostId, at);
      picture.updateAndGet(known -> known.withDetails(hostId, read));
    } catch (RuntimeException e) {
      if (named) {
        // What changed on it is not known yet, and its event does not come again.
        outdatedHosts.add(hostId);
      }
      throw e;
    }
  }

  private HostDetails details(String hostId, Instant at) {
    try {
      return new HostDetails(reader.hooks(hostId), reader.attachments(hostId), at);
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.REFUSED) {
        throw e;
      }
      LOG.log(
          Level.WARNING,
          "The engine refuses hooks and networks of host {0}: {1}",
          new Object[] {hostId, e.getMessage()});
      return new HostDetails(List.of(), List.of(), at);
    }
  }

  @Override
  public void happened(List<AuditEvent> events) {
    events.forEach(this::happened);
  }

  private void happened(AuditEvent event) {
    Optional<EventSubject> subject = EventSubject.of(event.code());
    outdate(subject.map(EngineMirror::partsOf).orElse(Set.of()));
    if (subject.filter(EventSubject.ENGINE::equals).isPresent()) {
      outdatedHosts.addAll(picture().hosts().keySet());
    }
    if (subject.filter(OF_VMS::contains).isPresent()) {
      event.vmId().ifPresentOrElse(vms::outdate, () -> outdate(EnumSet.of(Part.VMS)));
    }
    if (subject.filter(OF_VMS::contains).isPresent()
        && event.vmId().filter(picture().exemptVms()::containsKey).isPresent()) {
      outdate(EnumSet.of(Part.EXEMPT_VMS));
    }
    if (event.vmId().isEmpty()) {
      // A VM's events name its host too, but say nothing of it.
      event
          .hostId()
          .ifPresent(
              host -> {
                outdatedHosts.add(host);
                outdate(EnumSet.of(Part.HOSTS));
              });
    }
  }

  @Override
  public void lostTrack() {
    outdatedHosts.addAll(picture().hosts().keySet());
    outdate(EnumSet.allOf(Part.class));
  }

  private static Set<Part> partsOf(EventSubject subject) {
    return switch (subject) {
      case NETWORK -> EnumSet.of(Part.NETWORKS, Part.PROFILES, Part.CLUSTERS);
      case CLUSTER_NETWORK, CLUSTER -> EnumSet.of(Part.CLUSTERS);
      case PROFILE -> EnumSet.of(Part.PROFILES);
      case ENGINE -> EnumSet.allOf(Part.class);
      case SCHEDULING_POLICY, PERMISSION, VM, VNIC, SNAPSHOT -> EnumSet.noneOf(Part.class);
    };
  }
}
