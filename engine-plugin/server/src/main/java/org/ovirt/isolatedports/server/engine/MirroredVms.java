// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.inventory.VmWithVnics;

/**
 * How the mirror reads VMs: those that events name one by one, and all of them by pages now and
 * then. Its reading methods are called by one thread at a time.
 */
final class MirroredVms {

  /** More than so many are read by their pages instead: as many requests as 2,000 VMs take. */
  private static final int SINGLE_VMS = 20;

  private static final int MISSING_VMS = 100;

  private final EngineReader reader;
  private final Clock clock;
  private final Set<String> outdated = ConcurrentHashMap.newKeySet();
  private final Map<String, Instant> secondLooks = new ConcurrentHashMap<>();

  MirroredVms(EngineReader reader, Clock clock) {
    this.reader = reader;
    this.clock = clock;
  }

  /**
   * Has a VM read again when VMs are next needed, and once more a little later, as an event may
   * come before what it tells of can be read. Any thread may call this.
   */
  void outdate(String vmId) {
    outdated.add(vmId);
    secondLooks.put(vmId, clock.instant().plus(EngineMirror.SECOND_LOOK));
  }

  /**
   * The VMs with those that events named as they are now; empty if events named none.
   *
   * @param known all VMs as they were known
   */
  Optional<Map<String, VmWithVnics>> readOutdated(Map<String, VmWithVnics> known) {
    Instant now = clock.instant();
    secondLooks.forEach(
        (id, at) -> {
          if (!now.isBefore(at) && secondLooks.remove(id, at)) {
            outdated.add(id);
          }
        });
    List<String> ids = List.copyOf(outdated);
    if (ids.isEmpty()) {
      return Optional.empty();
    }
    if (ids.size() > SINGLE_VMS) {
      return Optional.of(readAll(known));
    }
    Map<String, VmWithVnics> all = new LinkedHashMap<>(known);
    for (String id : ids) {
      // First, so that what is called outdated while it is read is read once more.
      outdated.remove(id);
      try {
        reader.placedVm(id).ifPresentOrElse(vm -> all.put(id, vm), () -> all.remove(id));
      } catch (RuntimeException e) {
        outdated.addAll(ids);
        throw e;
      }
    }
    return Optional.of(all);
  }

  /**
   * All VMs. One that was known and is missing is asked for by itself before it counts as gone:
   * pages shift while VMs are renamed, added and removed. Of many that are missing, some are asked
   * for each time, and the others stay.
   *
   * @param known all VMs as they were known
   */
  Map<String, VmWithVnics> readAll(Map<String, VmWithVnics> known) {
    List<String> ids = List.copyOf(outdated);
    outdated.removeAll(ids);
    try {
      Map<String, VmWithVnics> now = new LinkedHashMap<>();
      reader.placedVms().forEach(vm -> now.put(vm.id(), vm));
      List<VmWithVnics> missing =
          known.values().stream().filter(vm -> !now.containsKey(vm.id())).toList();
      missing.stream().skip(MISSING_VMS).forEach(vm -> now.put(vm.id(), vm));
      missing.stream()
          .limit(MISSING_VMS)
          .forEach(vm -> reader.placedVm(vm.id()).ifPresent(read -> now.put(vm.id(), read)));
      return now;
    } catch (RuntimeException e) {
      outdated.addAll(ids);
      throw e;
    }
  }
}
