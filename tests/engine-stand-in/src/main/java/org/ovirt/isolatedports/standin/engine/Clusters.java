// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.ClusterNetwork;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Policy;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.Version;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** Data centers and clusters (AddClusterCommand, UpdateClusterCommand). */
final class Clusters {
  private static final Set<String> MANAGEMENT_ROLES =
      Set.of("management", "display", "migration", "default_route");

  private final Engine engine;

  Clusters(Engine engine) {
    this.engine = engine;
  }

  // --- data centers ---

  DataCenter addDataCenter(Caller caller, Tree body) {
    boolean local = body.flag("local").orElseThrow(() -> ApiException.missing("data_center.local"));
    String name = body.text("name").orElseThrow(() -> ApiException.missing("data_center.name"));
    synchronized (engine.commands) {
      engine.rights.require(caller, Permit.CREATE_STORAGE_POOL, Rights.SYSTEM);
      if (engine.dataCenters.first(each -> each.name().equals(name)).isPresent()) {
        throw ApiException.refused(
            409, "Cannot create Data Center. The Data Center name is already in use.");
      }
      Version version = version(body).orElse(engine.newestLevel());
      DataCenter dataCenter =
          new DataCenter(UUID.randomUUID(), name, body.text("description"), local, version);
      engine.dataCenters.put(dataCenter.id(), dataCenter);
      UUID network = UUID.randomUUID();
      addManagementNetwork(dataCenter, network, "Default Management Network", UUID.randomUUID());
      engine.events.write(
          Kind.USER_ADD_STORAGE_POOL,
          "Data Center "
              + name
              + ", Compatibility Version "
              + version
              + " and Quota Type DISABLED was added by "
              + caller.name(),
          caller.correlation(),
          List.of(Engine.link(dataCenter), caller.link()));
      return dataCenter;
    }
  }

  /** The network every data center starts with, whose profile everyone may use. */
  void addManagementNetwork(DataCenter dataCenter, UUID id, String description, UUID profileId) {
    Network network =
        new Network(
            id,
            dataCenter.id(),
            "ovirtmgmt",
            description,
            "",
            0,
            false,
            false,
            true,
            "ovirtmgmt",
            Optional.empty(),
            Optional.empty(),
            new Tree());
    engine.networks.put(id, network);
    VnicProfile profile = Profiles.defaultOf(network, profileId);
    engine.profiles.put(profileId, profile);
    engine.rights.grant(
        Rights.VNIC_PROFILE_USER, Rights.EVERYONE, true, Profiles.target(profileId));
  }

  private static Optional<Version> version(Tree body) {
    return body.child("version")
        .map(
            each ->
                new Version(
                    each.number("major").orElse(4L).intValue(),
                    each.number("minor").orElse(0L).intValue()));
  }

  // --- clusters ---

  static Target target(UUID id) {
    return new Target("cluster", id);
  }

  Cluster add(Caller caller, Tree body, Optional<UUID> dataCenterOfPath) {
    String name = body.text("name").orElseThrow(() -> ApiException.missing("cluster.name"));
    synchronized (engine.commands) {
      DataCenter dataCenter =
          dataCenterOfPath
              .flatMap(engine.dataCenters::get)
              .or(() -> body.child("data_center").flatMap(this::dataCenterOf))
              .orElseThrow(() -> ApiException.refused(400, "Data Center doesn't exist."));
      engine.rights.require(
          caller, Permit.CREATE_CLUSTER, new Target("data_center", dataCenter.id()));
      if (engine.clusters.first(each -> each.name().equals(name)).isPresent()) {
        throw ApiException.refused(409, "Cannot add Cluster. The Cluster name is already in use.");
      }
      Policy policy = engine.policies.defaultPolicy();
      Tree cpu = body.child("cpu").orElseGet(Tree::new);
      Cluster cluster =
          new Cluster(
              UUID.randomUUID(),
              dataCenter.id(),
              name,
              body.text("description").orElse(""),
              body.text("comment").orElse(""),
              version(body).orElse(dataCenter.version()),
              body.text("switch_type").orElse("legacy"),
              cpu.text("architecture").orElse("undefined"),
              cpu.text("type").orElse(""),
              policy.id(),
              policy.properties());
      engine.clusters.put(cluster.id(), cluster);
      engine.networks.where(each -> each.dataCenter().equals(dataCenter.id())).stream()
          .filter(each -> each.name().equals("ovirtmgmt"))
          .findFirst()
          .ifPresent(each -> attachManagement(cluster.id(), each.id()));
      addCpuProfile(caller, name);
      engine.events.write(
          Kind.USER_ADD_CLUSTER,
          "Cluster " + name + " was added by " + caller.name(),
          caller.correlation(),
          List.of(Engine.link(cluster), Engine.link(dataCenter), caller.link()));
      return cluster;
    }
  }

