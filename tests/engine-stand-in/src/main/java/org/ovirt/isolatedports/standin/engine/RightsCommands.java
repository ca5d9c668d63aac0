// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Group;
import org.ovirt.isolatedports.standin.engine.Model.Permission;
import org.ovirt.isolatedports.standin.engine.Model.Role;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.User;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** Users, groups, roles and permissions over REST. */
final class RightsCommands {
  private final Engine engine;
  private final Rights rights;

  RightsCommands(Engine engine, Rights rights) {
    this.engine = engine;
    this.rights = rights;
  }

  List<Tree> listUsers(Caller caller) {
    return rights
        .users
        .where(user -> user.known() && (!caller.filtered() || user.id().equals(caller.id())))
        .stream()
        .map(RightsCommands::view)
        .toList();
  }

  Tree getUser(Caller caller, UUID id) {
    return rights
        .users
        .get(id)
        .filter(user -> user.known() && (!caller.filtered() || id.equals(caller.id())))
        .map(RightsCommands::view)
        .orElseThrow(ApiException::notFound);
  }

  Tree addUser(Caller caller, Tree body) {
    String name = body.text("user_name").orElseThrow(() -> ApiException.missing("user.user_name"));
    rights.require(caller, Permit.MANIPULATE_USERS, Rights.SYSTEM);
    User user =
        rights
            .users
            .first(each -> each.qualified().equals(name) || each.login().equals(name))
            .orElseThrow(
                () -> ApiException.fault(404, "Operation Failed", "Entity not found: " + name));
    rights.users.update(user.id(), Rights::taken);
    engine.events.write(
        Kind.USER_ADD,
        "User '" + user.firstName() + "' was added successfully to the system.",
        caller.correlation(),
        List.of(caller.link()));
    return view(user);
  }

  List<Tree> groupsOf(UUID id) {
    User user = rights.users.get(id).orElseThrow(ApiException::notFound);
    return rights.groups.where(group -> user.groups().contains(group.id())).stream()
        .map(
            group -> {
              String external = Rights.hex(group.externalId());
              return new Tree()
                  .put("namespace", "*")
                  .put("domain", domain())
                  .put("name", group.name())
                  .put("href", Views.API + "/domains/" + Rights.DOMAIN_ID + "/groups/" + external)
                  .put("id", external);
            })
        .toList();
  }

  List<Tree> rolesOf(Caller caller, UUID id) {
    if (caller.filtered() && !caller.id().equals(id)) {
      return List.of();
    }
    User user = rights.users.get(id).orElseThrow(ApiException::notFound);
    return rights
        .permissions
        .where(
            permission ->
                permission.target().equals(Rights.SYSTEM) && rights.holds(permission, user))
        .stream()
        .map(permission -> rights.roles.get(permission.role()).orElseThrow())
        .distinct()
        .map(
            role -> {
              String href = Views.API + "/users/" + id + "/roles/" + role.id();
              return new Tree()
                  .put("user", Views.ref("users", id))
                  .put("name", role.name())
                  .put("link", List.of(Views.link(href, "permits")))
                  .put("href", href)
                  .put("id", role.id().toString());
            })
        .toList();
  }

  List<Tree> listGroups() {
    return rights.groups.where(Group::known).stream().map(RightsCommands::view).toList();
  }

  Tree getGroup(UUID id) {
    return rights
        .groups
        .get(id)
        .filter(Group::known)
        .map(RightsCommands::view)
        .orElseThrow(ApiException::notFound);
  }

  Tree addGroup(Caller caller, Tree body) {
    String name = body.text("name").orElseThrow(() -> ApiException.missing("group.name"));
    rights.require(caller, Permit.MANIPULATE_USERS, Rights.SYSTEM);
    Group group =
        rights
            .groups
            .first(each -> each.ofDirectory() && each.name().equals(name))
            .orElseThrow(
                () -> ApiException.fault(404, "Operation Failed", "Entity not found: " + name));
    rights.groups.put(group.id(), new Group(group.id(), name, group.externalId(), true, true));
    engine.events.write(
        Kind.USER_ADD,
        "User '" + name + "' was added successfully to the system.",
        caller.correlation(),
        List.of(caller.link()));
    return view(group);
  }

