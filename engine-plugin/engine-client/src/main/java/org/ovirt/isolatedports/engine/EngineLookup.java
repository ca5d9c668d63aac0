// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.inventory.Network;

/**
 * What the rules need to know of the engine's entities, each in one request.
 *
 * <p>Empty means that the owner of the token sees no such entity: the engine answers 404 to both.
 */
public class EngineLookup {

  private static final int FORBIDDEN = 403;
  private static final Pattern SEARCHABLE = Pattern.compile("[A-Za-z0-9_-]+");
  private static final String NETWORK = "network";

  private final JsonEngine engine;

  public EngineLookup(JsonEngine engine) {
    this.engine = engine;
  }

  /** A network by its id. */
  public Optional<Network> network(String token, String id) {
    return engine.find(token, "/networks/" + id).map(EngineLookup::named);
  }

  /** A network of a data center by its name. */
  public Optional<Network> networkByName(String token, UUID dataCenterId, String name) {
    // Other names would mean something else in the engine's search language.
    String path =
        SEARCHABLE.matcher(name).matches()
            ? "/networks?search=" + URLEncoder.encode("name=" + name, StandardCharsets.UTF_8)
            : "/datacenters/" + dataCenterId + "/networks";
    return items(token, path, NETWORK).stream()
        .map(EngineLookup::named)
        .filter(network -> network.name().equals(name))
        .filter(network -> network.dataCenterId().filter(dataCenterId::equals).isPresent())
        .findFirst();
  }

  /** A data center's id by its name. */
  public Optional<UUID> dataCenterByName(String token, String name) {
    return items(token, "/datacenters", "data_center").stream()
        .filter(dataCenter -> dataCenter.text("name").filter(name::equals).isPresent())
        .map(EntityParser::uuid)
        .findFirst();
  }

  /** A data center's compatibility level, such as 4.4. */
  public Optional<String> levelOf(String token, UUID dataCenter) {
    return engine.find(token, "/datacenters/" + dataCenter).flatMap(EntityParser::levelText);
  }

  /**
   * Removes a network.
   *
   * @throws EngineException if the engine refuses, as it does while VMs use the network
   */
  public void remove(String token, UUID id) {
    engine.remove(token, "/networks/" + id);
  }

  /** The networks attached to a cluster. */
  public List<Network> networksOfCluster(String token, String clusterId) {
    return items(token, "/clusters/" + clusterId + "/networks", NETWORK).stream()
        .map(EngineLookup::named)
        .toList();
  }

  /** The network of a vNIC profile. */
  public Optional<Network> networkOfProfile(String token, String id) {
    return engine
        .find(token, "/vnicprofiles/" + id + "?follow=network")
        .map(profile -> networkOf(token, profile));
  }

  /** The network that a vNIC is on; a vNIC without a profile is on none. */
  public Optional<Network> networkOfNic(String token, String vmId, String nicId) {
    return engine
        .find(token, "/vms/" + vmId + "/nics/" + nicId + "?follow=vnic_profile.network")
        .flatMap(nic -> nic.child("vnic_profile"))
        .map(profile -> networkOf(token, profile));
  }

  /** The networks that a VM's vNICs are on. */
  public List<Network> networksOfVm(String token, String vmId) {
    return items(token, "/vms/" + vmId + "/nics?follow=vnic_profile.network", "nic").stream()
        .flatMap(nic -> nic.child("vnic_profile").stream())
        .map(profile -> networkOf(token, profile))
        .distinct()
        .toList();
  }

  /** The cluster that a VM is in. */
  public Optional<String> clusterOfVm(String token, String vmId) {
    return engine
        .find(token, "/vms/" + vmId)
        .flatMap(vm -> vm.child("cluster"))
        .map(EntityParser::id);
  }

  /** The network of a profile, also where the engine did not follow the link. */
  private Network networkOf(String token, ApiBody profileOrLink) {
    ApiBody network =
        profileOrLink
            .child(NETWORK)
            .or(
                () ->
                    engine
                        .find(token, "/vnicprofiles/" + EntityParser.id(profileOrLink))
                        .flatMap(profile -> profile.child(NETWORK)))
            .orElseThrow(EngineLookup::unseen);
    if (network.has("name")) {
      return named(network);
    }
    // A user who may use the profile need not see the network: its id is enough for our store.
    String id = EntityParser.id(network);
    return network(token, id)
        .orElseGet(
            () ->
                new Network(
                    EntityParser.uuid(network),
                    Optional.empty(),
                    id,
                    true,
                    false,
                    Optional.empty(),
                    Optional.empty()));
  }

  private List<ApiBody> items(String token, String path, String element) {
    return engine.find(token, path).map(list -> list.items(element)).orElse(List.of());
  }

  private static Network named(ApiBody network) {
    if (!network.has("name")) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          "The oVirt engine's answer lacks an id or a name that API v4 always gives.");
    }
    return EntityParser.network(network);
  }

  /**
   * Who may not even see the profile of a vNIC cannot be told what its port would need; as strict
   * as the engine, which refuses such a caller in these words.
   */
  private static EngineException unseen() {
    return new EngineException(
        EngineException.Kind.REFUSED, FORBIDDEN, "User is not authorized to perform this action.");
  }

  /** Empty where the engine answers 404; its other refusals are thrown. */
  static <T> Optional<T> visible(Supplier<T> call) {
    try {
      return Optional.of(SdkErrors.unwrap(call));
    } catch (EngineException e) {
      if (e.engineStatus() == 404) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
