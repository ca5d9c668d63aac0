// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.uplink;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManager;
import jakarta.transaction.Transactional;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.NetworkChanged;

/** The uplinks of isolated networks. */
@ApplicationScoped
@Transactional
public class Uplinks {

  private final EntityManager entities;
  private final Event<NetworkChanged> changes;

  @Inject
  public Uplinks(EntityManager entities, Event<NetworkChanged> changes) {
    this.entities = entities;
    this.changes = changes;
  }

  /** The uplink of a network; open where nobody said otherwise. */
  public Uplink of(UUID networkId) {
    return texts("SELECT mode FROM network_uplink WHERE network_id = :network", networkId).stream()
        .findFirst()
        .map(
            mode ->
                new Uplink(
                    "gateways".equals(mode),
                    gateways(networkId),
                    hairpins().getOrDefault(networkId, Hairpin.ALLOWED)))
        .orElse(Uplink.OPEN);
  }

  /** What networks do not let back in, by their ids. */
  private Map<UUID, Hairpin> hairpins() {
    Map<UUID, Hairpin> all = new HashMap<>();
    rows("SELECT CAST(network_id AS varchar), gateway, address FROM network_hairpin")
        .forEach(
            row ->
                all.merge(
                    UUID.fromString((String) row[0]),
                    (Boolean) row[1]
                        ? new Hairpin(List.of(), List.of((String) row[2]))
                        : new Hairpin(List.of((String) row[2]), List.of()),
                    Uplinks::both));
    return all;
  }

  private static Hairpin both(Hairpin one, Hairpin other) {
    List<String> subnets = new ArrayList<>(one.subnets());
    subnets.addAll(other.subnets());
    List<String> gateways = new ArrayList<>(one.gatewayAddresses());
    gateways.addAll(other.gatewayAddresses());
    return new Hairpin(subnets, gateways);
  }

  /** The uplinks of all networks of which somebody said one, in three light queries. */
  public Map<UUID, Uplink> all() {
    Map<UUID, List<String>> gateways = new HashMap<>();
    rows("SELECT CAST(network_id AS varchar), mac FROM network_gateway")
        .forEach(
            row ->
                gateways
                    .computeIfAbsent(UUID.fromString((String) row[0]), id -> new ArrayList<>())
                    .add((String) row[1]));
    Map<UUID, Hairpin> hairpins = hairpins();
    Map<UUID, Uplink> all = new HashMap<>();
    rows("SELECT CAST(network_id AS varchar), mode FROM network_uplink")
        .forEach(
            row -> {
              UUID id = UUID.fromString((String) row[0]);
              all.put(
                  id,
                  new Uplink(
                      "gateways".equals(row[1]),
                      gateways.getOrDefault(id, List.of()),
                      hairpins.getOrDefault(id, Hairpin.ALLOWED)));
            });
    return all;
  }

  private List<Object[]> rows(String sql) {
    List<?> rows = entities.createNativeQuery(sql, Object[].class).getResultList();
    return rows.stream().map(Object[].class::cast).toList();
  }

  private List<String> gateways(UUID networkId) {
    return texts("SELECT mac FROM network_gateway WHERE network_id = :network", networkId);
  }

  private List<String> texts(String sql, UUID networkId) {
    List<?> rows =
        entities
            .createNativeQuery(sql, String.class)
            .setParameter("network", networkId)
            .getResultList();
    return rows.stream().map(String.class::cast).toList();
  }

  /** Sets the uplink of an isolated network. */
  public void set(UUID networkId, Uplink uplink) {
    entities
        .createNativeQuery("DELETE FROM network_uplink WHERE network_id = :network")
        .setParameter("network", networkId)
        .executeUpdate();
    entities
        .createNativeQuery("INSERT INTO network_uplink (network_id, mode) VALUES (:network, :mode)")
        .setParameter("network", networkId)
        .setParameter("mode", uplink.mode())
        .executeUpdate();
    for (String mac : uplink.gatewayMacs()) {
      entities
          .createNativeQuery(
              "INSERT INTO network_gateway (network_id, mac) VALUES (:network, :mac)")
          .setParameter("network", networkId)
          .setParameter("mac", mac)
          .executeUpdate();
    }
    uplink.hairpin().subnets().forEach(each -> addHairpin(networkId, false, each));
    uplink.hairpin().gatewayAddresses().forEach(each -> addHairpin(networkId, true, each));
    changes.fire(NetworkChanged.of(networkId));
  }

  private void addHairpin(UUID networkId, boolean gateway, String address) {
    entities
        .createNativeQuery(
            "INSERT INTO network_hairpin (network_id, gateway, address)"
                + " VALUES (:network, :gateway, :address)")
        .setParameter("network", networkId)
        .setParameter("gateway", gateway)
        .setParameter("address", address)
        .executeUpdate();
  }
}
