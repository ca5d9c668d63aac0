// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/**
 * The engine as last read, by id, in the engine's order. Immutable; a newer one takes its place.
 * Its parts may have been read some time apart, {@link #readAt} says when.
 *
 * @param networks all networks, also those of no data center
 * @param clusters all clusters with the networks attached to them
 * @param profiles the vNIC profiles of networks; who may use them is not in it
 * @param hosts all hosts
 * @param exemptVms the VMs that call themselves hosted-engine or external VMs, with their vNICs
 * @param vms all VMs with their vNICs
 * @param readAt when reading each part began; a part that was never read is not in it
 */
public record EnginePicture(
    Map<UUID, Network> networks,
    Map<String, WatchedCluster> clusters,
    Map<String, WatchedProfile> profiles,
    Map<String, HostPicture> hosts,
    Map<String, WatchedVm> exemptVms,
    Map<String, VmWithVnics> vms,
    Map<Part, Instant> readAt) {

  /** What is read by itself. */
  public enum Part {
    NETWORKS,
    CLUSTERS,
    PROFILES,
    HOSTS,
    EXEMPT_VMS,
    VMS
  }

  /**
   * A host.
   *
   * @param host what the list of hosts says of it
   * @param details the rest; empty until it was read
   */
  public record HostPicture(WatchedHost host, Optional<HostDetails> details) {}

  /**
   * What takes requests of its own to learn of a host.
   *
   * @param hooks the hooks it reports
   * @param attachments the networks attached to it
   * @param readAt when that was read
   */
  public record HostDetails(
      List<ReportedHook> hooks, List<HostAttachment> attachments, Instant readAt) {

    public HostDetails {
      hooks = List.copyOf(hooks);
      attachments = List.copyOf(attachments);
    }
  }

  /** Nothing was read yet. */
  public static final EnginePicture EMPTY =
      new EnginePicture(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

  public EnginePicture {
    networks = Collections.unmodifiableMap(networks);
    clusters = Collections.unmodifiableMap(clusters);
    profiles = Collections.unmodifiableMap(profiles);
    hosts = Collections.unmodifiableMap(hosts);
    exemptVms = Collections.unmodifiableMap(exemptVms);
    vms = Collections.unmodifiableMap(vms);
    readAt = Collections.unmodifiableMap(readAt);
  }

  /** When a part was last read; empty if it never was. */
  public Optional<Instant> readAt(Part part) {
    return Optional.ofNullable(readAt.get(part));
  }

  /** When that of some parts was read which was read longest ago; empty if one never was. */
  public Optional<Instant> oldestOf(Set<Part> parts) {
    return readAt.keySet().containsAll(parts)
        ? parts.stream().map(readAt::get).min(Instant::compareTo)
        : Optional.empty();
  }

  /** Whether another picture is the same, but for when one part was read. */
  public boolean isSameButForTheAgeOf(Part part, EnginePicture other) {
    return equals(
        new EnginePicture(
            other.networks,
            other.clusters,
            other.profiles,
            other.hosts,
            other.exemptVms,
            other.vms,
            readAt(part).map(at -> other.at(part, at)).orElse(other.readAt)));
  }

  /** The picture as it is for whoever does not look at the list of all VMs. */
  public EnginePicture withoutVms() {
    Map<Part, Instant> ages = new HashMap<>(readAt);
    ages.remove(Part.VMS);
    return new EnginePicture(networks, clusters, profiles, hosts, exemptVms, Map.of(), ages);
  }

  private Map<Part, Instant> at(Part part, Instant at) {
    Map<Part, Instant> all = new EnumMap<>(Part.class);
    all.putAll(readAt);
    all.put(part, at);
    return all;
  }

  EnginePicture withNetworks(List<Network> read, Instant at) {
    return new EnginePicture(
        byId(read, Network::id), clusters, profiles, hosts, exemptVms, vms, at(Part.NETWORKS, at));
  }

  EnginePicture withClusters(List<WatchedCluster> read, Instant at) {
    return new EnginePicture(
        networks,
        byId(read, each -> each.cluster().id()),
        profiles,
        hosts,
        exemptVms,
        vms,
        at(Part.CLUSTERS, at));
  }

  EnginePicture withProfiles(List<WatchedProfile> read, Instant at) {
    return new EnginePicture(
        networks,
        clusters,
        byId(read, WatchedProfile::id),
        hosts,
        exemptVms,
        vms,
        at(Part.PROFILES, at));
  }

  /** The list of hosts; what else is known of those in it stays. */
  EnginePicture withHosts(List<WatchedHost> read, Instant at) {
    Map<String, HostPicture> now = new LinkedHashMap<>();
    for (WatchedHost host : read) {
      now.putIfAbsent(
          host.id(),
          new HostPicture(
              host, Optional.ofNullable(hosts.get(host.id())).flatMap(HostPicture::details)));
    }
    return new EnginePicture(networks, clusters, profiles, now, exemptVms, vms, at(Part.HOSTS, at));
  }

  /** The rest of a host; nothing changes if the host is not in the list any more. */
  EnginePicture withDetails(String hostId, HostDetails read) {
    Map<String, HostPicture> now = new LinkedHashMap<>(hosts);
    now.computeIfPresent(hostId, (id, host) -> new HostPicture(host.host(), Optional.of(read)));
    return new EnginePicture(networks, clusters, profiles, now, exemptVms, vms, readAt);
  }

  EnginePicture withExemptVms(List<WatchedVm> read, Instant at) {
    return new EnginePicture(
        networks,
        clusters,
        profiles,
        hosts,
        byId(read, WatchedVm::id),
        vms,
        at(Part.EXEMPT_VMS, at));
  }

  EnginePicture withVms(Map<String, VmWithVnics> now, Instant at) {
    return new EnginePicture(networks, clusters, profiles, hosts, exemptVms, now, at(Part.VMS, at));
  }

  /** Some VMs read anew by themselves; the age of all is that of the oldest. */
  EnginePicture withVms(Map<String, VmWithVnics> now) {
    return new EnginePicture(networks, clusters, profiles, hosts, exemptVms, now, readAt);
  }

  /** What the engine lists twice, as it may while it changes between two pages, counts once. */
  private static <K, V> Map<K, V> byId(List<V> read, Function<V, K> id) {
    Map<K, V> all = new LinkedHashMap<>();
    read.forEach(each -> all.putIfAbsent(id.apply(each), each));
    return all;
  }
}
