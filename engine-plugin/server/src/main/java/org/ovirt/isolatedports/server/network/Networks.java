// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.network;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineFeatures;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.rules.PortIsolationValidator;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.AskedUsages;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.http.caller.EditRights;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.journal.InFlight;
import org.ovirt.isolatedports.server.journal.Journal;
import org.ovirt.isolatedports.server.journal.NetworkCreation;

/**
 * Networks with the attribute {@code port_isolation}.
 *
 * <p>Where the engine knows the attribute it is the engine's, and we pass it through, add the rules
 * the engine lacks, and remember. Where it does not, we hold the attribute: it is taken out of what
 * goes to the engine, our rules stand in for the engine's, and the network's vNIC profiles carry it
 * to the hosts.
 */
@ApplicationScoped
public class Networks {

  private static final String CANNOT_ADD = "Cannot add Network";
  private static final String CANNOT_EDIT = "Cannot edit Network";
  private static final int CONFLICT = 409;
  private static final int BAD_REQUEST = 400;

  private final EngineFeatures knowledge;
  private final IsolatedCreation creation;
  private final IsolatedNetworks store;
  private final Journal journal;
  private final InFlight inFlight;
  private final EngineLookup lookup;
  private final ServiceAccount account;
  private final EditRights rights;
  private final Isolation isolation;
  private final Changes changes;
  private final Answers answers;

  @Inject
  public Networks(
      EngineFeatures knowledge,
      IsolatedCreation creation,
      IsolatedNetworks store,
      Journal journal,
      InFlight inFlight,
      EngineLookup lookup,
      ServiceAccount account,
      EditRights rights,
      Isolation isolation,
      Changes changes,
      Answers answers) {
    this.knowledge = knowledge;
    this.creation = creation;
    this.store = store;
    this.journal = journal;
    this.inFlight = inFlight;
    this.lookup = lookup;
    this.account = account;
    this.rights = rights;
    this.isolation = isolation;
    this.changes = changes;
    this.answers = answers;
  }

  /** The engine's list, each network with its attribute. */
  public Response list(Exchange exchange) {
    return answers.list(exchange, Kind.NETWORK, exchange.send());
  }

  /** One network with its attribute. */
  public Response get(Exchange exchange, String id) {
    return answers.entity(exchange, ref(exchange, id), exchange.send());
  }

  private static EntityRef ref(Exchange exchange, String id) {
    return EntityRef.of(Kind.NETWORK, exchange.path(), id);
  }

  /**
   * Creates a network.
   *
   * @param dataCenterId the data center of the path; empty where the body names it
   */
  public Response add(Exchange exchange, Optional<String> dataCenterId, byte[] body) {
    ApiBody network = exchange.asked(body, Kind.NETWORK);
    dataCenterId.ifPresent(id -> AskedFields.unlessOf(network, "data_center", id));
    boolean isolated = network.flag(Isolation.PORT_ISOLATION).orElse(false);
    boolean known = knowledge.knowsPortIsolation(exchange.token());
    LogicalNetwork wanted = wanted(network, network.text("name").orElse(""), isolated, true);
    if (!known) {
      throwIfInvalid(PortIsolationValidator.onlyOnVmNetworks(wanted), CONFLICT, CANNOT_ADD);
      throwIfInvalid(PortIsolationValidator.notOnExternalNetworks(wanted), CONFLICT, CANNOT_ADD);
    }
    throwIfInvalid(
        PortIsolationValidator.withoutInfrastructureRole(wanted, EntityParser.usages(network)),
        BAD_REQUEST,
        CANNOT_ADD);
    AskedUsages.unlessKnown(network, isolated, CANNOT_ADD);
    withoutOurs(network, known);
    EngineAnswer answer =
        isolated
            ? addIsolated(exchange, dataCenterId, network, known)
            : exchange.send(network.toBytes());
    if (!answer.isSuccess()) {
      return Exchange.pass(answer);
    }
    String id = id(Exchange.parse(answer, Kind.NETWORK.element())).toString();
    return answers.entity(exchange, ref(exchange, id), answer);
  }

