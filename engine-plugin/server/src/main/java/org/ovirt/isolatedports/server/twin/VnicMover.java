// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.server.http.EntityLocks;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.EntityVersions;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.vm.Nics;
import org.ovirt.isolatedports.twin.VnicMove;

/**
 * Puts chosen vNICs on the twin's profiles, or back, as the caller. What is not done when the time
 * for one request is over waits for the next one: nobody else has the caller's rights.
 */
@ApplicationScoped
class VnicMover {

  private static final int CONFLICT = 409;
  private static final Duration BUDGET = Duration.ofSeconds(10);

  private final MovingIns store;
  private final JsonEngine engine;
  private final EntityLocks locks;
  private final EntityVersions versions;
  private final Nics nics;

  @Inject
  VnicMover(
      MovingIns store, JsonEngine engine, EntityLocks locks, EntityVersions versions, Nics nics) {
    this.store = store;
    this.engine = engine;
    this.locks = locks;
    this.versions = versions;
    this.nics = nics;
  }

  /**
   * Moves what was chosen for one way, and is not there yet.
   *
   * @param network the network that has a twin
   * @param user the REST id of the caller's user: what others chose waits for their own rights
   * @param back whether it is the way back
   * @param all the vNICs on both networks
   * @throws EngineException if the engine gives no usable answer; what was moved stays
   */
  void move(
      Exchange exchange,
      UUID network,
      UUID user,
      boolean back,
      VnicMove way,
      List<Vnics.Vnic> all) {
    long begin = System.nanoTime();
    Map<String, Vnics.Vnic> byId =
        all.stream().collect(Collectors.toMap(Vnics.Vnic::id, Function.identity(), (a, b) -> a));
    for (Map.Entry<String, MovingIns.Chosen> chosen : store.chosen(network).entrySet()) {
      Vnics.Vnic vnic = byId.get(chosen.getKey());
      if (vnic == null || chosen.getValue().back() != back || !chosen.getValue().isOf(user)) {
        continue;
      }
      if (System.nanoTime() - begin > BUDGET.toNanos()) {
        return;
      }
      Optional<String> refusal = move(exchange, way, vnic, back);
      if (refusal.isPresent()) {
        store.refused(network, vnic.id(), back, refusal.get(), user);
      } else {
        store.arrived(network, vnic.id(), back, user);
      }
    }
  }

  /** Why a vNIC cannot be moved; empty if it is where it should be. */
  private Optional<String> move(Exchange exchange, VnicMove way, Vnics.Vnic vnic, boolean back) {
    VnicMove.Step step =
        way.step(
            new VnicMove.Vnic(
                vnic.name(),
                vnic.vmName(),
                vnic.vmStatus(),
                vnic.cluster(),
                vnic.host(),
                vnic.profile().orElse(""),
                vnic.plugged() && !vnic.isOfStoppedVm()));
    if (step instanceof VnicMove.Step.Refused refused) {
      return Optional.of(refused.why());
    }
    if (step instanceof VnicMove.Step.Put put) {
      try {
        put(exchange, vnic, put.profile(), back);
      } catch (FaultException e) {
        return Optional.of(withoutBrackets(e.getMessage()));
      } catch (EngineException e) {
        if (e.kind() != EngineException.Kind.REFUSED) {
          throw e;
        }
        return Optional.of(withoutBrackets(e.getMessage()));
      }
    }
    return Optional.empty();
  }

  private static String withoutBrackets(String detail) {
    return detail.startsWith("[") && detail.endsWith("]")
        ? detail.substring(1, detail.length() - 1)
        : detail;
  }

  private void put(Exchange exchange, Vnics.Vnic vnic, String profile, boolean back) {
    EntityRef ref =
        EntityRef.of(
            Kind.NIC, "/vms/" + vnic.vmId() + "/nics/" + vnic.id(), vnic.vmId(), vnic.id());
    ApiBody unused = locks.exclusively(ref.key(), () -> put(exchange, ref, vnic, profile, back));
  }

  private ApiBody put(
      Exchange exchange, EntityRef ref, Vnics.Vnic vnic, String profile, boolean back) {
    ApiBody now = engine.read(exchange.token(), ref.path());
    if (!now.child("vnic_profile").flatMap(link -> link.text("id")).equals(vnic.profile())) {
      throw FaultException.operationFailed(
          CONFLICT,
          "vNIC "
              + vnic.name()
              + " of VM "
              + vnic.vmName()
              + " was put on another profile in this very moment. Call the step again.");
    }
    if (!back) {
      nics.checkMayJoin(exchange, vnic.vmId(), profile, now);
    }
    ApiBody after =
        engine.update(
            exchange.token(), ref.path(), "{\"vnic_profile\":{\"id\":\"" + profile + "\"}}");
    versions.count(ref.key());
    return after;
  }
}
