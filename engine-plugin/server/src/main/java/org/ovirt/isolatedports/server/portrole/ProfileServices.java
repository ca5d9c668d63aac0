// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.portrole;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.Permissions;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.server.roles.RolesChanged;
import org.ovirt.isolatedports.server.roles.ServingProfiles;

/**
 * Which vNIC profiles are for routers and DHCP servers. Whoever sees a profile may read it; it
 * takes the right to edit its network to change it.
 */
@ApplicationScoped
public class ProfileServices {

  private static final String FIELD = "router_and_dhcp";
  private static final Set<String> FIELDS = Set.of("href", FIELD);
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;

  private final ServingProfiles store;
  private final OwnEntities entities;
  private final CallersNetworks networks;
  private final Permissions permissions;
  private final Event<RolesChanged> changed;

  @Inject
  ProfileServices(
      ServingProfiles store,
      OwnEntities entities,
      CallersNetworks networks,
      Permissions permissions,
      Event<RolesChanged> changed) {
    this.store = store;
    this.entities = entities;
    this.networks = networks;
    this.permissions = permissions;
    this.changed = changed;
  }

  /** Whether vNICs of a profile may be routers and DHCP servers. */
  Response get(Exchange exchange, String id) {
    exchange.onlyParameters(Set.of());
    return exchange.withReadable(path(id), Kind.VNIC_PROFILE, profile -> answer(exchange, id));
  }

  /** Says whether they may. */
  Response set(Exchange exchange, String id, byte[] body) {
    exchange.onlyParameters(Set.of());
    ApiBody asked = exchange.asked(body, Kind.PROFILE_SERVICES);
    return exchange.withReadable(
        path(id), Kind.VNIC_PROFILE, profile -> set(exchange, id, profile, asked));
  }

  private Response set(Exchange exchange, String id, ApiBody profile, ApiBody asked) {
    String name = profile.text("name").orElse(id);
    String action = "Cannot edit Services of VM network interface profile " + name;
    String network =
        profile
            .child("network")
            .map(EntityParser::id)
            .orElseThrow(
                () ->
                    FaultException.operationFailed(
                        BAD_REQUEST, action + ". The engine does not say its network."));
    return networks.withEditable(
        exchange,
        network,
        (found, user) -> {
          OwnEntities.onlyKnown(asked, FIELDS, action);
          boolean serves =
              asked
                  .flag(FIELD)
                  .orElseThrow(
                      () ->
                          FaultException.operationFailed(
                              BAD_REQUEST, action + ". " + FIELD + " must be true or false."));
          if (serves && permissions.everyoneMayUse(exchange.token(), "vnicprofiles/" + id)) {
            throw FaultException.operationFailed(
                BAD_REQUEST,
                action
                    + ". Everyone may use it, so any VM could pose as router or DHCP server. Take"
                    + " the permission of the group Everyone from it first.");
          }
          exchange.answerFormat();
          return entities.change(
              exchange,
              ref(id),
              "Services of VM network interface profile " + name,
              () -> {
                store.set(UUID.fromString(id), serves, user.toString());
                entities.written(ref(id));
                changed.fire(new RolesChanged());
                return answer(exchange, id);
              });
        });
  }

  private static String path(String id) {
    return "/vnicprofiles/" + id;
  }

  private static EntityRef ref(String id) {
    return EntityRef.of(Kind.PROFILE_SERVICES, path(id) + "/services", id);
  }

  private Response answer(Exchange exchange, String id) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", exchange.base() + ref(id).path().substring(1));
    tree.put(FIELD, String.valueOf(store.all().contains(UUID.fromString(id))));
    return entities.answer(exchange, ref(id), OK, tree);
  }
}