  /** Each cluster comes with a CPU profile, which matters here for its permissions alone. */
  private void addCpuProfile(Caller caller, String name) {
    Target profile = new Target("cpu_profile", UUID.randomUUID());
    engine.rights.grant(Rights.CPU_PROFILE_OPERATOR, Rights.EVERYONE, true, profile);
    engine.rights.grant(Rights.CPU_PROFILE_CREATOR, caller.id(), false, profile);
    for (String granted :
        List.of(
            "Everyone, Namespace *, Authorization provider: N/A was granted permission for Role"
                + " CpuProfileOperator",
            caller.user().firstName()
                + ", Namespace *, Authorization provider: internal-authz was granted permission for"
                + " Role CpuProfileCreator")) {
      engine.events.write(
          Kind.USER_ADD_PERMISSION,
          "User/Group " + granted + " on Cpu Profile " + name + ", by " + caller.name() + ".",
          caller.correlation(),
          List.of(caller.link()));
    }
    engine.events.write(
        Kind.USER_ADDED_CPU_PROFILE,
        "CPU Profile " + name + " was successfully added (User: " + caller.name() + ").",
        caller.correlation(),
        List.of(caller.link()));
  }

  private Optional<DataCenter> dataCenterOf(Tree ref) {
    return ref.text("id").isPresent()
        ? engine.dataCenters.get(Engine.uuid(ref.text("id")))
        : engine.dataCenters.first(each -> Optional.of(each.name()).equals(ref.text("name")));
  }

  void attachManagement(UUID cluster, UUID network) {
    engine.attach(new ClusterNetwork(cluster, network, true, MANAGEMENT_ROLES));
  }

  Cluster update(Caller caller, UUID id, Tree body) {
    synchronized (engine.commands) {
      Cluster before = engine.clusters.get(id).orElseThrow(ApiException::notFound);
      engine.rights.require(caller, Permit.EDIT_CLUSTER_CONFIGURATION, target(id));
      Optional<UUID> policyId =
          body.idOf("scheduling_policy").map(each -> Engine.uuid(Optional.of(each)));
      Map<String, String> properties = before.policyProperties();
      if (policyId.isPresent()) {
        Policy policy = engine.policies.policy(policyId.get());
        properties = policy.locked() ? policy.properties() : Map.of();
      }
      Tree cpu = body.child("cpu").orElseGet(Tree::new);
      Cluster after =
          new Cluster(
              id,
              before.dataCenter(),
              body.text("name").orElse(before.name()),
              body.text("description").orElse(before.description()),
              body.text("comment").orElse(before.comment()),
              version(body).orElse(before.version()),
              body.text("switch_type").orElse(before.switchType()),
              cpu.text("architecture").orElse(before.architecture()),
              cpu.text("type").orElse(before.cpuType()),
              policyId.orElse(before.schedulingPolicy()),
              body.child("custom_scheduling_policy_properties")
                  .map(each -> Views.propertiesOf(each, "property"))
                  .orElse(properties));
      levelAllowsItsIsolatedNetworks(after);
      engine.clusters.put(id, after);
      engine.events.write(
          Kind.USER_UPDATE_CLUSTER,
          "Host cluster " + after.name() + " was updated by " + caller.name(),
          caller.correlation(),
          List.of(Engine.link(after), caller.link()));
      return after;
    }
  }

  // The switch type is not looked at: an engine lets a cluster with isolated networks become OVS.
  private void levelAllowsItsIsolatedNetworks(Cluster cluster) {
    boolean isolated =
        engine.clusterNetworks(cluster.id()).stream()
            .flatMap(in -> engine.networks.get(in.network()).stream())
            .anyMatch(Network::portIsolation);
    if (isolated && !engine.clusterNetworkCommands.levelAllowsPortIsolation(cluster.version())) {
      throw ApiException.refused(
          400,
          "Cannot edit Cluster. Port isolation requires cluster compatibility level 4.5 or"
              + " higher.");
    }
  }

  void remove(Caller caller, UUID id) {
    synchronized (engine.commands) {
      Cluster cluster = engine.clusters.get(id).orElseThrow(ApiException::notFound);
      engine.rights.require(caller, Permit.DELETE_CLUSTER, target(id));
      if (engine.hosts.first(host -> host.cluster().equals(id)).isPresent()) {
        throw ApiException.refused(
            409, "Cannot remove Cluster. Cluster contains one or more Hosts.");
      }
      if (engine.vms.first(vm -> vm.cluster().equals(id)).isPresent()) {
        throw ApiException.refused(
            409, "Cannot remove Cluster. One or more VMs are still in the Cluster.");
      }
      engine.events.write(
          Kind.USER_REMOVE_CLUSTER,
          "Host cluster " + cluster.name() + " was removed by " + caller.name(),
          caller.correlation(),
          List.of(Engine.link(cluster), caller.link()));
      engine.clusters.remove(id);
      engine.forgetCluster(id);
      engine.rights.forget(id);
    }
  }
}