  List<Tree> listRoles(Caller caller) {
    // Without an administrative role, administrative ones are not shown; the filter changes
    // nothing.
    boolean all = rights.administrator(caller.user());
    return rights.roles.where(role -> all || !role.administrative()).stream()
        .map(RightsCommands::view)
        .toList();
  }

  Tree getRole(UUID id) {
    return rights.roles.get(id).map(RightsCommands::view).orElseThrow(ApiException::notFound);
  }

  List<Tree> permitsOf(UUID role) {
    Role found = rights.roles.get(role).orElseThrow(ApiException::notFound);
    String href = Views.API + "/roles/" + role;
    return found.permits().entrySet().stream()
        .map(
            permit ->
                new Tree()
                    .put("administrative", found.administrative())
                    .put("role", Tree.ref(href, role.toString()))
                    .put("name", permit.getValue())
                    .put("href", href + "/permits/" + permit.getKey())
                    .put("id", permit.getKey()))
        .toList();
  }

  /** Permissions on an object with those that hold from above, as {@code /x/permissions} lists. */
  List<Tree> permissionsOn(Caller caller, Target target) {
    Set<UUID> above = rights.idsAbove(target);
    return rights.permissions.where(permission -> above.contains(permission.target().id())).stream()
        .filter(permission -> visible(caller, permission))
        .map(permission -> onObject(permission, target))
        .toList();
  }

  private boolean visible(Caller caller, Permission permission) {
    return !caller.filtered() || rights.holds(permission, caller.user());
  }

  /** The permissions on the system; shown to everybody who may use the API. */
  List<Tree> permissionsOnSystem() {
    return rights
        .permissions
        .where(permission -> permission.target().equals(Rights.SYSTEM))
        .stream()
        .map(permission -> onObject(permission, Rights.SYSTEM))
        .toList();
  }

  private static Tree onObject(Permission permission, Target asked) {
    String kind = asked.kind();
    // A network's and a profile's permissions name no object at all.
    boolean named = Set.of("cluster", "data_center", "vm", "host").contains(kind);
    Tree tree = new Tree();
    String objectHref = Views.API + "/" + Views.collection(kind) + "/" + asked.id();
    Tree object = Tree.ref(objectHref, asked.id().toString());
    if (named && kind.compareTo("group") < 0) {
      tree.put(kind, object);
    }
    Tree role = Views.ref("roles", permission.role());
    if (permission.group()) {
      tree.put("group", Views.ref("groups", permission.subject())).put("role", role);
    } else {
      tree.put("role", role).put("user", Views.ref("users", permission.subject()));
    }
    if (named && kind.compareTo("group") > 0) {
      tree.put(kind, object);
    }
    String id = permission.id().toString();
    if (permission.group()) {
      tree.put("href", Views.API + "/groups/" + permission.subject() + "/permissions/" + id);
    } else if (kind.equals("system")) {
      tree.put("href", Views.API + "/permissions/" + id);
    } else if (named) {
      tree.put("href", objectHref + "/permissions/" + id);
    }
    return tree.put("id", id);
  }

  /** Permissions of a user or group with those of its groups, as {@code /users/x/permissions}. */
  List<Tree> permissionsOf(Caller caller, UUID subject, boolean group) {
    if (caller.filtered() && !caller.id().equals(subject)) {
      return List.of();
    }
    Set<UUID> subjects = new HashSet<>(List.of(Rights.EVERYONE, subject));
    if (group) {
      Engine.found(rights.groups.get(subject));
    } else {
      subjects.addAll(rights.users.get(subject).orElseThrow(ApiException::notFound).groups());
    }
    List<Tree> all = new ArrayList<>();
    for (Permission permission :
        rights.permissions.where(permission -> subjects.contains(permission.subject()))) {
      Tree tree = new Tree();
      Target target = permission.target();
      String collection = permission.group() ? "groups" : "users";
      tree.put(permission.group() ? "group" : "user", Views.ref(collection, permission.subject()));
      tree.put("role", Views.ref("roles", permission.role()));
      if (Set.of("cluster", "data_center", "vm", "host", "template").contains(target.kind())) {
        tree.put(target.kind(), Views.ref(Views.collection(target.kind()), target.id()));
      }
      String href = Views.API + "/" + collection + "/" + permission.subject() + "/permissions/";
      all.add(tree.put("href", href + permission.id()).put("id", permission.id().toString()));
    }
    return all;
  }

