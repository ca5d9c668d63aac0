// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.ClusterNetwork;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.User;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VmStatus;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;
import org.ovirt.isolatedports.standin.host.HostAgent;

/**
 * Entities without commands: what a fresh installation has, and inventories in bulk for load tests.
 * Nothing here is validated and no event is written.
 */
public final class Seeds {
  /** The blank template and the instance types, which everyone may use. */
  private static final List<String> TEMPLATES =
      List.of(
          Views.BLANK,
          "00000003-0003-0003-0003-0000000000be",
          "00000005-0005-0005-0005-0000000002e6",
          "00000007-0007-0007-0007-00000000010a",
          "00000009-0009-0009-0009-0000000000f1",
          "0000000b-000b-000b-000b-00000000021f");

  private final Engine engine;

  Seeds(Engine engine) {
    this.engine = engine;
  }

  void freshInstallation(List<Engine.UserSeed> users) {
    DataCenter dataCenter =
        new DataCenter(
            UUID.randomUUID(),
            "Default",
            Optional.of("The default Data Center"),
            false,
            engine.newestLevel());
    engine.dataCenters.put(dataCenter.id(), dataCenter);
    engine.clusterCommands.addManagementNetwork(
        dataCenter,
        Engine.DEFAULT_NETWORK,
        "Management Network",
        UUID.fromString("0000000a-000a-000a-000a-000000000398"));
    Cluster cluster =
        new Cluster(
            UUID.randomUUID(),
            dataCenter.id(),
            "Default",
            "The default server cluster",
            "",
            engine.newestLevel(),
            "legacy",
            "undefined",
            "",
            engine.policies.defaultPolicy().id(),
            Map.of());
    engine.clusters.put(cluster.id(), cluster);
    engine.clusterCommands.attachManagement(cluster.id(), Engine.DEFAULT_NETWORK);
    for (String template : TEMPLATES) {
      engine.rights.grant(
          Rights.TEMPLATE_USER,
          Rights.EVERYONE,
          true,
          new Model.Target("template", UUID.fromString(template)));
    }
    engine.rights.grant(
        Rights.CPU_PROFILE_OPERATOR,
        Rights.EVERYONE,
        true,
        new Model.Target("cpu_profile", UUID.randomUUID()));
    engine.rights.grantMacPool();
    for (Engine.UserSeed seed : users) {
      engine.rights.addToDirectory(seed.login(), seed.firstName(), seed.password(), seed.known());
    }
    engine
        .rights
        .login("admin")
        .ifPresent(
            admin -> engine.rights.grant(Rights.SUPER_USER, admin.id(), false, Rights.SYSTEM));
  }

  /** The cluster with this name. */
  public UUID cluster(String name) {
    return engine
        .clusters
        .first(cluster -> cluster.name().equals(name))
        .map(Cluster::id)
        .orElseThrow(() -> new IllegalArgumentException("There is no cluster " + name + "."));
  }

  /** The data center with this name. */
  public UUID dataCenter(String name) {
    return engine
        .dataCenters
        .first(each -> each.name().equals(name))
        .map(DataCenter::id)
        .orElseThrow(() -> new IllegalArgumentException("There is no data center " + name + "."));
  }

  /** A host that is up, with what its agent reports. */
  public UUID host(String name, String clusterName, HostAgent agent) {
    return engine.hostCommands.join(name, name, cluster(clusterName), agent).id();
  }

  /** A VM network with its default profile, attached to the cluster; answers the profile's id. */
  public UUID network(String name, String clusterName, boolean portIsolation) {
    Cluster cluster = engine.clusters.get(cluster(clusterName)).orElseThrow();
    UUID id = UUID.randomUUID();
    Network network =
        new Network(
            id,
            cluster.dataCenter(),
            name,
            "",
            "",
            0,
            portIsolation,
            false,
            true,
            Networks.vdsmName(name, id),
            Optional.empty(),
            Optional.empty(),
            new Tree());
    engine.networks.put(id, network);
    engine.attach(new ClusterNetwork(cluster.id(), id, false, Set.of()));
    VnicProfile profile = Profiles.defaultOf(network, UUID.randomUUID());
    engine.profiles.put(profile.id(), profile);
    return profile.id();
  }

