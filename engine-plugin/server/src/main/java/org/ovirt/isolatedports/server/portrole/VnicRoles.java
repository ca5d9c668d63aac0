// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.portrole;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.caller.EditRights;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.inventory.Port;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.server.policies.PolicyPlaces;
import org.ovirt.isolatedports.server.roles.RoleStore;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.roles.RolesChanged;

/**
 * Roles of single vNICs. Whoever sees the VM may read one; a role decides whom the vNIC reaches on
 * the network, so it takes the right to edit the network to write it.
 */
@ApplicationScoped
public class VnicRoles {

  private static final Set<String> FIELDS =
      Set.of("href", "role", "profile_role", "effective", "network", "state", "description");
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;

  private final RoleStore store;
  private final RoleProgress progress;
  private final OwnEntities entities;
  private final EditRights rights;
  private final PolicyPlaces places;
  private final JsonEngine engine;
  private final Event<RolesChanged> changed;

  @Inject
  VnicRoles(
      RoleStore store,
      RoleProgress progress,
      OwnEntities entities,
      EditRights rights,
      PolicyPlaces places,
      JsonEngine engine,
      Event<RolesChanged> changed) {
    this.store = store;
    this.progress = progress;
    this.entities = entities;
    this.rights = rights;
    this.places = places;
    this.engine = engine;
    this.changed = changed;
  }

  /** A vNIC as the engine shows it to the caller, and where it is. */
  private record Shown(
      String vm,
      String vnic,
      String name,
      boolean onProfile,
      Optional<CallersNetworks.Shown> network,
      Optional<String> profileRole) {

    /** Its network, which decides who may change anything. */
    CallersNetworks.Shown mustBeOn(String action) {
      return network.orElseThrow(
          () ->
              onProfile
                  ? EditRights.forbidden()
                  : FaultException.operationFailed(
                      CONFLICT, action + ". It is on no network; put it on one first."));
    }

    EntityRef ref() {
      return EntityRef.of(Kind.VNIC_ROLE, "/vms/" + vm + "/nics/" + vnic + "/role", vnic);
    }

    UUID vnicId() {
      return UUID.fromString(vnic);
    }
  }

  /** The role of a vNIC, and what its host does about it. */
  Response get(Exchange exchange, String vm, String vnic) {
    exchange.onlyParameters(Set.of());
    return withReadable(
        exchange, vm, vnic, shown -> answer(exchange, shown, progress.now(shown.vnic())));
  }

  /** Gives a vNIC a role over its profile's. */
  Response set(Exchange exchange, String vm, String vnic, byte[] body) {
    exchange.onlyParameters(Set.of());
    ApiBody asked = exchange.asked(body, Kind.VNIC_ROLE);
    return withReadable(
        exchange,
        vm,
        vnic,
        shown -> {
          String action = "Cannot edit Role of vNIC " + shown.name();
          CallersNetworks.Shown network = shown.mustBeOn(action);
          UUID user = rights.checkedUser(exchange.token(), network.id(), network.dataCenter());
          OwnEntities.onlyKnown(asked, FIELDS, action);
          String role = role(asked, action);
          places.check(network, action);
          requireOrdinary(exchange, shown, action);
          exchange.answerFormat();
          return entities.change(
              exchange,
              shown.ref(),
              "Role of vNIC " + shown.name(),
              () -> {
                store.set(
                    shown.vnicId(),
                    UUID.fromString(vm),
                    new Roles.Given(network.id(), role),
                    user.toString());
                return changed(exchange, shown, has(role));
              });
        });
  }

  /** Takes a vNIC its role, so that its profile's counts again. */
  Response remove(Exchange exchange, String vm, String vnic) {
    exchange.onlyParameters(Set.of());
    return withReadable(
        exchange,
        vm,
        vnic,
        shown -> {
          CallersNetworks.Shown network =
              shown.mustBeOn("Cannot remove Role of vNIC " + shown.name());
          rights.checkedUser(exchange.token(), network.id(), network.dataCenter());
          exchange.answerFormat();
          return entities.change(
              exchange,
              shown.ref(),
              "Role of vNIC " + shown.name(),
              () -> {
                Optional<Roles.Given> before = store.of(shown.vnicId());
                if (before.isEmpty()) {
                  throw new NotFoundException();
                }
                store.remove(shown.vnicId());
                return changed(
                    exchange, shown, shown.profileRole().map(VnicRoles::has).orElse(port -> true));
              });
        });
  }

