// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.ovirt.engine.sdk4.types.Balance;
import org.ovirt.engine.sdk4.types.Event;
import org.ovirt.engine.sdk4.types.Filter;
import org.ovirt.engine.sdk4.types.Group;
import org.ovirt.engine.sdk4.types.OpenStackNetworkProvider;
import org.ovirt.engine.sdk4.types.Permission;
import org.ovirt.engine.sdk4.types.SchedulingPolicy;
import org.ovirt.engine.sdk4.types.User;
import org.ovirt.engine.sdk4.types.Weight;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Api.Answer;
import org.ovirt.isolatedports.standin.engine.Api.Request;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.NetworkProvider;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** The API itself, options, events, scheduling, rights, and what is served of the rest. */
final class SystemRoutes extends Routes {
  SystemRoutes(Engine engine) {
    super(engine);
    root();
    events();
    scheduling();
    rights();
    rest();
  }

  private void root() {
    get("", this::apiRoot);
    get("options/{option}", this::option);
  }

  private void events() {
    get("events", this::listEvents);
    getOne(
        "events/{event}",
        "event",
        r ->
            r.path().get("event").matches("\\d{1,15}")
                ? views.event(found(engine.events.get(Long.parseLong(r.path().get("event")))))
                : found(Optional.<Tree>empty()));
    post("events", Event.class, "event", this::addEvent);
    // Dismisses an alert in the portal; the event itself stays.
    delete(
        "events/{event}",
        false,
        r -> found(engine.events.get(Long.parseLong("0" + r.path().get("event")))));
  }

  private void scheduling() {
    getList(
        "schedulingpolicyunits",
        "scheduling_policy_units",
        "scheduling_policy_unit",
        r -> engine.policies.listUnits().stream());
    getOne(
        "schedulingpolicyunits/{unit}",
        "scheduling_policy_unit",
        r -> engine.policies.unit(r.id("unit")));
    getList(
        "schedulingpolicies",
        "scheduling_policies",
        "scheduling_policy",
        r -> engine.policies.listPolicies().stream().map(views::policy));
    getOne(
        "schedulingpolicies/{policy}",
        "scheduling_policy",
        r -> views.policy(engine.policies.policy(r.id("policy"))));
    post(
        "schedulingpolicies",
        SchedulingPolicy.class,
        "scheduling_policy",
        r -> views.policy(engine.policies.add(r.caller(), r.body())));
    put(
        "schedulingpolicies/{policy}",
        SchedulingPolicy.class,
        "scheduling_policy",
        r -> views.policy(engine.policies.update(r.caller(), r.id("policy"), r.body())));
    delete(
        "schedulingpolicies/{policy}",
        false,
        r -> engine.policies.remove(r.caller(), r.id("policy")));
    policyUnits("filter", Filter.class, engine.policies::filtersOf);
    policyUnits("weight", Weight.class, engine.policies::weightsOf);
    policyUnits("balance", Balance.class, engine.policies::balancesOf);
  }

  private void policyUnits(String kind, Class<?> type, Function<UUID, List<Tree>> list) {
    String path = "schedulingpolicies/{policy}/" + kind + "s";
    getList(path, kind + "s", kind, r -> list.apply(r.id("policy")).stream());
    // The engine answers 200 here, not 201.
    add(
        "POST",
        path,
        Optional.of(type),
        false,
        r ->
            new Answer(
                200,
                kind,
                engine.policies.addUnit(r.caller(), r.id("policy"), kind, r.body()),
                Optional.empty()));
    delete(
        path + "/{unit}",
        false,
        r -> engine.policies.removeUnit(r.caller(), r.id("policy"), kind, r.id("unit")));
  }