  Tree addPermission(Caller caller, Target target, Tree body) {
    rights.require(caller, Permit.MANIPULATE_PERMISSIONS, target);
    Role role =
        body.child("role")
            .flatMap(
                ref ->
                    ref.text("id").isPresent()
                        ? rights.roles.get(Engine.uuid(ref.text("id")))
                        : rights.roles.first(
                            each -> Optional.of(each.name()).equals(ref.text("name"))))
            .orElseThrow(() -> ApiException.missing("permission.role.id|name"));
    boolean group = body.has("group");
    UUID subject = Engine.uuid(body.idOf(group ? "group" : "user"));
    String name =
        group
            ? rights.groups.get(subject).orElseThrow(ApiException::notFound).name()
            : rights.users.get(subject).orElseThrow(ApiException::notFound).firstName();
    Permission permission = rights.grant(role.id(), subject, group, target);
    engine.events.write(
        Kind.USER_ADD_PERMISSION,
        "User/Group "
            + name
            + ", Namespace *, Authorization provider: internal-authz was granted permission for"
            + " Role "
            + role.name()
            + " on "
            + describe(target)
            + ", by "
            + caller.name()
            + ".",
        caller.correlation(),
        List.of(caller.link()));
    // What comes back names the subject as a user, also where it is a group.
    Tree tree =
        onObject(new Permission(permission.id(), role.id(), subject, false, target), target);
    return tree.has("href") ? tree : tree.put("href", "");
  }

  /** Takes a permission away. */
  void removePermission(Caller caller, UUID id) {
    Permission permission = rights.permissions.get(id).orElseThrow(ApiException::notFound);
    rights.require(caller, Permit.MANIPULATE_PERMISSIONS, permission.target());
    rights.permissions.remove(id);
  }

  private String describe(Target target) {
    return switch (target.kind()) {
      case "data_center" ->
          "Data Center " + engine.dataCenters.get(target.id()).orElseThrow().name();
      case "cluster" -> "Cluster " + engine.clusters.get(target.id()).orElseThrow().name();
      case "network" -> "Network " + engine.networks.get(target.id()).orElseThrow().name();
      case "vnic_profile" ->
          "VM network interface profile " + engine.profiles.get(target.id()).orElseThrow().name();
      case "vm" -> "VM " + engine.vms.get(target.id()).orElseThrow().name();
      default -> "System";
    };
  }

  private static Tree domain() {
    return new Tree()
        .put("name", Rights.DOMAIN)
        .put("href", Views.API + "/domains/" + Rights.DOMAIN_ID)
        .put("id", Rights.DOMAIN_ID);
  }

  private static Tree view(User user) {
    String href = Views.API + "/users/" + user.id();
    return new Tree()
        .put("department", "")
        .put("domain_entry_id", Rights.hex(user.principal().toString()))
        .put("email", user.email())
        .put("last_name", "")
        .put("namespace", "*")
        .put("principal", user.login())
        .put("user_name", user.qualified())
        .put("domain", domain())
        .put("name", user.firstName())
        .put(
            "link",
            Views.links(
                href,
                List.of(
                    "groups",
                    "roles",
                    "permissions",
                    "tags",
                    "options",
                    "sshpublickeys",
                    "eventsubscriptions")))
        .put("href", href)
        .put("id", user.id().toString());
  }

  private static Tree view(Group group) {
    String href = Views.API + "/groups/" + group.id();
    Tree tree =
        new Tree().put("domain_entry_id", Rights.hex(group.externalId())).put("namespace", "*");
    if (group.ofDirectory()) {
      tree.put("domain", domain());
    }
    return tree.put("name", group.name())
        .put("link", Views.links(href, List.of("roles", "permissions", "tags")))
        .put("href", href)
        .put("id", group.id().toString());
  }

  private static Tree view(Role role) {
    String href = Views.API + "/roles/" + role.id();
    return new Tree()
        .put("administrative", role.administrative())
        .put("mutable", false)
        .put("name", role.name())
        .put("description", role.description())
        .put("link", List.of(Views.link(href, "permits")))
        .put("href", href)
        .put("id", role.id().toString());
  }
}
