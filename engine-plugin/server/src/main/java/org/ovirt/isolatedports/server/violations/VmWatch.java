// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.violations.Guard.Part;

/**
 * The VMs that the guard looks at: those in clusters for which the level gate is closed, and those
 * that run on hosts which cannot enforce port isolation. Elsewhere no VM is ever read.
 *
 * <p>{@link #watchesHosts} is called by any thread, the rest by the guard's.
 */
final class VmWatch {

  private final EngineReader reader;
  private final Map<String, WatchedVm> vms = new HashMap<>();
  private Optional<LevelGate> lastGate = Optional.empty();

  /** VMs that an event named: it may have come before what it tells of was to be read. */
  private Set<String> secondLook = Set.of();

  /** The hosts whose VMs were read, names by id. */
  private volatile Map<String, String> hosts = Map.of();

  VmWatch(EngineReader reader) {
    this.reader = reader;
  }

  /** The VMs as last read. */
  List<WatchedVm> all() {
    return List.copyOf(vms.values());
  }

  void clear() {
    vms.clear();
    secondLook = Set.of();
    hosts = Map.of();
  }

  /**
   * Whether VMs of hosts are watched: then each event of a VM says to look at it, as it may have
   * come to such a host by a start, a migration or a resume.
   */
  boolean watchesHosts() {
    return !hosts.isEmpty();
  }

  /** Whether other hosts than those whose VMs were read are unfit now. */
  boolean isOutdated(Map<String, String> unfit) {
    return !unfit.equals(hosts);
  }

  /**
   * Reads what has to be read.
   *
   * @param parts with VMs all of them, else single ones; with clusters, which are read at each
   *     poll, those of the last poll a second time
   * @param single VMs that events have named since
   * @param gate the level gate; the last one goes on where it cannot be read
   * @param unfit the hosts that cannot enforce port isolation, names by id
   */
  void read(
      Set<Part> parts,
      Set<String> single,
      List<WatchedCluster> clusters,
      Optional<LevelGate> gate,
      Map<String, String> unfit) {
    Optional<LevelGate> known = gate.or(() -> lastGate);
    Map<String, WatchedCluster> closed =
        clusters.stream()
            .filter(
                cluster ->
                    known
                        .filter(
                            each -> !UnknownIsUnsafe.levelIsOpen(cluster.cluster().level(), each))
                        .isPresent())
            .collect(Collectors.toMap(cluster -> cluster.cluster().id(), cluster -> cluster));
    Predicate<WatchedVm> matters =
        vm ->
            closed.containsKey(vm.clusterId())
                || vm.hostId().filter(unfit::containsKey).isPresent();
    Set<String> named = new HashSet<>(single);
    named.addAll(secondLook);
    boolean polls = parts.contains(Part.CLUSTERS);
    if (parts.contains(Part.VMS) || !known.equals(lastGate) || isOutdated(unfit)) {
      Map<String, WatchedVm> read = new HashMap<>();
      closed
          .values()
          .forEach(cluster -> reader.vms(cluster.cluster()).forEach(vm -> read.put(vm.id(), vm)));
      unfit.forEach((id, name) -> reader.vmsOn(id, name).forEach(vm -> read.put(vm.id(), vm)));
      vms.clear();
      vms.putAll(read);
      lastGate = known;
      hosts = Map.copyOf(unfit);
    } else if (!closed.isEmpty() || !unfit.isEmpty()) {
      for (String id : polls ? named : single) {
        vms.remove(id);
        reader.vm(id).filter(matters).ifPresent(vm -> vms.put(vm.id(), vm));
      }
    }
    vms.values().removeIf(matters.negate());
    secondLook = Set.copyOf(polls ? single : named);
  }
}