  private void rights() {
    getList("users", "users", "user", r -> engine.rightsCommands.listUsers(r.caller()).stream());
    getOne("users/{user}", "user", r -> engine.rightsCommands.getUser(r.caller(), r.id("user")));
    post("users", User.class, "user", r -> engine.rightsCommands.addUser(r.caller(), r.body()));
    getList(
        "users/{user}/groups",
        "groups",
        "group",
        r -> engine.rightsCommands.groupsOf(r.id("user")).stream());
    getList(
        "users/{user}/roles",
        "roles",
        "role",
        r -> engine.rightsCommands.rolesOf(r.caller(), r.id("user")).stream());
    getList(
        "users/{user}/permissions",
        "permissions",
        "permission",
        r -> engine.rightsCommands.permissionsOf(r.caller(), r.id("user"), false).stream());
    getList("groups", "groups", "group", r -> engine.rightsCommands.listGroups().stream());
    getOne("groups/{group}", "group", r -> engine.rightsCommands.getGroup(r.id("group")));
    post("groups", Group.class, "group", r -> engine.rightsCommands.addGroup(r.caller(), r.body()));
    getList(
        "groups/{group}/permissions",
        "permissions",
        "permission",
        r -> engine.rightsCommands.permissionsOf(r.caller(), r.id("group"), true).stream());
    getList("roles", "roles", "role", r -> engine.rightsCommands.listRoles(r.caller()).stream());
    getOne("roles/{role}", "role", r -> engine.rightsCommands.getRole(r.id("role")));
    getList(
        "roles/{role}/permits",
        "permits",
        "permit",
        r -> engine.rightsCommands.permitsOf(r.id("role")).stream());
    getList(
        "permissions",
        "permissions",
        "permission",
        r -> engine.rightsCommands.permissionsOnSystem().stream());
    post(
        "permissions",
        Permission.class,
        "permission",
        r -> engine.rightsCommands.addPermission(r.caller(), Rights.SYSTEM, r.body()));
    delete(
        "permissions/{permission}",
        false,
        r -> engine.rightsCommands.removePermission(r.caller(), r.id("permission")));
  }

  private void rest() {
    getList(
        "openstacknetworkproviders",
        "openstack_network_providers",
        "openstack_network_provider",
        r -> engine.providers.all().stream().map(views::provider));
    post(
        "openstacknetworkproviders",
        OpenStackNetworkProvider.class,
        "openstack_network_provider",
        this::addProvider);
    Tree blank =
        Tree.ref(Views.API + "/templates/" + Views.BLANK, Views.BLANK).put("name", "Blank");
    getList("templates", "templates", "template", r -> Stream.of(blank));
    getOne("templates/" + Views.BLANK, "template", r -> blank);
  }

  private Answer apiRoot(Request r) {
    Tree shape = Shapes.load("api");
    String[] version = engine.productVersion().split("[._-]", -1);
    Tree tree = new Tree();
    boolean administrator = !r.caller().filtered();
    if (administrator) {
      tree.put("engine_backup", new Tree());
    }
    tree.put(
            "product_info",
            new Tree()
                .putIfPresent(
                    "instance_id",
                    administrator
                        ? Optional.of("be5c6d44-e5e6-11f1-bfed-02fc00000001")
                        : Optional.empty())
                .put("name", "oVirt Engine")
                .put(
                    "version",
                    new Tree()
                        .put("build", version[2])
                        .put("full_version", engine.productVersion())
                        .put("major", version[0])
                        .put("minor", version[1])
                        .put("revision", "0")))
        .put("special_objects", shape.child("special_objects").orElseThrow());
    if (administrator) {
      tree.put(
          "summary",
          new Tree()
              .put("hosts", counts(engine.hosts.where(Host::up).size(), engine.hosts.size()))
              .put("storage_domains", counts(0, 0))
              .put("users", counts(engine.rights.knownUsers(), engine.rights.knownUsers()))
              .put(
                  "vms",
                  counts(engine.vms.where(vm -> vm.status().running()).size(), engine.vms.size())));
    }
    tree.put("time", Instant.now())
        .put("authenticated_user", Views.ref("users", r.caller().id()))
        .put("effective_user", Views.ref("users", r.caller().id()))
        .put("link", shape.children("link"));
    return new Answer(200, "api", tree, Optional.empty());
  }

  private static Tree counts(long active, long total) {
    return new Tree().put("active", active).put("total", total);
  }

  /** The engine shows only options of client access level "user"; the rest answer as unknown. */
  private Answer option(Request r) {
    String name = r.path().get("option");
    if (!List.of("ProductRPMVersion", "VM64BitMaxMemorySizeInMB", "UserDefinedVMProperties")
        .contains(name)) {
      throw ApiException.notFound();
    }
    List<Tree> values =
        engine.options.effective(name).stream()
            .filter(
                row ->
                    row.version().equals(Options.GENERAL)
                        || r.parameter("version").map(row.version()::equals).orElse(true))
            .map(row -> new Tree().put("value", row.optionValue()).put("version", row.version()))
            .toList();
    if (values.isEmpty()) {
      throw ApiException.notFound();
    }
    Tree tree =
        new Tree()
            .putList("values", "system_option_value", values)
            .put("name", name)
            .put("href", Views.API + "/options/" + name)
            .put("id", name);
    return new Answer(200, "system_option", tree, Optional.empty());
  }

