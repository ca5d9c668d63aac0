// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.ExternalEvent;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.Vnics;

/** Looks at single VMs with the service account, and writes to the engine's event log. */
public final class EngineLook implements EngineView {

  private static final int BAD_REQUEST = 400;

  private final ServiceEngine engine;

  public EngineLook(ServiceEngine engine) {
    this.engine = engine;
  }

  @Override
  public Optional<VmNics> vm(String id, boolean withNetworks) {
    String follow = withNetworks ? "nics.vnic_profile.network" : "nics";
    return engine.find("/vms/" + id + "?follow=" + follow).map(vm -> vm(vm, withNetworks));
  }

  private VmNics vm(ApiBody vm, boolean withNetworks) {
    List<VmNics.Nic> nics =
        Vnics.nics(engine, vm).stream()
            .map(
                nic ->
                    new VmNics.Nic(
                        nic.child("vnic_profile").map(EntityParser::id),
                        withNetworks ? EntityParser.place(nic) : Optional.empty()))
            .toList();
    return new VmNics(
        EntityParser.id(vm),
        vm.text("name").orElse(""),
        vm.child("cluster").map(EntityParser::id).orElse(""),
        EntityParser.kind(vm),
        nics);
  }

  @Override
  public void post(EngineEvent line) {
    try {
      add(line);
    } catch (EngineException e) {
      if (e.engineStatus() != BAD_REQUEST) {
        throw e;
      }
      // The custom id may be taken: a repeated one is refused with 400.
      add(line);
    }
  }

  private void add(EngineEvent line) {
    ExternalEvent event =
        new ExternalEvent(
            ExternalEvent.idByChance(),
            line.severity().name().toLowerCase(Locale.ROOT),
            line.text());
    ExternalEvent linked = line.vmId().map(id -> event.about("vm", id)).orElse(event);
    ApiBody unused = engine.add("/events", linked.json());
  }
}
