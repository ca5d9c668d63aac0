// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Model.Group;
import org.ovirt.isolatedports.standin.engine.Model.Permission;
import org.ovirt.isolatedports.standin.engine.Model.Role;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.User;

/**
 * Users, groups, roles and permissions, and what follows from them.
 *
 * <p>A permission on an object holds for what lies below it: system over data center over network
 * over vNIC profile, and data center over cluster over host and VM.
 */
public final class Rights {
  static final String PROFILE = "internal";
  static final String DOMAIN = "internal-authz";
  static final String DOMAIN_ID = hex(DOMAIN);

  static final UUID EVERYONE = UUID.fromString("eee00000-0000-0000-0000-123456789eee");
  static final UUID SUPER_USER = UUID.fromString("00000000-0000-0000-0000-000000000001");
  static final UUID NETWORK_ADMIN = UUID.fromString("def00005-0000-0000-0000-def000000005");
  static final UUID DATA_CENTER_ADMIN = UUID.fromString("def00002-0000-0000-0000-def000000002");
  static final UUID USER_PROFILE_EDITOR = UUID.fromString("def00021-0000-0000-0000-def000000015");
  static final UUID VNIC_PROFILE_USER = UUID.fromString("def0000a-0000-0000-0000-def000000010");
  static final UUID CPU_PROFILE_OPERATOR = UUID.fromString("def00017-0000-0000-0000-def000000017");
  static final UUID CPU_PROFILE_CREATOR = UUID.fromString("def00016-0000-0000-0000-def000000016");
  static final UUID TEMPLATE_USER = UUID.fromString("def00009-0000-0000-0000-def000000009");
  static final UUID MAC_POOL_USER = UUID.fromString("def00014-0000-0000-0000-def000000014");
  static final Target SYSTEM =
      new Target("system", UUID.fromString("aaa00000-0000-0000-0000-123456789aaa"));

  /** What can be allowed: the permits that matter here, with the engine's numbers (ActionGroup). */
  enum Permit {
    CREATE_VM(1),
    DELETE_VM(2),
    EDIT_VM_PROPERTIES(3),
    VM_BASIC_OPERATIONS(4),
    CONFIGURE_VM_NETWORK(9),
    MIGRATE_VM(11),
    CREATE_HOST(100),
    MANIPULATE_HOST(104),
    CREATE_CLUSTER(400),
    EDIT_CLUSTER_CONFIGURATION(401),
    DELETE_CLUSTER(402),
    CONFIGURE_CLUSTER_NETWORK(403),
    ASSIGN_CLUSTER_NETWORK(404),
    MANIPULATE_USERS(500),
    MANIPULATE_PERMISSIONS(502),
    CREATE_STORAGE_POOL(700),
    CONFIGURE_STORAGE_POOL_NETWORK(703),
    CREATE_STORAGE_POOL_NETWORK(704),
    DELETE_STORAGE_POOL_NETWORK(705),
    CONFIGURE_NETWORK_VNIC_PROFILE(1203),
    CREATE_NETWORK_VNIC_PROFILE(1204),
    DELETE_NETWORK_VNIC_PROFILE(1205),
    LOGIN(1300),
    CONFIGURE_SCHEDULING(1400),
    INJECT_EXTERNAL_EVENTS(1500);

    private final int number;

    Permit(int number) {
      this.number = number;
    }

    String title() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Engine engine;
  final Store<User> users = new Store<>();
  final Store<Group> groups = new Store<>();
  final Store<Role> roles = new Store<>();
  final Store<Permission> permissions = new Store<>();

  Rights(Engine engine) {
    this.engine = engine;
    for (Tree role : Shapes.load("roles").children("role")) {
      UUID id = UUID.fromString(role.text("id").orElseThrow());
      boolean administrative = role.flag("administrative").orElse(false);
      roles.put(
          id,
          new Role(
              id,
              role.text("name").orElseThrow(),
              role.text("description").orElse(""),
              administrative,
              permitsOf(role.text("name").orElseThrow(), administrative)));
    }
    groups.put(EVERYONE, new Group(EVERYONE, "Everyone", EVERYONE.toString(), false, true));
    UUID administrators = UUID.fromString("5e90934e-e5e7-11f1-8eb5-02fc00000001");
    groups.put(
        administrators,
        new Group(
            administrators,
            "ovirt-administrator",
            "5e909394-e5e7-11f1-8eb5-02fc00000001",
            false,
            true));
    grant(USER_PROFILE_EDITOR, EVERYONE, true, SYSTEM);
    grant(SUPER_USER, administrators, true, SYSTEM);
  }

