// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.vm;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.inventory.LogicalNetwork;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.rules.PortIsolationValidator;
import org.ovirt.isolatedports.server.http.Answers;
import org.ovirt.isolatedports.server.http.AskedFields;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityRef;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Kind;
import org.ovirt.isolatedports.server.isolation.ClusterGate;
import org.ovirt.isolatedports.server.isolation.Isolation;
import org.ovirt.isolatedports.server.network.Networks;
import org.ovirt.isolatedports.server.uplink.Uplinks;

/** vNICs: one may join an isolated network only where its port can be isolated. */
@ApplicationScoped
public class Nics {

  private static final String CANNOT_ADD = "Cannot add Interface";
  private static final String CANNOT_EDIT = "Cannot edit Interface";
  private static final int BAD_REQUEST = 400;

  private final EngineLookup lookup;
  private final ClusterGate clusterGate;
  private final Uplinks uplinks;
  private final Isolation isolation;
  private final Changes changes;
  private final Answers answers;

  @Inject
  public Nics(
      EngineLookup lookup,
      ClusterGate clusterGate,
      Uplinks uplinks,
      Isolation isolation,
      Changes changes,
      Answers answers) {
    this.lookup = lookup;
    this.clusterGate = clusterGate;
    this.uplinks = uplinks;
    this.isolation = isolation;
    this.changes = changes;
    this.answers = answers;
  }

  private static EntityRef ref(String vmId, String id) {
    return EntityRef.of(Kind.NIC, "/vms/" + vmId + "/nics/" + id, vmId, id);
  }

  /** The vNICs of a VM. */
  public Response list(Exchange exchange) {
    return answers.list(exchange, Kind.NIC, exchange.send());
  }

  /** One vNIC. */
  public Response get(Exchange exchange, String vmId, String id) {
    return answers.entity(exchange, ref(vmId, id), exchange.send());
  }

  /** Adds a vNIC. */
  public Response add(Exchange exchange, String vmId, byte[] body) {
    ApiBody nic = exchange.asked(body, Kind.NIC);
    AskedFields.unlessOf(nic, "vm", vmId);
    network(exchange, nic).ifPresent(found -> check(exchange, vmId, found, mac(nic), CANNOT_ADD));
    EngineAnswer answer = exchange.send(nic.toBytes());
    String id =
        answer.isSuccess() ? Exchange.parse(answer, Kind.NIC.element()).text("id").orElse("") : "";
    return answers.entity(exchange, ref(vmId, id), answer);
  }

  /** Changes a vNIC. */
  public Response update(Exchange exchange, String vmId, String id, byte[] body) {
    ApiBody change = exchange.asked(body, Kind.NIC);
    AskedFields.unlessOf(change, "", id);
    AskedFields.unlessOf(change, "vm", vmId);
    return changes.update(
        exchange,
        ref(vmId, id),
        current -> {
          if (mayOpen(change)) {
            Optional<Network> network =
                change.has("vnic_profile")
                    ? network(exchange, change)
                    : lookup.networkOfNic(exchange.token(), vmId, id);
            Optional<String> mac = mac(change).or(() -> mac(current));
            network.ifPresent(found -> check(exchange, vmId, found, mac, CANNOT_EDIT));
          }
          return exchange.send(change.toBytes());
        });
  }

  /** Renaming, unplugging or taking the link down never has to be refused. */
  private static boolean mayOpen(ApiBody change) {
    return change.has("vnic_profile")
        || change.has("mac")
        || change.flag("plugged").orElse(false)
        || change.flag("linked").orElse(false);
  }

  /** Plugs a vNIC in. */
  public Response activate(Exchange exchange, String vmId, String id, byte[] body) {
    lookup
        .networkOfNic(exchange.token(), vmId, id)
        .ifPresent(found -> check(exchange, vmId, found, Optional.empty(), CANNOT_EDIT));
    return Exchange.pass(exchange.send(body));
  }

  /** Unplugs a vNIC. */
  public Response deactivate(Exchange exchange, byte[] body) {
    return Exchange.pass(exchange.send(body));
  }

  /** Removes a vNIC. */
  public Response remove(Exchange exchange, String vmId, String id, byte[] body) {
    return changes.remove(exchange, ref(vmId, id), current -> exchange.send(body));
  }

  private Optional<Network> network(Exchange exchange, ApiBody nic) {
    return nic.child("vnic_profile")
        .flatMap(profile -> profile.text("id"))
        .flatMap(Networks::uuid)
        .flatMap(id -> lookup.networkOfProfile(exchange.token(), id.toString()));
  }

  private static Optional<String> mac(ApiBody nic) {
    return nic.child("mac").flatMap(mac -> mac.text("address"));
  }

  /** Throws a fault unless a vNIC may be put on a profile. */
  public void checkMayJoin(Exchange exchange, String vmId, String profileId, ApiBody nic) {
    lookup
        .networkOfProfile(exchange.token(), profileId)
        .ifPresent(network -> check(exchange, vmId, network, mac(nic), CANNOT_EDIT));
  }

  private void check(
      Exchange exchange, String vmId, Network found, Optional<String> mac, String action) {
    LogicalNetwork network = isolation.logical(found);
    if (!network.portIsolation()) {
      return;
    }
    mac.ifPresent(
        address ->
            throwIfInvalid(
                PortIsolationValidator.notWithGatewayMac(
                    network, address, uplinks.of(found.id()).gatewayMacs()),
                BAD_REQUEST,
                action));
    lookup
        .clusterOfVm(exchange.token(), vmId)
        .ifPresent(cluster -> clusterGate.check(exchange.token(), cluster, network, action));
  }
}
