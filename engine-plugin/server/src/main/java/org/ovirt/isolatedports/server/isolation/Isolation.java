// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.rules.PortIsolationValidator;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.server.http.NetworkFields;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.options.LevelGateStore;
import org.ovirt.isolatedports.validation.ValidationResult;

/**
 * Which networks are isolated, and by whom: those the engine says are, and those we hold the
 * attribute of because the engine did not know it when they were made.
 */
@ApplicationScoped
public class Isolation implements NetworkFields {

  /** The attribute's name. */
  public static final String PORT_ISOLATION = "port_isolation";

  /** What our answers tell of a network besides; a client that sends it back changes nothing. */
  public static final List<String> OUR_FIELDS =
      List.of("enforcement", "enforcement_reason", "warnings");

  private static final int UNAVAILABLE = 503;

  private final IsolatedNetworks store;
  private final LevelGateStore gates;

  @Inject
  public Isolation(IsolatedNetworks store, LevelGateStore gates) {
    this.store = store;
    this.gates = gates;
  }

  /** Who isolates a network; empty for one that is not isolated. */
  public Optional<Enforcement> of(UUID networkId, boolean isolatedInEngine) {
    return isolatedInEngine
        ? Optional.of(Enforcement.NATIVE)
        : store.find(networkId).map(row -> row.enforcement()).filter(Enforcement.HOOK::equals);
  }

  /**
   * Who isolates a network. One that the caller may not see says nothing of the attribute: our row
   * does, for natively isolated networks as well.
   */
  public Optional<Enforcement> of(Network network) {
    return UnknownIsUnsafe.engineIsolates(network.portIsolation())
        ? Optional.of(Enforcement.NATIVE)
        : store.find(network.id()).map(row -> row.enforcement());
  }

  /** A network as the rules see it. */
  public LogicalNetwork logical(Network network) {
    return new LogicalNetwork(
        network.name(), network.vmNetwork(), network.external(), of(network).isPresent());
  }

  @Override
  public void mergeInto(List<ApiBody> networks) {
    List<ApiBody> whole = networks.stream().filter(network -> network.has("name")).toList();
    if (whole.isEmpty()) {
      return;
    }
    Map<UUID, Enforcement> ours = store.enforcements();
    for (ApiBody network : whole) {
      boolean engineKnows = network.has(PORT_ISOLATION);
      boolean inEngine = network.flag(PORT_ISOLATION).orElse(false);
      Optional<Enforcement> enforcement =
          inEngine
              ? Optional.of(Enforcement.NATIVE)
              : Optional.ofNullable(ours.get(id(network))).filter(Enforcement.HOOK::equals);
      if (!inEngine) {
        network.set(PORT_ISOLATION, String.valueOf(enforcement.isPresent()));
      }
      enforcement.ifPresent(
          by -> {
            network.set("enforcement", by.text());
            network.set("enforcement_reason", inEngine || !engineKnows ? by.reason() : by.later());
            vlanWarning(network)
                .violation()
                .ifPresent(w -> network.setTexts("warnings", "warning", List.of(w.text())));
          });
    }
  }

  private static ValidationResult vlanWarning(ApiBody network) {
    return PortIsolationValidator.vlanNeedsIsolationOnSwitch(
        new LogicalNetwork(network.text("name").orElse(""), true, false, true),
        network.child("vlan").flatMap(vlan -> vlan.text("id")));
  }

  private static UUID id(ApiBody network) {
    try {
      return network.text("id").map(UUID::fromString).orElseThrow(Isolation::noId);
    } catch (IllegalArgumentException e) {
      throw noId();
    }
  }

  private static EngineException noId() {
    return new EngineException(
        EngineException.Kind.GARBAGE, "The oVirt engine's answer holds a network without an id.");
  }

  /**
   * The level gate as it is now.
   *
   * @param action what is refused if it cannot be read, such as {@code Cannot attach Network}
   */
  public LevelGate gate(String action) {
    try {
      return gates.read();
    } catch (SQLException e) {
      throw FaultException.operationFailed(
          UNAVAILABLE,
          action
              + ". The option "
              + LevelGate.OPTION
              + " cannot be read from the database now; try again.");
    }
  }
}