  private Answer listEvents(Request r) {
    long from =
        r.parameter("from")
            .filter(each -> each.matches("\\d{1,15}"))
            .map(Long::parseLong)
            .orElse(0L);
    String search = r.parameter("search").orElse("");
    List<Model.Event> events = new ArrayList<>(engine.events.after(from));
    Search asked = Search.parse(search);
    if (asked.ascending()) {
      java.util.Collections.reverse(events);
    }
    List<Tree> found =
        asked.nothing()
            ? List.of()
            : events.stream()
                .filter(event -> matches(event, asked))
                .limit(max(r, 100))
                .map(views::event)
                .toList();
    Tree tree = new Tree();
    // An empty list of events is an empty object in JSON, unlike other empty lists.
    return new Answer(
        200, "events", found.isEmpty() ? tree : tree.put("event", found), Optional.empty());
  }

  private static boolean matches(Model.Event event, Search search) {
    return search.conditions().entrySet().stream()
        .allMatch(
            each ->
                switch (each.getKey()) {
                  case "type" -> Integer.toString(event.code()).equals(each.getValue());
                  case "severity" -> event.severity().equals(each.getValue());
                  case "origin" -> Search.like(event.origin(), each.getValue());
                  case "message" -> Search.like(event.description(), each.getValue());
                  case "correlation_id" ->
                      event.correlationId().equals(Optional.of(each.getValue()));
                  default -> false;
                });
  }

  private Tree addEvent(Request r) {
    Tree body = r.body();
    for (String name : List.of("custom_id", "description", "origin", "severity")) {
      if (!body.has(name)) {
        throw ApiException.missing("event." + name);
      }
    }
    engine.rights.require(r.caller(), Permit.INJECT_EXTERNAL_EVENTS, Rights.SYSTEM);
    String origin = body.text("origin").orElseThrow();
    long customId = body.number("custom_id").orElseThrow();
    if (origin.equalsIgnoreCase("oVirt")) {
      throw ApiException.refused(
          400, "Cannot add External Event. Illegal Origin for External Event : oVirt");
    }
    synchronized (engine.commands) {
      if (engine.events.has(origin, customId)) {
        throw ApiException.refused(
            400, "=Cannot add External Event. External Event with this custom id already exists.");
      }
      List<EventLink> links = new ArrayList<>();
      body.idOf("cluster")
          .flatMap(id -> engine.clusters.get(Engine.uuid(Optional.of(id))))
          .ifPresent(each -> links.add(Engine.link(each)));
      body.idOf("data_center")
          .flatMap(id -> engine.dataCenters.get(Engine.uuid(Optional.of(id))))
          .ifPresent(each -> links.add(Engine.link(each)));
      body.idOf("host")
          .flatMap(id -> engine.hosts.get(Engine.uuid(Optional.of(id))))
          .ifPresent(each -> links.add(Engine.link(each)));
      body.idOf("vm")
          .flatMap(id -> engine.vms.get(Engine.uuid(Optional.of(id))))
          .ifPresent(each -> links.add(EventLog.link("vm", each.name(), each.id())));
      return views.event(
          engine.events.writeExternal(
              body.text("severity").orElseThrow().toLowerCase(Locale.ROOT),
              body.text("description").orElseThrow(),
              origin,
              customId,
              links));
    }
  }

  private Tree addProvider(Request r) {
    Tree body = r.body();
    engine.rights.require(r.caller(), Permit.CREATE_STORAGE_POOL, Rights.SYSTEM);
    NetworkProvider provider =
        new NetworkProvider(
            UUID.randomUUID(),
            body.text("name")
                .orElseThrow(() -> ApiException.missing("openstack_network_provider.name")),
            body.text("url").orElse(""),
            body.text("type").orElse("external"),
            body.flag("read_only").orElse(false),
            body.flag("unmanaged").orElse(false),
            body.flag("requires_authentication").orElse(false));
    engine.providers.put(provider.id(), provider);
    engine.events.write(
        Kind.PROVIDER_ADDED,
        "Provider " + provider.name() + " was added. (User: " + r.caller().name() + ")",
        r.caller().correlation(),
        List.of(r.caller().link()));
    return views.provider(provider);
  }
}