  private Response changed(Exchange exchange, Shown shown, Predicate<Port> isTakenUp) {
    entities.written(shown.ref());
    changed.fire(new RolesChanged());
    return answer(exchange, shown, progress.ofVnic(shown.vnic(), isTakenUp));
  }

  private static Predicate<Port> has(String role) {
    return port -> Optional.of(port.nic().role()).equals(PortRole.parse(role));
  }

  private static String role(ApiBody asked, String action) {
    return asked
        .text("role")
        .flatMap(PortRole::parse)
        .map(PortRole::toString)
        .orElseThrow(
            () ->
                FaultException.operationFailed(
                    BAD_REQUEST,
                    action
                        + ". The role must be "
                        + PortRole.SYNTAX
                        + "; remove it for that of the vNIC profile."));
  }

  /** The ports of the engine's own VM, and of those that it does not manage, are not ours. */
  private void requireOrdinary(Exchange exchange, Shown shown, String action) {
    VmKind kind =
        engine
            .find(exchange.token(), "/vms/" + shown.vm())
            .flatMap(vm -> vm.text("origin"))
            .map(VmKind::ofOrigin)
            .orElse(VmKind.ORDINARY);
    if (kind != VmKind.ORDINARY) {
      throw FaultException.operationFailed(
          CONFLICT,
          action
              + ". It is of "
              + (kind == VmKind.EXTERNAL
                  ? "a VM that was started without the engine, which does not manage it."
                  : "the VM in which the engine runs, whose ports are never closed."));
    }
  }

  private Response withReadable(
      Exchange exchange, String vm, String vnic, Function<Shown, Response> answer) {
    return exchange.withReadable(
        "/vms/" + vm + "/nics/" + vnic,
        Kind.NIC,
        nic -> answer.apply(shown(exchange, vm, vnic, nic)));
  }

  private static Shown shown(Exchange exchange, String vm, String vnic, ApiBody nic) {
    Optional<ApiBody> profile =
        nic.child("vnic_profile")
            .map(EntityParser::id)
            .flatMap(id -> exchange.find("/vnicprofiles/" + id, Kind.VNIC_PROFILE));
    Optional<CallersNetworks.Shown> network =
        profile
            .flatMap(found -> found.child("network"))
            .map(EntityParser::id)
            .flatMap(id -> exchange.find("/networks/" + id, Kind.NETWORK))
            .map(
                body ->
                    new CallersNetworks.Shown(
                        EntityParser.uuid(body), body.text("name").orElse(""), body));
    return new Shown(
        vm,
        vnic,
        nic.text("name").orElse(vnic),
        nic.has("vnic_profile"),
        network,
        profile.flatMap(EntityParser::portRole));
  }

  private Response answer(Exchange exchange, Shown shown, Optional<RoleProgress.Progress> now) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", exchange.base() + shown.ref().path().substring(1));
    store
        .of(shown.vnicId())
        .filter(given -> shown.network().filter(n -> n.id().equals(given.networkId())).isPresent())
        .ifPresent(given -> tree.put("role", given.role()));
    shown.profileRole().ifPresent(role -> tree.put("profile_role", role));
    shown
        .network()
        .ifPresent(network -> tree.put("network", Map.of("id", network.id().toString())));
    now.ifPresentOrElse(
        found -> {
          tree.put("effective", found.role());
          tree.put("state", found.state().text());
          tree.put("description", found.description());
        },
        () -> {
          tree.put("state", RoleProgress.State.UNKNOWN.text());
          tree.put("description", "No ruleset has the vNIC yet.");
        });
    return entities.answer(exchange, shown.ref(), OK, tree);
  }
}
