// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.ClusterNetwork;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** Networks in clusters (AttachNetworkToClusterCommand, UpdateNetworkOnClusterCommand). */
final class ClusterNetworks {
  private final Engine engine;

  ClusterNetworks(Engine engine) {
    this.engine = engine;
  }

  List<Tree> ofCluster(Caller caller, UUID clusterId) {
    Cluster cluster = engine.clusters.get(clusterId).orElseThrow(ApiException::notFound);
    return engine.clusterNetworks(cluster.id()).stream()
        .flatMap(
            in ->
                engine.networks.get(in.network()).stream()
                    .filter(network -> engine.rights.sees(caller, Networks.target(network.id())))
                    .map(
                        network ->
                            Map.entry(network.name(), engine.views.networkOfCluster(network, in))))
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .toList();
  }

  Tree oneOfCluster(Caller caller, UUID cluster, UUID id) {
    ClusterNetwork in = engine.attachment(cluster, id).orElseThrow(ApiException::notFound);
    return engine.views.networkOfCluster(engine.networkCommands.find(caller, id), in);
  }

  Tree attach(Caller caller, UUID clusterId, Tree body) {
    if (body.text("id").isEmpty() && body.text("name").isEmpty()) {
      throw ApiException.fault(400, "Incomplete parameters", "Network [id|name] required for add");
    }
    synchronized (engine.commands) {
      Cluster cluster =
          engine
              .clusters
              .get(clusterId)
              .orElseThrow(
                  () ->
                      ApiException.fault(
                          404, "Operation Failed", "Entity not found: " + clusterId));
      Network network =
          (body.text("id").isPresent()
                  ? engine.networks.get(Engine.uuid(body.text("id")))
                  : engine.networks.first(
                      each ->
                          each.dataCenter().equals(cluster.dataCenter())
                              && Optional.of(each.name()).equals(body.text("name"))))
              .filter(each -> each.dataCenter().equals(cluster.dataCenter()))
              .filter(each -> engine.rights.sees(caller, Networks.target(each.id())))
              .orElseThrow(ApiException::notFound);
      engine.rights.require(caller, Permit.ASSIGN_CLUSTER_NETWORK, Networks.target(network.id()));
      if (engine.attachment(clusterId, network.id()).isPresent()) {
        throw ApiException.refused(409, "Logical Network is already attached to Cluster.");
      }
      levelAllowsPortIsolation(cluster, network);
      switchAllowsPortIsolation(cluster, network);
      ClusterNetwork in =
          new ClusterNetwork(
              clusterId,
              network.id(),
              body.flag("required").orElse(true),
              roles(body, Set.of(), body.flag("display").orElse(false)));
      engine.attach(in);
      return engine.views.networkOfCluster(network, in);
    }
  }

  private void levelAllowsPortIsolation(Cluster cluster, Network network) {
    if (network.portIsolation() && !levelAllowsPortIsolation(cluster.version())) {
      throw ApiException.refused(
          400,
          "Cannot attach Network. Port isolation requires cluster compatibility level 4.5 or"
              + " higher.");
    }
  }

  /** The option decides, not the number: an administrator can lower the gate. */
  boolean levelAllowsPortIsolation(Model.Version level) {
    return engine
        .options
        .effective(Options.PORT_ISOLATION_SUPPORTED, level.toString())
        .map("true"::equalsIgnoreCase)
        .orElse(false);
  }

  private static void switchAllowsPortIsolation(Cluster cluster, Network network) {
    if (network.portIsolation() && !cluster.linuxBridge()) {
      throw ApiException.refused(
          400, "Cannot attach Network. Port isolation requires Cluster Switch Type Linux Bridge.");
    }
  }

  private static Set<String> roles(Tree body, Set<String> before, boolean display) {
    Set<String> roles = new HashSet<>(before);
    body.child("usages")
        .ifPresent(
            usages -> {
              roles.retainAll(Set.of("management"));
              roles.addAll(usages.texts("usage"));
              roles.remove("vm");
            });
    if (display) {
      roles.add("display");
    }
    return roles;
  }

  Tree updateInCluster(Caller caller, UUID clusterId, UUID id, Tree body) {
    synchronized (engine.commands) {
      ClusterNetwork before = engine.attachment(clusterId, id).orElseThrow(ApiException::notFound);
      Network network = engine.networkCommands.find(caller, id);
      Cluster cluster = engine.clusters.get(clusterId).orElseThrow(ApiException::notFound);
      engine.rights.require(
          caller, Permit.CONFIGURE_CLUSTER_NETWORK, new Target("cluster", clusterId));
      ClusterNetwork after =
          new ClusterNetwork(
              clusterId,
              id,
              body.flag("required").orElse(before.required()),
              roles(body, before.roles(), body.flag("display").orElse(false)));
      engine.attach(after);
      if (!Objects.equals(before, after)) {
        engine.events.write(
            Kind.NETWORK_UPDTAE_NETWORK_ON_CLUSTER,
            "Network " + network.name() + " on Cluster " + cluster.name() + " updated.",
            caller.correlation(),
            List.of(Engine.link(cluster), caller.link()));
      }
      return engine.views.networkOfCluster(network, after);
    }
  }

  void detach(Caller caller, UUID clusterId, UUID id) {
    synchronized (engine.commands) {
      Engine.found(engine.attachment(clusterId, id));
      Network network = engine.networkCommands.find(caller, id);
      Cluster cluster = engine.clusters.get(clusterId).orElseThrow(ApiException::notFound);
      engine.rights.require(caller, Permit.ASSIGN_CLUSTER_NETWORK, Networks.target(id));
      List<String> names =
          engine.networkCommands.nicsOn(id).stream()
              .map(nic -> engine.vms.get(nic.vm()).orElseThrow())
              .filter(vm -> vm.cluster().equals(clusterId))
              .map(Vm::name)
              .toList();
      if (!names.isEmpty()) {
        throw ApiException.refused(409, usedInCluster(names));
      }
      engine.detach(clusterId, id);
      engine.events.write(
          Kind.NETWORK_DETACH_NETWORK_TO_CLUSTER,
          "Network " + network.name() + " detached from Cluster " + cluster.name(),
          caller.correlation(),
          List.of(Engine.link(cluster), caller.link()));
    }
  }

  private static String usedInCluster(List<String> names) {
    if (names.size() == 1) {
      return "Cannot detach Network. This logical network is used by virtual machine: "
          + names.get(0)
          + "\n - Please detach virtual machines using this logical network and try again.";
    }
    // The engine fails to fill in its own template here; clients see it so (recording 142).
    return "Cannot detach Network. This logical network is used by virtual machines: ("
        + names.size()
        + "): ${ACTION_TYPE_FAILED_NETWORK_IN_MANY_USES_LIST}\n"
        + " - Please detach virtual machines using this logical network and try again., "
        + "$action type failed network in many uses list \t"
        + String.join(",\n\t", names);
  }
}
