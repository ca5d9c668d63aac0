// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.twin;

import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_STEP_UNKNOWN;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_VNIC_UNKNOWN;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_ALREADY_PREPARED;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_FINISHED;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_NOT_PREPARED;
import static org.ovirt.isolatedports.validation.ValidationMessage.TWIN_STILL_USED;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.Vnics;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.Refusals;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.isolation.PropertyRegistration;
import org.ovirt.isolatedports.server.journal.EngineChange;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.network.CallersNetworks;
import org.ovirt.isolatedports.server.twin.MovingIn.Status;
import org.ovirt.isolatedports.server.twin.TwinSurroundings.Around;
import org.ovirt.isolatedports.server.twin.TwinSurroundings.Origin;
import org.ovirt.isolatedports.twin.Obstacle;
import org.ovirt.isolatedports.twin.TwinName;
import org.ovirt.isolatedports.twin.VnicMove;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Moving the VMs of a network to an isolated twin, step by step, as the caller. Where a vNIC is,
 * and which parts of the twin are there, is read from the engine each time.
 */
@ApplicationScoped
public class NetworkTwins {

  static final String CANNOT_ISOLATE = "Cannot isolate Network";

  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;
  private static final int NAMED = 5;

  private final MovingIns store;
  private final TwinSurroundings surroundings;
  private final TwinBuilder builder;
  private final VnicMover mover;
  private final CallersNetworks callers;
  private final EngineLookup lookup;
  private final JsonEngine engine;
  private final IsolatedNetworks networks;
  private final Journal journal;
  private final InFlight inFlight;
  private final OwnEntities entities;
  private final TwinView view;

  @Inject
  NetworkTwins(
      MovingIns store,
      TwinSurroundings surroundings,
      TwinBuilder builder,
      VnicMover mover,
      CallersNetworks callers,
      EngineLookup lookup,
      JsonEngine engine,
      IsolatedNetworks networks,
      Journal journal,
      InFlight inFlight,
      OwnEntities entities) {
    this.store = store;
    this.surroundings = surroundings;
    this.builder = builder;
    this.mover = mover;
    this.callers = callers;
    this.lookup = lookup;
    this.engine = engine;
    this.networks = networks;
    this.journal = journal;
    this.inFlight = inFlight;
    this.entities = entities;
    this.view = new TwinView(store, surroundings);
  }

  /** How far it is and what stands against it, for whoever may see the network; changes nothing. */
  public Response get(Exchange exchange, String id) {
    return CallersNetworks.withReadable(
        exchange, id, network -> answer(exchange, TwinSurroundings.origin(network)));
  }

  /** Takes a step, for whoever may edit the network. */
  public Response step(Exchange exchange, String id, byte[] body) {
    ApiBody asked = exchange.asked(body, Kind.MOVING_IN);
    return changed(
        exchange,
        id,
        (origin, user) -> {
          switch (asked.text("step").orElse("")) {
            case "prepare" -> prepare(exchange, origin, asked);
            case "move" -> move(exchange, origin, asked, false, user);
            case "revoke" -> move(exchange, origin, asked, true, user);
            case "finish" -> finish(exchange, origin, asked);
            default ->
                throw refusal(
                    BAD_REQUEST, MOVE_STEP_UNKNOWN, Map.of("step", asked.text("step").orElse("")));
          }
        });
  }

  private interface Change {
    void on(Origin origin, UUID user);
  }

  /** One change at a time, by those who may; what it did is counted also if it ends half done. */
  private Response changed(Exchange exchange, String id, Change change) {
    return callers.withEditable(
        exchange,
        id,
        (network, user) -> {
          Origin origin = TwinSurroundings.origin(network);
          return entities.change(
              exchange,
              ref(origin),
              "Moving in of Network " + origin.name(),
              () -> {
                passingRefusalsOn(change, origin, user);
                return answer(exchange, origin);
              });
        });
  }

