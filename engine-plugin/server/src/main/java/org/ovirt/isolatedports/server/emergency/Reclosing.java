// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.emergency;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.server.violations.Guard;

/**
 * Closes a network that was opened: its profiles carry the property again, and every vNIC that may
 * have come up without it is updated, which makes the host isolate it. The engine itself tells a
 * running VM nothing of a changed profile.
 *
 * <p>For one network; called again and again until nothing is left. Whatever it did it may do
 * again, so nothing of it is stored.
 */
public final class Reclosing {

  /** In this state the engine hands an update to the host; in any other it may not. */
  private static final String UP = "up";

  private static final String SUSPENDED = "suspended";

  private final ServiceEngine engine;
  private final Guard.Aligner aligner;
  private final String network;
  private final Set<String> updated = new HashSet<>();

  public Reclosing(ServiceEngine engine, Guard.Aligner aligner, UUID network) {
    this.engine = engine;
    this.aligner = aligner;
    this.network = network.toString();
  }

  /**
   * Closes what can be closed now.
   *
   * @return what may still be open, and what would close it
   * @throws EngineException if the engine gives no usable answer, or refuses the property
   */
  List<Left> close() {
    Set<String> profiles = closedProfiles();
    List<Left> left = new ArrayList<>();
    for (Vnics.Vnic vnic : Vnics.onProfiles(engine, profiles)) {
      if (vnic.plugged() && !vnic.isOfStoppedVm() && !updated.contains(vnic.id())) {
        close(vnic).map(text -> new Left(Optional.of(vnic.vmId()), text)).ifPresent(left::add);
      }
    }
    return left;
  }

  /** The network's profiles, all of which have the property. */
  private Set<String> closedProfiles() {
    List<ApiBody> profiles = profiles();
    if (profiles.stream().anyMatch(Reclosing::lacksProperty)) {
      // What was updated before may have been without it.
      updated.clear();
      aligner.align(network);
      profiles = profiles();
      if (profiles.stream().anyMatch(Reclosing::lacksProperty)) {
        throw new EngineException(
            EngineException.Kind.GARBAGE,
            "The oVirt engine shows a vNIC profile without the property that was just set.");
      }
    }
    Set<String> ids = new HashSet<>();
    profiles.forEach(profile -> profile.text("id").ifPresent(ids::add));
    return ids;
  }

  private List<ApiBody> profiles() {
    return engine.read("/networks/" + network + "/vnicprofiles").items("vnic_profile");
  }

  private static boolean lacksProperty(ApiBody profile) {
    return EntityParser.passThrough(profile) != Stated.YES
        && EntityParser.portRole(profile).isEmpty();
  }

  private Optional<String> close(Vnics.Vnic vnic) {
    String name = "vNIC " + vnic.name() + " of VM " + vnic.vmName();
    if (vnic.vmStatus().equals(SUSPENDED)) {
      return Optional.of(
          name
              + " may come up open when the suspended VM is resumed; it is updated then. Shut the"
              + " VM down to be sure.");
    }
    try {
      // The change of nothing: the engine sends the whole vNIC to the host, with its property.
      ApiBody unused =
          engine.update(
              "/vms/" + vnic.vmId() + "/nics/" + vnic.id(), "{\"linked\":" + vnic.linked() + "}");
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.REFUSED) {
        throw e;
      }
      return Optional.of(
          name
              + " may be open still: the oVirt engine refused its update ("
              + e.getMessage()
              + "). It is tried again; unplugging the vNIC or shutting the VM down closes it as"
              + " well.");
    }
    if (!vnic.vmStatus().equals(UP)) {
      return Optional.of(
          name + " may be open still: the VM is " + vnic.vmStatus() + ". It is tried again.");
    }
    updated.add(vnic.id());
    return Optional.empty();
  }
}