  /** Creates the network in the engine and takes it in; a crash in between leaves a trace. */
  private EngineAnswer addIsolated(
      Exchange exchange, Optional<String> dataCenterPath, ApiBody network, boolean known) {
    Optional<UUID> dataCenter =
        dataCenterPath.flatMap(Networks::uuid).or(() -> dataCenter(exchange, network));
    Optional<String> name = network.text("name").filter(text -> !text.isBlank());
    if (dataCenter.isEmpty() || name.isEmpty()) {
      return onlyRefused(exchange, network);
    }
    Enforcement enforcement = known ? Enforcement.NATIVE : Enforcement.HOOK;
    rights.requireCreate(exchange.token(), dataCenter.get());
    if (isTaken(exchange, dataCenter.get(), name.get())) {
      return onlyRefused(exchange, network);
    }
    NetworkCreation wanted =
        NetworkCreation.of(
            dataCenter.get(), name.get(), enforcement, network.text("comment"), Optional.empty());
    return creation.create(
        exchange.token(), wanted, new Forwarded(exchange, network, enforcement, wanted.comment()));
  }

  /** A network that is created with the body the caller sent. */
  private record Forwarded(
      Exchange exchange, ApiBody network, Enforcement enforcement, Optional<String> comment)
      implements IsolatedCreation.Making<EngineAnswer> {

    @Override
    public EngineAnswer ask(String mark) {
      network.set("comment", mark);
      return exchange.send(network.toBytes());
    }

    @Override
    public Optional<IsolatedNetwork> made(EngineAnswer answer) {
      return answer.isSuccess()
          ? Optional.of(row(Exchange.parse(answer, Kind.NETWORK.element()), enforcement))
          : Optional.empty();
    }

    @Override
    public boolean defaultProfile() {
      return network.flag("profile_required").orElse(true);
    }

    @Override
    public EngineAnswer unmarked(EngineAnswer answer) {
      ApiBody made = Exchange.parse(answer, Kind.NETWORK.element());
      made.set("comment", comment.orElse(""));
      return answer.withBody(made.toBytes());
    }
  }

  /**
   * Whether another network has the name, also one that the caller may not see: then the engine
   * refuses the caller in its own words, and nothing is journaled.
   */
  private boolean isTaken(Exchange exchange, UUID dataCenter, String name) {
    if (account.isConfigured()) {
      try {
        return account.call(token -> lookup.networkByName(token, dataCenter, name)).isPresent();
      } catch (EngineException e) {
        if (e.kind() != EngineException.Kind.REFUSED) {
          throw e;
        }
      }
    }
    return lookup.networkByName(exchange.token(), dataCenter, name).isPresent();
  }

  private Optional<UUID> dataCenter(Exchange exchange, ApiBody network) {
    Optional<ApiBody> asked = network.child("data_center");
    Optional<String> id = asked.flatMap(dc -> dc.text("id"));
    Optional<UUID> named =
        asked
            .flatMap(dc -> dc.text("name"))
            .flatMap(name -> lookup.dataCenterByName(exchange.token(), name));
    if (id.isEmpty()) {
      return named;
    }
    asked
        .filter(dc -> dc.has("name"))
        .ifPresent(dc -> AskedFields.unlessIs(dc, "data center", named.map(UUID::toString)));
    return id.flatMap(Networks::uuid);
  }