  /** A VM that is down, with a NIC on each of the profiles. */
  public UUID vm(String name, String clusterName, List<UUID> profiles) {
    Instant now = Instant.now();
    Vm vm =
        new Vm(
            UUID.randomUUID(),
            name,
            "",
            "",
            cluster(clusterName),
            1073741824L,
            VmStatus.DOWN,
            Optional.empty(),
            Set.of(),
            Optional.empty(),
            now,
            Optional.empty(),
            now,
            Optional.empty());
    engine.vms.put(vm.id(), vm);
    int number = 1;
    for (UUID profile : profiles) {
      engine.addNic(
          new Nic(
              UUID.randomUUID(),
              vm.id(),
              "nic" + number++,
              "virtio",
              engine.nicCommands.newMac(),
              Optional.of(profile),
              true,
              true,
              true));
    }
    return vm.id();
  }

  /** A VM that was suspended is resumed on a host, of which no scheduler is asked here. */
  public void resumedOn(UUID vm, UUID host) {
    runsOn(vm, host);
    tellsOf(vm, host, EventLog.Kind.USER_RESUME_VM, "was resumed by admin@internal-authz");
  }

  /** A VM is started on a host without a scheduler that was asked. */
  public void startedPastTheScheduler(UUID vm, UUID host) {
    runsOn(vm, host);
    tellsOf(vm, host, EventLog.Kind.USER_RUN_VM, "started");
  }

  /** The event log tells of a start before anything else of the engine does. */
  public void tellsOfAStart(UUID vm, UUID host) {
    tellsOf(vm, host, EventLog.Kind.USER_RUN_VM, "started");
  }

  /** A VM runs on a host, without a word in the event log. */
  public void runsOn(UUID vm, UUID host) {
    engine.vms.put(vm, engine.vms.get(vm).orElseThrow().up(host, Instant.now()));
  }

  private void tellsOf(UUID id, UUID host, EventLog.Kind kind, String what) {
    Vm vm = engine.vms.get(id).orElseThrow();
    engine.events.write(
        kind,
        "VM "
            + vm.name()
            + " "
            + what
            + " (Host: "
            + engine.hosts.get(host).orElseThrow().name()
            + ").",
        Optional.empty(),
        engine.linksOf(vm, Optional.empty(), true));
  }

  /** A group of the directory, already known to the engine, with these logins in it. */
  public void group(String name, List<String> logins) {
    List<User> members =
        logins.stream().map(login -> engine.rights.login(login).orElseThrow()).toList();
    engine.rights.addGroupToDirectory(name, true, members);
  }

  /** A group of the directory that the engine does not know yet. */
  public void directoryGroup(String name, List<String> logins) {
    List<User> members =
        logins.stream().map(login -> engine.rights.login(login).orElseThrow()).toList();
    engine.rights.addGroupToDirectory(name, false, members);
  }

  /** Gives a user a role, both by name, on an object (kind in the words of API v4, and its id). */
  public void grant(String role, String login, String kind, UUID object) {
    User user = engine.rights.login(login).orElseThrow();
    engine.rights.grant(
        engine.rights.roleNamed(role), user.id(), false, new Model.Target(kind, object));
  }

  /** Gives a user a role on everything. */
  public void grantOnSystem(String role, String login) {
    grant(role, login, Rights.SYSTEM.kind(), Rights.SYSTEM.id());
  }

  /** Gives a group a role on an object. */
  public void grantToGroup(String role, String group, String kind, UUID object) {
    engine.rights.grant(
        engine.rights.roleNamed(role),
        engine.rights.groupNamed(group),
        true,
        new Model.Target(kind, object));
  }
}