  private static Map<Integer, String> permitsOf(String role, boolean administrative) {
    List<Permit> permits =
        switch (role) {
          case "SuperUser" -> List.of(Permit.values());
          case "DataCenterAdmin" ->
              List.of(
                  Permit.CREATE_VM,
                  Permit.EDIT_VM_PROPERTIES,
                  Permit.VM_BASIC_OPERATIONS,
                  Permit.CONFIGURE_VM_NETWORK,
                  Permit.MIGRATE_VM,
                  Permit.CREATE_HOST,
                  Permit.MANIPULATE_HOST,
                  Permit.CREATE_CLUSTER,
                  Permit.EDIT_CLUSTER_CONFIGURATION,
                  Permit.DELETE_CLUSTER,
                  Permit.CONFIGURE_CLUSTER_NETWORK,
                  Permit.ASSIGN_CLUSTER_NETWORK,
                  Permit.MANIPULATE_PERMISSIONS,
                  Permit.CONFIGURE_STORAGE_POOL_NETWORK,
                  Permit.CREATE_STORAGE_POOL_NETWORK,
                  Permit.DELETE_STORAGE_POOL_NETWORK,
                  Permit.CONFIGURE_NETWORK_VNIC_PROFILE,
                  Permit.CREATE_NETWORK_VNIC_PROFILE,
                  Permit.DELETE_NETWORK_VNIC_PROFILE,
                  Permit.LOGIN);
          case "NetworkAdmin" ->
              List.of(
                  Permit.CONFIGURE_VM_NETWORK,
                  Permit.CONFIGURE_CLUSTER_NETWORK,
                  Permit.ASSIGN_CLUSTER_NETWORK,
                  Permit.MANIPULATE_PERMISSIONS,
                  Permit.CONFIGURE_STORAGE_POOL_NETWORK,
                  Permit.CREATE_STORAGE_POOL_NETWORK,
                  Permit.DELETE_STORAGE_POOL_NETWORK,
                  Permit.CONFIGURE_NETWORK_VNIC_PROFILE,
                  Permit.CREATE_NETWORK_VNIC_PROFILE,
                  Permit.DELETE_NETWORK_VNIC_PROFILE,
                  Permit.LOGIN);
          case "ClusterAdmin" ->
              List.of(
                  Permit.CREATE_VM,
                  Permit.EDIT_VM_PROPERTIES,
                  Permit.VM_BASIC_OPERATIONS,
                  Permit.CONFIGURE_VM_NETWORK,
                  Permit.MIGRATE_VM,
                  Permit.EDIT_CLUSTER_CONFIGURATION,
                  Permit.DELETE_CLUSTER,
                  Permit.CONFIGURE_CLUSTER_NETWORK,
                  Permit.ASSIGN_CLUSTER_NETWORK,
                  Permit.MANIPULATE_PERMISSIONS,
                  Permit.LOGIN);
          case "UserVmManager" ->
              List.of(
                  Permit.EDIT_VM_PROPERTIES,
                  Permit.VM_BASIC_OPERATIONS,
                  Permit.CONFIGURE_VM_NETWORK,
                  Permit.MANIPULATE_PERMISSIONS,
                  Permit.LOGIN);
          case "UserRole" -> List.of(Permit.VM_BASIC_OPERATIONS, Permit.LOGIN);
          case "ExternalEventsCreator" -> List.of(Permit.INJECT_EXTERNAL_EVENTS, Permit.LOGIN);
          case "UserProfileEditor" -> List.of();
          default -> administrative ? List.of(Permit.LOGIN) : List.of();
        };
    Map<Integer, String> named = new TreeMap<>();
    permits.forEach(permit -> named.put(permit.number, permit.title()));
    return named;
  }

  // --- the directory ---

  /** Adds a user to the directory; {@code known} ones are in the engine's own table too. */
  User addToDirectory(String login, String firstName, String password, boolean known) {
    User user =
        new User(
            UUID.randomUUID(),
            login,
            firstName,
            login.equals("admin") ? "admin@localhost" : "",
            password,
            UUID.randomUUID(),
            Set.of(),
            known);
    users.put(user.id(), user);
    return user;
  }

  /** Adds a group to the directory with these members. */
  Group addGroupToDirectory(String name, boolean known, List<User> members) {
    String externalId = UUID.randomUUID().toString();
    Group group = new Group(idOfGroup(externalId), name, externalId, true, known);
    groups.put(group.id(), group);
    for (User member : members) {
      users.update(
          member.id(),
          user -> {
            Set<UUID> all = new HashSet<>(user.groups());
            all.add(group.id());
            return new User(
                user.id(),
                user.login(),
                user.firstName(),
                user.email(),
                user.password(),
                user.principal(),
                all,
                user.known());
          });
    }
    return group;
  }

  /** The id of a directory's group: the first 16 characters of the external id, as a UUID. */
  static UUID idOfGroup(String externalId) {
    String digits = hex(externalId.substring(0, 16)).toLowerCase(Locale.ROOT);
    return UUID.fromString(
        digits.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5"));
  }

  static String hex(String text) {
    StringBuilder digits = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.US_ASCII)) {
      digits.append(String.format("%02X", each));
    }
    return digits.toString();
  }

  Optional<User> user(UUID id) {
    return users.get(id);
  }

  Optional<User> login(String login) {
    return users.first(user -> user.login().equals(login));
  }

  Optional<Group> group(UUID id) {
    return groups.get(id);
  }

  UUID roleNamed(String name) {
    return roles.first(role -> role.name().equals(name)).map(Role::id).orElseThrow();
  }

