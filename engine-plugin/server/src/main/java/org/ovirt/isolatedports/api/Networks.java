// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.api;

import static org.ovirt.isolatedports.fault.FaultException.unlessValid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineKnowledge;
import org.ovirt.isolatedports.engine.EngineRequest;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.fault.FaultException;
import org.ovirt.isolatedports.network.LogicalNetwork;
import org.ovirt.isolatedports.network.PortIsolationValidator;
import org.ovirt.isolatedports.store.Enforcement;
import org.ovirt.isolatedports.store.IsolatedNetwork;
import org.ovirt.isolatedports.store.IsolatedNetworks;

/**
 * Networks with the attribute {@code port_isolation}.
 *
 * <p>Where the engine knows the attribute it is the engine's, and we pass everything through and
 * remember. Where it does not, we hold the attribute: it is taken out of what goes to the engine,
 * our rules stand in for the engine's, and the network's vNIC profiles carry it to the hosts.
 */
@ApplicationScoped
public class Networks {

  private static final Logger LOG = Logger.getLogger(Networks.class.getName());
  static final String PORT_ISOLATION = "port_isolation";
  private static final String NETWORK = "network";
  private static final String CANNOT_ADD = "Cannot add Network";
  private static final String CANNOT_EDIT = "Cannot edit Network";
  private static final int CONFLICT = 409;
  private static final int BAD_REQUEST = 400;

  private final EngineHttpClient engine;
  private final EngineKnowledge knowledge;
  private final VnicProfiles profiles;
  private final IsolatedNetworks store;

  @Inject
  public Networks(
      EngineHttpClient engine,
      EngineKnowledge knowledge,
      VnicProfiles profiles,
      IsolatedNetworks store) {
    this.engine = engine;
    this.knowledge = knowledge;
    this.profiles = profiles;
    this.store = store;
  }

  /** For the container's proxy only. */
  protected Networks() {
    this(null, null, null, null);
  }

  /** The engine's list, each network with its attribute. */
  public Response list(Exchange exchange) {
    EngineAnswer answer = engine.send(exchange.forward());
    if (!answer.isSuccess() || knowledge.knowsPortIsolation(exchange.token())) {
      return Exchange.pass(answer);
    }
    ApiBody body = readAnswer(exchange, answer, "networks");
    Set<UUID> isolated = store.ids();
    for (ApiBody network : body.items(NETWORK)) {
      network.set(PORT_ISOLATION, String.valueOf(isolated.contains(id(network))));
    }
    return Exchange.pass(answer, body.toBytes());
  }

  /** One network with its attribute. */
  public Response get(Exchange exchange) {
    return merged(exchange, engine.send(exchange.forward()));
  }

  /** Creates a network. */
  public Response add(Exchange exchange, byte[] body) {
    ApiBody network = exchange.bodyFormat().read(body, NETWORK);
    boolean isolated = network.flag(PORT_ISOLATION).orElse(false);
    if (knowledge.knowsPortIsolation(exchange.token())) {
      return addNative(exchange, body, isolated);
    }
    LogicalNetwork wanted = wanted(network, isolated);
    unlessValid(PortIsolationValidator.onlyOnVmNetworks(wanted), CONFLICT, CANNOT_ADD);
    unlessValid(PortIsolationValidator.notOnExternalNetworks(wanted), CONFLICT, CANNOT_ADD);
    network.remove(PORT_ISOLATION);
    EngineAnswer answer = engine.send(exchange.forward(network.toBytes()));
    if (answer.isSuccess() && isolated) {
      isolate(exchange, answer);
    }
    return merged(exchange, answer);
  }

  private Response addNative(Exchange exchange, byte[] body, boolean isolated) {
    EngineAnswer answer = engine.send(exchange.forward(body));
    if (answer.isSuccess() && isolated) {
      store.add(row(readAnswer(exchange, answer, NETWORK), Enforcement.NATIVE));
    }
    return Exchange.pass(answer);
  }

  /** Makes a network that was just created an isolated one, or takes it away again. */
  private void isolate(Exchange exchange, EngineAnswer created) {
    ApiBody network = readAnswer(exchange, created, NETWORK);
    IsolatedNetwork row = row(network, Enforcement.HOOK);
    try {
      store.add(row);
      profiles.isolate(exchange.token(), row.networkId().toString());
    } catch (RuntimeException e) {
      undo(exchange, row);
      if (e instanceof EngineException refused
          && refused.kind() == EngineException.Kind.REFUSED
          && refused.getMessage().contains(VnicProfiles.PROPERTY)) {
        throw FaultException.operationFailed(
            BAD_REQUEST,
            CANNOT_ADD
                + ". The engine does not know the vNIC profile property port_isolation yet, which"
                + " isolates the ports of network "
                + row.name()
                + " on the hosts. Register it with: engine-config -s"
                + " CustomDeviceProperties=\"{type=interface;prop={"
                + VnicProfiles.PROPERTY
                + "="
                + VnicProfiles.PROPERTY_PATTERN
                + "}}\" (keep what engine-config -g CustomDeviceProperties shows), restart"
                + " ovirt-engine and create the network again. It was not created");
      }
      throw e;
    }
  }

