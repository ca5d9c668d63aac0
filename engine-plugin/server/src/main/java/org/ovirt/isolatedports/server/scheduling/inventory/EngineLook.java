// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.Vnics;

/** Looks at single VMs with the service account, and writes to the engine's event log. */
public final class EngineLook implements EngineView {

  /**
   * Origin of the scheduler's events; with a custom id it must be unique in the engine's event log.
   * Not the guard's: the numbers of that one come from the database, and one that was taken by
   * chance here would pass for brought there.
   */
  static final String ORIGIN = "isolated-ports";

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
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("origin", ORIGIN);
    event.put("custom_id", ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE));
    event.put("severity", line.severity().name().toLowerCase(Locale.ROOT));
    event.put("description", line.text());
    line.vmId().ifPresent(id -> event.putObject("vm").put("id", id));
    ApiBody unused = engine.add("/events", event.toString());
  }
}
