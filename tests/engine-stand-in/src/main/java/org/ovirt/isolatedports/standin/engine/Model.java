// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.host.HostAgent;
import org.ovirt.isolatedports.standin.host.HostCapabilities;

/** The engine's entities, as far as the stand-in knows them. Changing one means replacing it. */
final class Model {
  private Model() {}

  /** A compatibility level such as 4.8. */
  record Version(int major, int minor) implements Comparable<Version> {
    static Version parse(String text) {
      String[] parts = text.split("\\.", -1);
      return new Version(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
    }

    @Override
    public int compareTo(Version other) {
      return major == other.major
          ? Integer.compare(minor, other.minor)
          : Integer.compare(major, other.major);
    }

    @Override
    public String toString() {
      return major + "." + minor;
    }
  }

  /** A data center. */
  record DataCenter(
      UUID id, String name, Optional<String> description, boolean local, Version version) {}

  /**
   * A cluster.
   *
   * @param switchType {@code legacy} (Linux bridge) or {@code ovs}
   * @param cpuType empty for the default cluster, that has none
   * @param policyProperties the cluster's own properties of its scheduling policy
   */
  record Cluster(
      UUID id,
      UUID dataCenter,
      String name,
      String description,
      String comment,
      Version version,
      String switchType,
      String architecture,
      String cpuType,
      UUID schedulingPolicy,
      Map<String, String> policyProperties) {

    boolean linuxBridge() {
      return !switchType.equals("ovs");
    }
  }

  /**
   * A logical network.
   *
   * @param rest members of API v4 that are kept and given back without meaning anything here (QoS,
   *     DNS, ...)
   */
  record Network(
      UUID id,
      UUID dataCenter,
      String name,
      String description,
      String comment,
      long mtu,
      boolean portIsolation,
      boolean stp,
      boolean vm,
      String vdsmName,
      Optional<Long> vlan,
      Optional<UUID> provider,
      Tree rest) {}

  /** A network in a cluster: its roles there. */
  record ClusterNetwork(UUID cluster, UUID network, boolean required, Set<String> roles) {}

  /** A vNIC profile; {@code networkFilter} is empty where filtering is switched off. */
  record VnicProfile(
      UUID id,
      UUID network,
      String name,
      Optional<String> description,
      Map<String, String> customProperties,
      String passThrough,
      boolean portMirroring,
      Optional<UUID> networkFilter,
      Tree rest) {}

  /** States of a host that matter here, in the words of API v4. */
  enum HostStatus {
    UNASSIGNED,
    UP,
    MAINTENANCE,
    NON_RESPONSIVE
  }

  /** A host and the agent behind it. */
  record Host(
      UUID id,
      String name,
      String comment,
      String address,
      UUID cluster,
      HostStatus status,
      HostAgent agent,
      HostCapabilities capabilities) {
    boolean up() {
      return status == HostStatus.UP;
    }

    Host with(HostStatus now, HostCapabilities reported) {
      return new Host(id, name, comment, address, cluster, now, agent, reported);
    }
  }

  /** States of a VM, in the words of API v4. */
  enum VmStatus {
    DOWN,
    WAIT_FOR_LAUNCH,
    UP,
    MIGRATING,
    POWERING_DOWN;

    boolean running() {
      return this != DOWN;
    }
  }

  /** A VM. */
  record Vm(
      UUID id,
      String name,
      String description,
      String comment,
      UUID cluster,
      long memory,
      VmStatus status,
      Optional<UUID> host,
      Set<UUID> pinnedTo,
      Optional<Tree> os,
      Instant created,
      Optional<Instant> started,
      Instant stopped,
      Optional<String> stopReason) {

    Vm named(String other) {
      return new Vm(
          id,
          other,
          description,
          comment,
          cluster,
          memory,
          status,
          host,
          pinnedTo,
          os,
          created,
          started,
          stopped,
          stopReason);
    }

    Vm on(VmStatus now, Optional<UUID> where) {
      return new Vm(
          id,
          name,
          description,
          comment,
          cluster,
          memory,
          now,
          where,
          pinnedTo,
          os,
          created,
          started,
          stopped,
          stopReason);
    }

    Vm up(UUID where, Instant when) {
      return new Vm(
          id,
          name,
          description,
          comment,
          cluster,
          memory,
          VmStatus.UP,
          Optional.of(where),
          pinnedTo,
          os,
          created,
          Optional.of(when),
          stopped,
          stopReason);
    }

    Vm down(Instant when, String reason) {
      return new Vm(
          id,
          name,
          description,
          comment,
          cluster,
          memory,
          VmStatus.DOWN,
          Optional.empty(),
          pinnedTo,
          os,
          created,
          Optional.empty(),
          when,
          Optional.of(reason));
    }
  }

  /**
   * A virtual NIC; no profile means that it is connected to nothing.
   *
   * @param synced false from a change of its profile or network while the VM runs, until the next
   *     plug or start; an update of the NIC does not mend it, though the host has it then
   */
  record Nic(
      UUID id,
      UUID vm,
      String name,
      String model,
      String mac,
      Optional<UUID> profile,
      boolean linked,
      boolean plugged,
      boolean synced) {
    Nic inStep(boolean nowSynced) {
      return new Nic(id, vm, name, model, mac, profile, linked, plugged, nowSynced);
    }

    String alias() {
      return "ua-" + id;
    }
  }

  /** A reference in an event: kind, name as it was, id. */
  record EventLink(String kind, Optional<String> name, UUID id) {}

  /** An entry of the event log. */
  record Event(
      long id,
      int code,
      String severity,
      String description,
      String origin,
      long customId,
      int floodRate,
      Optional<String> correlationId,
      Instant time,
      List<EventLink> links) {}

  /** A unit of scheduling; an external one is disabled while its scheduler is not there. */
  record PolicyUnit(
      UUID id,
      String name,
      String description,
      Optional<String> type,
      boolean internal,
      boolean enabled,
      Map<String, String> properties) {}

  /** A scheduling policy. */
  record Policy(
      UUID id,
      String name,
      Optional<String> description,
      boolean locked,
      boolean isDefault,
      Map<String, String> properties,
      Map<UUID, Long> filters,
      Map<UUID, Long> weights,
      Optional<UUID> balance) {}

  /** An external network provider. */
  record NetworkProvider(
      UUID id,
      String name,
      String url,
      String type,
      boolean readOnly,
      boolean unmanaged,
      boolean requiresAuthentication) {}

  /**
   * A user of the internal directory.
   *
   * @param known whether the engine has the user in its own table; one it does not know cannot use
   *     the API
   */
  record User(
      UUID id,
      String login,
      String firstName,
      String email,
      String password,
      UUID principal,
      Set<UUID> groups,
      boolean known) {
    String qualified() {
      return login + "@" + Rights.DOMAIN;
    }
  }

  /** A group; the engine's own have no domain. */
  record Group(UUID id, String name, String externalId, boolean ofDirectory, boolean known) {}

  /** A role with its permits (number to name). */
  record Role(
      UUID id,
      String name,
      String description,
      boolean administrative,
      Map<Integer, String> permits) {}

  /** What a permission is on: kind in the words of API v4 ({@code system} for everything). */
  record Target(String kind, UUID id) {}

  /** A role of a user or group on an object. */
  record Permission(UUID id, UUID role, UUID subject, boolean group, Target target) {}
}