  private void undo(Exchange exchange, IsolatedNetwork row) {
    EngineAnswer removed =
        engine.send(
            new EngineRequest(
                "DELETE",
                "/networks/" + row.networkId(),
                exchange.forward().headers(),
                new byte[0]));
    if (!removed.isSuccess()) {
      LOG.log(
          Level.SEVERE,
          "Network {0} ({1}) was created in the engine but could not be isolated, nor removed"
              + " again (status {2}). Remove it, or its VMs are not kept apart.",
          new Object[] {row.name(), row.networkId(), removed.status()});
    }
    store.remove(row.networkId());
  }

  /** Changes a network; the attribute cannot change. */
  public Response update(Exchange exchange, String id, byte[] body) {
    ApiBody change = exchange.bodyFormat().read(body, NETWORK);
    Optional<Boolean> asked = change.flag(PORT_ISOLATION);
    if (knowledge.knowsPortIsolation(exchange.token())) {
      return Exchange.pass(engine.send(exchange.forward(body)));
    }
    boolean isolated = store.find(uuid(id)).isPresent();
    LogicalNetwork before = new LogicalNetwork(id, true, false, isolated);
    LogicalNetwork after = wanted(change, asked.orElse(isolated));
    unlessValid(
        PortIsolationValidator.notChangedAfterCreation(before, after), BAD_REQUEST, CANNOT_EDIT);
    unlessValid(PortIsolationValidator.onlyOnVmNetworks(after), CONFLICT, CANNOT_EDIT);
    unlessValid(PortIsolationValidator.notOnExternalNetworks(after), CONFLICT, CANNOT_EDIT);
    change.remove(PORT_ISOLATION);
    EngineAnswer answer = engine.send(exchange.forward(change.toBytes()));
    if (answer.isSuccess() && isolated) {
      change.text("name").ifPresent(name -> store.rename(uuid(id), name));
    }
    return merged(exchange, answer);
  }

  /** Removes a network, and what we know of it. */
  public Response remove(Exchange exchange, String id) {
    EngineAnswer answer = engine.send(exchange.forward());
    if (answer.isSuccess()) {
      store.remove(uuid(id));
    }
    return Exchange.pass(answer);
  }

  private Response merged(Exchange exchange, EngineAnswer answer) {
    if (!answer.isSuccess() || knowledge.knowsPortIsolation(exchange.token())) {
      return Exchange.pass(answer);
    }
    ApiBody network = readAnswer(exchange, answer, NETWORK);
    network.set(PORT_ISOLATION, String.valueOf(store.find(id(network)).isPresent()));
    return Exchange.pass(answer, network.toBytes());
  }

  /** A network as a body asks for it: a VM network unless its usages say otherwise. */
  private static LogicalNetwork wanted(ApiBody network, boolean isolated) {
    boolean vmNetwork = network.texts("usages", "usage").map(u -> u.contains("vm")).orElse(true);
    return new LogicalNetwork(
        network.text("name").orElse(""), vmNetwork, network.has("external_provider"), isolated);
  }

  private static IsolatedNetwork row(ApiBody network, Enforcement enforcement) {
    UUID dataCenter =
        network
            .child("data_center")
            .flatMap(dc -> dc.text("id"))
            .map(UUID::fromString)
            .orElseThrow(() -> garbage("names no data center"));
    return new IsolatedNetwork(
        id(network), dataCenter, network.text("name").orElse(""), enforcement, Instant.now());
  }

  private static UUID id(ApiBody network) {
    return network.text("id").map(UUID::fromString).orElseThrow(() -> garbage("has no id"));
  }

  /** An id that is no UUID names no network; the engine answers 404 for it as well. */
  private static UUID uuid(String id) {
    try {
      return UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      return new UUID(0, 0);
    }
  }

  private static ApiBody readAnswer(Exchange exchange, EngineAnswer answer, String root) {
    try {
      return exchange.answerFormat().read(answer.body(), root);
    } catch (MalformedBodyException e) {
      throw garbage("is not a " + root + " of API v4: " + e.getMessage());
    }
  }

  private static EngineException garbage(String what) {
    return new EngineException(
        EngineException.Kind.GARBAGE, "The oVirt engine's answer " + what + ".");
  }
}
