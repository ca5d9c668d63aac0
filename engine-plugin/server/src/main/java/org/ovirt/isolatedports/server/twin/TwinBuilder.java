// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineFeatures;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.server.http.caller.EditRights;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.journal.NetworkCreation;
import org.ovirt.isolatedports.server.journal.Recovery;
import org.ovirt.isolatedports.server.network.IsolatedCreation;
import org.ovirt.isolatedports.server.network.Networks;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Makes the isolated twin of a network: the network, its profiles, its clusters. Each part is
 * looked for before it is made, so that all of it may be repeated after whatever cut it short.
 */
@ApplicationScoped
class TwinBuilder {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CONFLICT = 409;

  /** What the twin has of the network as it is; the rest is its own, such as its name on hosts. */
  private static final List<String> COPIED_OF_NETWORK =
      List.of("description", "mtu", "stp", "vlan", "dns_resolver_configuration");

  private static final List<String> COPIED_OF_PROFILE = List.of("description", "migratable");

  private final JsonEngine engine;
  private final EngineLookup lookup;
  private final EngineFeatures knowledge;
  private final IsolatedCreation creation;
  private final IsolatedNetworks networks;
  private final VnicProfiles profiles;
  private final Recovery recovery;
  private final EditRights rights;
  private final MovingIns store;

  @Inject
  TwinBuilder(
      JsonEngine engine,
      EngineLookup lookup,
      EngineFeatures knowledge,
      IsolatedCreation creation,
      IsolatedNetworks networks,
      VnicProfiles profiles,
      Recovery recovery,
      EditRights rights,
      MovingIns store) {
    this.engine = engine;
    this.lookup = lookup;
    this.knowledge = knowledge;
    this.creation = creation;
    this.networks = networks;
    this.profiles = profiles;
    this.recovery = recovery;
    this.rights = rights;
    this.store = store;
  }

  /**
   * Makes what is not there yet.
   *
   * @throws EngineException if the engine refuses a part; what was made stays
   */
  UUID build(String token, MovingIn row, TwinSurroundings.Around around) {
    UUID twin = network(token, row, around.origin());
    profiles(token, twin, row.twinName(), around);
    for (WatchedCluster cluster : around.clustersToAttach()) {
      attach(token, twin, cluster.cluster().id());
    }
    return twin;
  }

  // --- the network ---

  private UUID network(String token, MovingIn row, TwinSurroundings.Origin origin) {
    if (row.twinId().isPresent() && isThere(token, row.twinId().get())) {
      return row.twinId().get();
    }
    boolean byEngine = knowledge.knowsPortIsolation(token);
    Enforcement enforcement = byEngine ? Enforcement.NATIVE : Enforcement.HOOK;
    Optional<UUID> made = recovery.goOnWithTwin(token, origin.id());
    UUID twin = made.isPresent() ? made.get() : create(token, row, origin, enforcement);
    store.twin(origin.id(), Optional.of(twin));
    return twin;
  }

  /**
   * Whether the twin is there. One that the engine denies this caller may be hidden: only the guard
   * forgets what is gone.
   */
  private boolean isThere(String token, UUID twin) {
    if (lookup.network(token, twin.toString()).isPresent()) {
      return true;
    }
    if (networks.find(twin).isPresent()) {
      throw FaultException.operationFailed(
          CONFLICT,
          NetworkTwins.CANNOT_ISOLATE
              + ". The oVirt engine does not show you the isolated twin "
              + twin
              + ". If it was removed, try again in a minute; else ask for the right to see it.");
    }
    return false;
  }

  private UUID create(
      String token, MovingIn row, TwinSurroundings.Origin origin, Enforcement enforcement) {
    rights.requireCreate(token, origin.dataCenter());
    NetworkCreation wanted =
        NetworkCreation.of(
            origin.dataCenter(),
            row.twinName(),
            enforcement,
            Optional.of(comment(origin)),
            Optional.of(origin.id()));
    return id(
        creation.create(
            token,
            wanted,
            new IsolatedCreation.Making<ApiBody>() {
              @Override
              public ApiBody ask(String mark) {
                boolean byEngine = enforcement == Enforcement.NATIVE;
                return engine.add(token, "/networks", copy(row, origin, byEngine, mark));
              }

              @Override
              public Optional<IsolatedNetwork> made(ApiBody network) {
                return Optional.of(isolated(id(network), row, origin, enforcement));
              }

              @Override
              public ApiBody unmarked(ApiBody network) {
                return network;
              }
            }));
  }

  /** The fault for a name that another network has. */
  static FaultException nameTaken(String name) {
    return FaultException.operationFailed(
        CONFLICT,
        NetworkTwins.CANNOT_ISOLATE
            + ". "
            + ValidationMessage.TWIN_NAME_TAKEN.text(Map.of("name", name)));
  }

  private static IsolatedNetwork isolated(
      UUID id, MovingIn row, TwinSurroundings.Origin origin, Enforcement enforcement) {
    return new IsolatedNetwork(id, origin.dataCenter(), row.twinName(), enforcement, Instant.now());
  }

  /** What people are told of a twin; it proves nothing, as everybody can write it. */
  private static String comment(TwinSurroundings.Origin origin) {
    return "Isolated twin of network " + origin.id();
  }