  /** Lets the engine say in its own words what is wrong with a network it cannot create. */
  private static EngineAnswer onlyRefused(Exchange exchange, ApiBody network) {
    EngineAnswer answer = exchange.send(network.toBytes());
    if (answer.isSuccess()) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          "The oVirt engine created a network that it had to refuse (no name, no data center, or a"
              + " name that was taken a moment ago). It is not isolated: remove it and try again.");
    }
    return answer;
  }

  /** Changes a network; the attribute cannot change. */
  public Response update(Exchange exchange, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.NETWORK);
    AskedFields.unlessOf(change, "", id);
    Optional<Boolean> asked = change.flag(Isolation.PORT_ISOLATION);
    return changes.update(
        exchange,
        ref(exchange, id),
        current -> {
          boolean known = knowledge.knowsPortIsolation(exchange.token());
          boolean inEngine = current.flag(Isolation.PORT_ISOLATION).orElse(false);
          boolean isolated = isolation.of(id(current), inEngine).isPresent();
          check(change, current, isolated, asked.orElse(isolated));
          withoutOurs(change, known);
          if (known && isolated && !inEngine) {
            // Isolated by us since before the engine knew the attribute: it would not understand.
            change.remove(Isolation.PORT_ISOLATION);
          }
          return follow(exchange, id, isolated, change.toBytes());
        });
  }

  private static void check(ApiBody change, ApiBody current, boolean isolated, boolean asked) {
    String name = current.text("name").orElse("");
    boolean wasVm = EntityParser.isForVms(current).orElse(false);
    LogicalNetwork before = new LogicalNetwork(name, wasVm, false, isolated);
    LogicalNetwork after = wanted(change, name, asked, wasVm);
    throwIfInvalid(
        PortIsolationValidator.notChangedAfterCreation(before, after), BAD_REQUEST, CANNOT_EDIT);
    throwIfInvalid(PortIsolationValidator.onlyOnVmNetworks(after), CONFLICT, CANNOT_EDIT);
    throwIfInvalid(PortIsolationValidator.notOnExternalNetworks(after), CONFLICT, CANNOT_EDIT);
    throwIfInvalid(
        PortIsolationValidator.withoutInfrastructureRole(after, EntityParser.usages(change)),
        BAD_REQUEST,
        CANNOT_EDIT);
    AskedUsages.unlessKnown(change, isolated, CANNOT_EDIT);
  }

  /** Sends a change of a network; our row follows what comes of it, also after a crash. */
  private EngineAnswer follow(Exchange exchange, String id, boolean isolated, byte[] body) {
    Optional<UUID> row = uuid(id).filter(network -> store.find(network).isPresent());
    if (!isolated || row.isEmpty()) {
      return exchange.send(body);
    }
    UUID change = journal.beginFollow(row.get());
    return inFlight.track(
        change,
        () -> {
          EngineAnswer answer = exchange.send(body);
          if (answer.isSuccess()) {
            Exchange.parse(answer, Kind.NETWORK.element())
                .text("name")
                .ifPresent(name -> store.rename(row.get(), name));
          }
          journal.done(change);
          return answer;
        });
  }

  /** Removes a network, and what we know of it. */
  public Response remove(Exchange exchange, String id, byte[] body) {
    return changes.remove(
        exchange,
        ref(exchange, id),
        current -> {
          UUID network = id(current);
          if (store.find(network).isEmpty()) {
            return exchange.send(body);
          }
          UUID change = journal.beginFollow(network);
          return inFlight.track(
              change,
              () -> {
                EngineAnswer answer = exchange.send(body);
                if (answer.isSuccess()) {
                  store.remove(network);
                }
                journal.done(change);
                return answer;
              });
        });
  }

  /** Takes out what is ours and what this engine does not understand. */
  public static void withoutOurs(ApiBody network, boolean known) {
    Isolation.OUR_FIELDS.forEach(network::remove);
    if (!known) {
      network.remove(Isolation.PORT_ISOLATION);
    }
  }

  /** A network as a body asks for it; what it does not say is as before. */
  private static LogicalNetwork wanted(
      ApiBody network, String name, boolean isolated, boolean vmNetworkBefore) {
    boolean vmNetwork = EntityParser.isForVms(network).orElse(vmNetworkBefore);
    return new LogicalNetwork(name, vmNetwork, EntityParser.isExternal(network), isolated);
  }

  private static IsolatedNetwork row(ApiBody network, Enforcement enforcement) {
    UUID dataCenter =
        network
            .child("data_center")
            .flatMap(dc -> dc.text("id"))
            .flatMap(Networks::uuid)
            .orElseThrow(() -> garbage("names no data center"));
    return new IsolatedNetwork(
        id(network), dataCenter, network.text("name").orElse(""), enforcement, Instant.now());
  }

  private static UUID id(ApiBody network) {
    return network
        .text("id")
        .flatMap(Networks::uuid)
        .orElseThrow(() -> garbage("holds a network without an id"));
  }

  /** An id that is no UUID names nothing; the engine answers 404 for it as well. */
  public static Optional<UUID> uuid(String id) {
    try {
      return Optional.of(UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static EngineException garbage(String what) {
    return new EngineException(
        EngineException.Kind.GARBAGE, "The oVirt engine's answer " + what + ".");
  }
}