  private static void passingRefusalsOn(Change change, Origin origin, UUID user) {
    try {
      change.on(origin, user);
    } catch (EngineException e) {
      throw e.kind() == EngineException.Kind.REFUSED ? Refusals.passedOn(e) : e;
    }
  }

  private static EntityRef ref(Origin origin) {
    return EntityRef.of(
        Kind.MOVING_IN, "/networks/" + origin.id() + "/isolate", origin.id().toString());
  }

  private static FaultException refusal(
      int status, ValidationMessage rule, Map<String, String> variables) {
    return FaultException.operationFailed(status, CANNOT_ISOLATE + ". " + rule.text(variables));
  }

  // --- prepare ---

  private void prepare(Exchange exchange, Origin origin, ApiBody asked) {
    OwnEntities.onlyKnown(asked, Set.of("step", "name"), CANNOT_ISOLATE);
    String token = exchange.token();
    Optional<String> given = asked.text("name").filter(name -> !name.isBlank());
    Optional<MovingIn> before = store.find(origin.id());
    before.ifPresent(row -> checkAgain(row, given));
    String name =
        given
            .or(() -> before.map(MovingIn::twinName))
            .orElseGet(() -> TwinName.derive(origin.name(), taken(token, origin)));
    Around around = surroundings.around(token, origin, before.flatMap(MovingIn::twinId), name);
    List<String> blocking =
        around.obstacles().stream().filter(Obstacle::blocking).map(Obstacle::text).toList();
    if (!blocking.isEmpty()) {
      throw FaultException.operationFailed(
          CONFLICT, CANNOT_ISOLATE + ". " + String.join(" ", blocking));
    }
    begin(token, origin, name, before);
    try {
      UUID unused = builder.build(token, store.find(origin.id()).orElseThrow(), around);
      store.status(origin.id(), Status.PREPARED);
    } catch (EngineException e) {
      throw explained(e, token, origin);
    } finally {
      forgetUnbegun(origin);
      entities.written(ref(origin));
    }
  }

  private EngineException explained(EngineException e, String token, Origin origin) {
    PropertyRegistration.throwIfMissing(
        e, CANNOT_ISOLATE, "Network " + origin.name(), lookup.levelOf(token, origin.dataCenter()));
    return e;
  }

  private static void checkAgain(MovingIn row, Optional<String> name) {
    Map<String, String> named = Map.of("network", row.networkName(), "twin", row.twinName());
    if (row.status() == Status.FINISHED || row.status() == Status.FINISHING) {
      throw refusal(CONFLICT, TWIN_FINISHED, named);
    }
    if (row.twinId().isPresent() && name.filter(n -> !n.equals(row.twinName())).isPresent()) {
      throw refusal(CONFLICT, TWIN_ALREADY_PREPARED, named);
    }
  }

  private Predicate<String> taken(String token, Origin origin) {
    return name -> lookup.networkByName(token, origin.dataCenter(), name).isPresent();
  }

  /** The trace of a crash is the name, so it must not lead to a network that was there before. */
  private void begin(String token, Origin origin, String name, Optional<MovingIn> before) {
    boolean sameName = before.filter(row -> row.twinName().equals(name)).isPresent();
    if (!sameName && taken(token, origin).test(name)) {
      throw TwinBuilder.nameTaken(name);
    }
    if (before.isEmpty()) {
      store.begin(new MovingIn(origin.id(), origin.name(), name, Instant.now()));
    } else if (!sameName) {
      store.nameTwin(origin.id(), name);
    }
  }

  /** Of what the engine refused altogether nothing is left behind. */
  private void forgetUnbegun(Origin origin) {
    store
        .find(origin.id())
        .filter(row -> row.status() == Status.PREPARING && row.twinId().isEmpty())
        .filter(row -> journal.open().stream().noneMatch(change -> adds(change, row)))
        .ifPresent(row -> store.remove(row.networkId()));
  }