  private static String copy(
      MovingIn row, TwinSurroundings.Origin origin, boolean byEngine, String comment) {
    ObjectNode network = copied(origin.body(), COPIED_OF_NETWORK);
    network.put("name", row.twinName());
    network.put("comment", comment);
    network.putObject("data_center").put("id", origin.dataCenter().toString());
    network.putObject(EntityParser.USAGES).putArray("usage").add("vm");
    origin
        .body()
        .child("qos")
        .flatMap(qos -> qos.text("id"))
        .ifPresent(id -> network.putObject("qos").put("id", id));
    if (byEngine) {
      network.put(Isolation.PORT_ISOLATION, "true");
    }
    return network.toString();
  }

  private static ObjectNode copied(ApiBody from, List<String> fields) {
    ObjectNode copy = JSON.createObjectNode();
    JsonNode original = tree(from);
    for (String field : fields) {
      if (original.has(field)) {
        copy.set(field, original.get(field));
      }
    }
    return copy;
  }

  /** An entity that is a document of its own. */
  private static JsonNode tree(ApiBody document) {
    try {
      return JSON.readTree(document.toBytes());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("What was read as JSON is JSON", e);
    } catch (IOException e) {
      throw new IllegalStateException("Bytes in memory can be read", e);
    }
  }

  // --- profiles ---

  private void profiles(String token, UUID twin, String twinName, TwinSurroundings.Around around) {
    UUID network = around.origin().id();
    Map<String, String> pairs = store.profiles(network);
    if (pairs.isEmpty()) {
      // The engine's own profile may come later than its answer; it is to be one of the copies.
      profiles.awaitDefault(token, twin.toString());
    }
    Map<String, String> ofTwin = new HashMap<>();
    for (ApiBody profile :
        engine.read(token, "/networks/" + twin + "/vnicprofiles").items("vnic_profile")) {
      ofTwin.put(profile.text("name").orElse(""), profile.text("id").orElse(""));
    }
    List<WatchedProfile> wanted = around.profilesToCopy();
    Set<String> names = new HashSet<>();
    wanted.forEach(profile -> names.add(profile.name()));
    for (WatchedProfile profile : wanted) {
      String paired = pairs.get(profile.id());
      if (paired == null || !ofTwin.containsValue(paired)) {
        Optional<String> there = Optional.ofNullable(ofTwin.get(profile.name()));
        // The engine makes every new VM network a profile of the network's name.
        Optional<String> spare =
            names.contains(twinName)
                ? Optional.empty()
                : Optional.ofNullable(ofTwin.remove(twinName));
        String copy = there.orElseGet(() -> copy(token, twin, profile, spare));
        ofTwin.put(profile.name(), copy);
        store.pair(network, profile.id(), copy);
      }
    }
  }

  private String copy(String token, UUID twin, WatchedProfile profile, Optional<String> spare) {
    ApiBody original = engine.read(token, "/vnicprofiles/" + profile.id());
    ObjectNode copy = copied(original, COPIED_OF_PROFILE);
    copy.put("name", profile.name());
    original
        .child("qos")
        .flatMap(qos -> qos.text("id"))
        .ifPresent(id -> copy.putObject("qos").put("id", id));
    // Without this field the engine sets the filter it sets on every new profile.
    ObjectNode filter = copy.putObject("network_filter");
    original
        .child("network_filter")
        .flatMap(found -> found.text("id"))
        .ifPresent(id -> filter.put("id", id));
    properties(original, copy, networks.find(twin).map(IsolatedNetwork::enforcement));
    ApiBody made =
        spare.isPresent()
            ? engine.update(token, "/vnicprofiles/" + spare.get(), copy.toString())
            : engine.add(token, "/networks/" + twin + "/vnicprofiles", copy.toString());
    return id(made).toString();
  }

  private static void properties(
      ApiBody original, ObjectNode copy, Optional<Enforcement> enforcement) {
    ArrayNode properties =
        copy.putObject(EntityParser.CUSTOM_PROPERTIES).putArray(EntityParser.CUSTOM_PROPERTY);
    boolean carried = false;
    for (ApiBody property :
        original.list(EntityParser.CUSTOM_PROPERTIES, EntityParser.CUSTOM_PROPERTY)) {
      String name = property.text("name").orElse("");
      properties.addObject().put("name", name).put("value", property.text("value").orElse(""));
      carried |= name.equals(VnicProfiles.PROPERTY);
    }
    if (!carried && enforcement.filter(Enforcement.HOOK::equals).isPresent()) {
      properties.addObject().put("name", VnicProfiles.PROPERTY).put("value", "true");
    }
  }

  // --- clusters ---

  /**
   * Not required: a host without the network would become non-operational, and no host has it yet.
   */
  private void attach(String token, UUID twin, String cluster) {
    ApiBody unused =
        engine.add(
            token,
            "/clusters/" + cluster + "/networks",
            JSON.createObjectNode()
                .put("id", twin.toString())
                .put(EntityParser.REQUIRED, "false")
                .toString());
  }

  private static UUID id(ApiBody entity) {
    return entity
        .text("id")
        .flatMap(Networks::uuid)
        .orElseThrow(
            () ->
                new EngineException(
                    EngineException.Kind.GARBAGE,
                    "The oVirt engine's answer holds an entity without an id."));
  }
}