  UUID groupNamed(String name) {
    return groups.first(group -> group.name().equals(name)).map(Group::id).orElseThrow();
  }

  long knownUsers() {
    return users.all().stream().filter(User::known).count();
  }

  /** Who tries to log in is in the engine's own table from then on, with or without success. */
  void takeIn(User user) {
    if (!user.known()) {
      users.update(user.id(), Rights::taken);
    }
  }

  static User taken(User each) {
    return new User(
        each.id(),
        each.login(),
        each.firstName(),
        each.email(),
        each.password(),
        each.principal(),
        each.groups(),
        true);
  }

  // --- what follows ---

  /** Grants a role; used for seeds and by commands that make the creator an administrator. */
  Permission grant(UUID role, UUID subject, boolean group, Target target) {
    Permission permission = new Permission(UUID.randomUUID(), role, subject, group, target);
    permissions.put(permission.id(), permission);
    return permission;
  }

  /** The permission of a fresh installation that everyone has on the MAC pool. */
  void grantMacPool() {
    UUID id = Views.MAC_POOL;
    permissions.put(
        id, new Permission(id, MAC_POOL_USER, EVERYONE, true, new Target("mac_pool", id)));
  }

  /** Forgets permissions on an object that is gone. */
  void forget(UUID object) {
    permissions
        .where(permission -> permission.target().id().equals(object))
        .forEach(permission -> permissions.remove(permission.id()));
  }

  boolean holds(Permission permission, User user) {
    return permission.group()
        ? permission.subject().equals(EVERYONE) || user.groups().contains(permission.subject())
        : permission.subject().equals(user.id());
  }

  /** Whether the user may use the API at all: by any permission that is not everyone's. */
  boolean mayLogIn(User user) {
    return permissions.all().stream()
        .anyMatch(permission -> holds(permission, user) && !permission.subject().equals(EVERYONE));
  }

  /** Whether the user has an administrative role on anything. */
  boolean administrator(User user) {
    return permissions.all().stream()
        .anyMatch(
            permission ->
                holds(permission, user)
                    && roles.get(permission.role()).orElseThrow().administrative());
  }

  boolean may(Caller caller, Permit permit, Target target) {
    Set<UUID> above = idsAbove(target);
    return permissions.all().stream()
        .filter(permission -> above.contains(permission.target().id()))
        .filter(permission -> holds(permission, caller.user()))
        .anyMatch(
            permission ->
                roles.get(permission.role()).orElseThrow().permits().containsKey(permit.number));
  }

  /**
   * Refuses what the caller has no right to.
   *
   * @throws ApiException 403
   */
  void require(Caller caller, Permit permit, Target target) {
    if (!may(caller, permit, target)) {
      throw ApiException.forbidden();
    }
  }

  /** Whether a filtered list shows the object: the user has some role on it or above it. */
  boolean sees(Caller caller, Target target) {
    if (!caller.filtered()) {
      return true;
    }
    if (target.kind().equals("network")) {
      // Through the network or its profiles alone; a role on the data center does not count here.
      return hasRoleOn(caller, target.id())
          || engine.profiles.where(profile -> profile.network().equals(target.id())).stream()
              .anyMatch(profile -> hasRoleOn(caller, profile.id()));
    }
    if (target.kind().equals("vnic_profile")) {
      return hasRoleOn(caller, target.id());
    }
    if (target.kind().equals("vm")) {
      // A role from above shows VMs only if it is about VMs.
      return hasRoleOn(caller, target.id()) || may(caller, Permit.VM_BASIC_OPERATIONS, target);
    }
    Set<UUID> above = idsAbove(target);
    above.remove(SYSTEM.id());
    return above.stream().anyMatch(id -> hasRoleOn(caller, id));
  }

  private boolean hasRoleOn(Caller caller, UUID object) {
    return permissions.all().stream()
        .anyMatch(
            permission ->
                permission.target().id().equals(object) && holds(permission, caller.user()));
  }

  Set<UUID> idsAbove(Target target) {
    Set<UUID> ids = new HashSet<>(List.of(SYSTEM.id(), target.id()));
    switch (target.kind()) {
      case "vnic_profile" ->
          engine
              .profiles
              .get(target.id())
              .ifPresent(profile -> ids.addAll(idsAbove(new Target("network", profile.network()))));
      case "network" ->
          engine.networks.get(target.id()).ifPresent(network -> ids.add(network.dataCenter()));
      case "cluster" ->
          engine.clusters.get(target.id()).ifPresent(cluster -> ids.add(cluster.dataCenter()));
      case "host" ->
          engine
              .hosts
              .get(target.id())
              .ifPresent(host -> ids.addAll(idsAbove(new Target("cluster", host.cluster()))));
      case "vm" ->
          engine
              .vms
              .get(target.id())
              .ifPresent(vm -> ids.addAll(idsAbove(new Target("cluster", vm.cluster()))));
      default -> {
        // Data centers and the system itself have only the system above them.
      }
    }
    return ids;
  }
}