  private static boolean adds(EngineChange change, MovingIn row) {
    return change.isAdd() && change.name().filter(row.twinName()::equals).isPresent();
  }

  // --- move and revoke ---

  private void move(Exchange exchange, Origin origin, ApiBody asked, boolean back, UUID user) {
    OwnEntities.onlyKnown(asked, Set.of("step", "nics", "vms", "all"), CANNOT_ISOLATE);
    MovingIn row = prepared(origin);
    Around around = around(exchange, origin, Optional.of(row));
    UUID twin = row.twinId().orElseThrow();
    List<Vnics.Vnic> vnics = surroundings.vnics(exchange.token(), around);
    store.choose(origin.id(), selected(asked, origin, vnics, back), back, user);
    Map<String, String> there = store.profiles(origin.id());
    VnicMove way =
        back
            ? new VnicMove(
                origin.name(),
                reversed(there),
                around.clustersOf(origin.id()),
                around.hostsWithout(origin.id()))
            : new VnicMove(
                row.twinName(), there, around.clustersOf(twin), around.hostsWithout(twin));
    try {
      mover.move(exchange, origin.id(), user, back, way, vnics);
    } finally {
      entities.written(ref(origin));
    }
  }

  private MovingIn prepared(Origin origin) {
    Map<String, String> named = Map.of("network", origin.name());
    MovingIn row =
        store
            .find(origin.id())
            .filter(found -> found.twinId().isPresent())
            .orElseThrow(() -> refusal(CONFLICT, TWIN_NOT_PREPARED, named));
    if (row.status() == Status.PREPARING) {
      throw refusal(CONFLICT, TWIN_NOT_PREPARED, named);
    }
    if (row.status() == Status.FINISHED) {
      throw refusal(
          CONFLICT, TWIN_FINISHED, Map.of("network", origin.name(), "twin", row.twinName()));
    }
    return row;
  }

  private static Map<String, String> reversed(Map<String, String> pairs) {
    Map<String, String> reversed = new HashMap<>();
    pairs.forEach((from, to) -> reversed.put(to, from));
    return reversed;
  }

  /** The vNICs a body names: by themselves, by their VMs, or all; none to go on with the others. */
  private Set<String> selected(ApiBody asked, Origin origin, List<Vnics.Vnic> vnics, boolean back) {
    Set<String> selected = new LinkedHashSet<>();
    if (asked.flag("all").orElse(false)) {
      Set<String> moved = back ? store.chosen(origin.id()).keySet() : Set.of();
      vnics.stream()
          .filter(vnic -> !back || moved.contains(vnic.id()))
          .forEach(vnic -> selected.add(vnic.id()));
    }
    for (ApiBody nic : asked.list("nics", "nic")) {
      add(selected, nic, origin, vnics, vnic -> vnic.id());
    }
    for (ApiBody vm : asked.list("vms", "vm")) {
      add(selected, vm, origin, vnics, vnic -> vnic.vmId());
    }
    return selected;
  }

  private static void add(
      Set<String> selected,
      ApiBody link,
      Origin origin,
      List<Vnics.Vnic> vnics,
      Function<Vnics.Vnic, String> idOf) {
    String id = link.text("id").orElse("");
    List<String> found =
        vnics.stream().filter(vnic -> idOf.apply(vnic).equals(id)).map(Vnics.Vnic::id).toList();
    if (found.isEmpty()) {
      throw refusal(BAD_REQUEST, MOVE_VNIC_UNKNOWN, Map.of("network", origin.name(), "id", id));
    }
    selected.addAll(found);
  }

  // --- finish ---

