// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import static org.ovirt.isolatedports.server.http.fault.FaultException.throwIfInvalid;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.rules.PolicyPlace;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/**
 * Whether policies may be written for a network: what the clusters say of it is read with the
 * service account, as the caller may not see all of them.
 */
@ApplicationScoped
public class PolicyPlaces {

  private static final int CONFLICT = 409;

  /** No event tells of the networks of a cluster, so an older picture is not believed. */
  private static final Duration FRESH = Duration.ofSeconds(2);

  private final EngineMirror mirror;
  private final EngineReader reader;

  @Inject
  PolicyPlaces(EngineMirror mirror, EngineReader reader) {
    this.mirror = mirror;
    this.reader = reader;
  }

  /** Throws a fault unless policies may be written for a network. */
  public void check(CallersNetworks.Shown shown, String action) {
    Network network = EntityParser.network(shown.body());
    throwIfInvalid(PolicyPlace.onlyOnVmNetworks(network), CONFLICT, action);
    throwIfInvalid(PolicyPlace.notOnExternalNetworks(network), CONFLICT, action);
    Collection<WatchedCluster> clusters =
        mirror.read(EnumSet.of(Part.CLUSTERS), FRESH).clusters().values();
    throwIfInvalid(PolicyPlace.withoutInfrastructureRole(network, clusters), CONFLICT, action);
    throwIfInvalid(PolicyPlace.onlyOnLinuxBridges(network, clusters), CONFLICT, action);
    throwIfInvalid(PolicyPlace.notForStorage(network, bond(network)), CONFLICT, action);
  }

  private Optional<String> bond(Network network) {
    List<String> dataCenters = network.dataCenterId().map(UUID::toString).stream().toList();
    return Optional.ofNullable(reader.storageBonds(dataCenters).get(network.id().toString()));
  }
}