  private void finish(Exchange exchange, Origin origin, ApiBody asked) {
    OwnEntities.onlyKnown(asked, Set.of("step"), CANNOT_ISOLATE);
    MovingIn row = prepared(origin);
    Around around = around(exchange, origin, Optional.of(row));
    unlessEmpty(exchange, around, origin.id(), origin.name());
    String token = exchange.token();
    Set<String> labels = new LinkedHashSet<>(row.labels());
    labels.addAll(TwinSurroundings.labels(engine.as(token), origin.id()));
    store.labels(origin.id(), List.copyOf(labels));
    store.status(origin.id(), Status.FINISHING);
    UUID twin = row.twinId().orElseThrow();
    try {
      // Taken off first: with both, the engine would put both networks on the same NICs.
      for (String label : labels) {
        engine.remove(token, "/networks/" + origin.id() + "/networklabels/" + label);
      }
      List<String> there = TwinSurroundings.labels(engine.as(token), twin);
      for (String label : labels) {
        if (!there.contains(label)) {
          ApiBody unused =
              engine.add(
                  token, "/networks/" + twin + "/networklabels", "{\"id\":\"" + label + "\"}");
        }
      }
      store.status(origin.id(), Status.FINISHED);
    } finally {
      entities.written(ref(origin));
    }
  }

  /** Throws a fault that names the vNICs that are on a network still. */
  private void unlessEmpty(Exchange exchange, Around around, UUID network, String name) {
    Set<String> profiles =
        around.situation().profiles().stream()
            .filter(profile -> profile.networkId().equals(network.toString()))
            .map(profile -> profile.id())
            .collect(Collectors.toSet());
    List<String> left =
        surroundings.vnics(exchange.token(), around).stream()
            .filter(vnic -> vnic.profile().filter(profiles::contains).isPresent())
            .map(vnic -> vnic.name() + " of VM " + vnic.vmName())
            .toList();
    if (!left.isEmpty()) {
      String named = left.stream().limit(NAMED).collect(Collectors.joining(", "));
      throw refusal(
          CONFLICT,
          TWIN_STILL_USED,
          Map.of(
              "network",
              name,
              "vnics",
              left.size() > NAMED ? named + " and " + (left.size() - NAMED) + " more" : named));
    }
  }

  // --- remove ---

  /**
   * Removes the twin if nothing is on it, and forgets it; of one that is finished forgets it only.
   */
  public Response remove(Exchange exchange, String id) {
    return changed(
        exchange,
        id,
        (origin, user) -> store.find(origin.id()).ifPresent(row -> remove(exchange, origin, row)));
  }

  private void remove(Exchange exchange, Origin origin, MovingIn row) {
    Optional<UUID> twin = row.twinId().filter(known -> row.status() != Status.FINISHED);
    if (twin.isPresent()) {
      unlessEmpty(exchange, around(exchange, origin, Optional.of(row)), twin.get(), row.twinName());
      UUID change = journal.beginFollow(twin.get());
      UUID unused =
          inFlight.track(
              change,
              () -> {
                removeTwin(exchange.token(), twin.get(), change);
                return change;
              });
    }
    store.remove(origin.id());
    entities.written(ref(origin));
  }

  private void removeTwin(String token, UUID twin, UUID change) {
    try {
      engine.remove(token, "/networks/" + twin);
      networks.remove(twin);
      journal.done(change);
    } catch (EngineException e) {
      if (e.kind() == EngineException.Kind.REFUSED) {
        journal.done(change);
      }
      throw e;
    }
  }

  // --- what is shown ---

  private Around around(Exchange exchange, Origin origin, Optional<MovingIn> row) {
    String name =
        row.map(MovingIn::twinName)
            .orElseGet(() -> TwinName.derive(origin.name(), taken(exchange.token(), origin)));
    return surroundings.around(exchange.token(), origin, row.flatMap(MovingIn::twinId), name);
  }

  private Response answer(Exchange exchange, Origin origin) {
    Optional<MovingIn> row = store.find(origin.id());
    Map<String, Object> tree = view.of(exchange, origin, row, around(exchange, origin, row));
    return entities.answer(exchange, ref(origin), OK, tree);
  }
}
