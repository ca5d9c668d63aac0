// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.ovirt.engine.sdk4.types.Action;
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
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.NetworkProvider;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/**
 * What of REST API v4 is served: one route for each method of each path, below {@code
 * /ovirt-engine/api}. Reading the list below is reading what the stand-in can do.
 */
public final class Api {
  /** A request that was let in, with its body read and checked against the model. */
  public record Request(
      Caller caller, Map<String, String> path, Map<String, String> query, Tree body) {
    UUID id(String name) {
      String text = path.get(name);
      try {
        return UUID.fromString(text);
      } catch (IllegalArgumentException e) {
        throw ApiException.notFound();
      }
    }

    Optional<String> parameter(String name) {
      return Optional.ofNullable(query.get(name));
    }
  }

  /** What is answered; {@code location} only for what was created. */
  public record Answer(int status, String root, Tree tree, Optional<String> location) {}

  /** Carries out one kind of request. */
  public interface Handler {
    /** The answer, or an {@link ApiException}. */
    Answer handle(Request request);
  }

  /**
   * One method of one path.
   *
   * @param template with names in braces, such as {@code networks/{network}}
   * @param bodyType the SDK type of the body; empty for methods without one
   * @param usage the part of the API documentation a bad body is answered with
   * @param action whether faults come wrapped in an action
   */
  public record Route(
      String method,
      String template,
      Optional<Class<?>> bodyType,
      String usage,
      boolean action,
      Handler handler) {}

  private static final Set<String> NOTHING_WHEN_EMPTY =
      Set.of("vm", "user", "role", "permission", "group");

  private final Engine engine;
  private final Views views;
  private final List<Route> routes = new ArrayList<>();

  /** The API of an engine. */
  public Api(Engine engine) {
    this.engine = engine;
    this.views = engine.views;
    root();
    dataCentersAndClusters();
    networks();
    profiles();
    hosts();
    vms();
    events();
    scheduling();
    rights();
    rest();
  }

  /** All routes. */
  public List<Route> routes() {
    return routes;
  }

  // --- the list ---

  private void root() {
    get("", this::apiRoot);
    get("options/{option}", this::option);
  }

  private void dataCentersAndClusters() {
    getList(
        "datacenters",
        "data_centers",
        "data_center",
        r -> engine.dataCenters.all().stream().map(views::dataCenter));
    getOne(
        "datacenters/{dc}",
        "data_center",
        r -> views.dataCenter(found(engine.dataCenters.get(r.id("dc")))));
    post(
        "datacenters",
        org.ovirt.engine.sdk4.types.DataCenter.class,
        "data_center",
        r -> views.dataCenter(engine.clusterCommands.addDataCenter(r.caller(), r.body())));
    // Storage is not modelled, so there are no bonds of it.
    getList(
        "datacenters/{dc}/iscsibonds",
        "iscsi_bonds",
        "iscsi_bond",
        r -> {
          found(engine.dataCenters.get(r.id("dc")));
          return Stream.empty();
        });
    getList(
        "datacenters/{dc}/clusters",
        "clusters",
        "cluster",
        r -> {
          found(engine.dataCenters.get(r.id("dc")));
          return engine.clusters.where(each -> each.dataCenter().equals(r.id("dc"))).stream()
              .map(views::cluster);
        });
    getList(
        "clusters", "clusters", "cluster", r -> engine.clusters.all().stream().map(views::cluster));
    getOne(
        "clusters/{cluster}",
        "cluster",
        r -> views.cluster(found(engine.clusters.get(r.id("cluster")))));
    Class<?> type = org.ovirt.engine.sdk4.types.Cluster.class;
    post(
        "clusters",
        type,
        "cluster",
        r ->
            views.clusterWritten(
                engine.clusterCommands.add(r.caller(), r.body(), Optional.empty())));
    post(
        "datacenters/{dc}/clusters",
        type,
        "cluster",
        r ->
            views.clusterWritten(
                engine.clusterCommands.add(r.caller(), r.body(), Optional.of(r.id("dc")))));
    BiFunction<Request, UUID, Tree> update =
        (r, id) -> views.clusterWritten(engine.clusterCommands.update(r.caller(), id, r.body()));
    put("clusters/{cluster}", type, "cluster", r -> update.apply(r, r.id("cluster")));
    put(
        "datacenters/{dc}/clusters/{cluster}",
        type,
        "cluster",
        r -> update.apply(r, r.id("cluster")));
    delete(
        "clusters/{cluster}",
        false,
        r -> engine.clusterCommands.remove(r.caller(), r.id("cluster")));
    permissions(
        "clusters/{cluster}", r -> Clusters.target(existing(engine.clusters, r, "cluster")));
    permissions(
        "datacenters/{dc}", r -> new Target("data_center", existing(engine.dataCenters, r, "dc")));
  }

  private void networks() {
    Class<?> type = org.ovirt.engine.sdk4.types.Network.class;
    getList(
        "networks",
        "networks",
        "network",
        r -> visibleNetworks(r, network -> true).map(views::network));
    getOne(
        "networks/{network}",
        "network",
        r -> views.network(engine.networkCommands.find(r.caller(), r.id("network"))));
    post(
        "networks",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.add(r.caller(), r.body(), Optional.empty()), true));
    put(
        "networks/{network}",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.update(r.caller(), r.id("network"), r.body()), true));
    delete(
        "networks/{network}",
        true,
        r -> engine.networkCommands.remove(r.caller(), r.id("network")));
    getList(
        "networks/{network}/networklabels",
        "network_labels",
        "network_label",
        r -> engine.networkCommands.labels(r.caller(), r.id("network")).stream());
    post(
        "networks/{network}/networklabels",
        org.ovirt.engine.sdk4.types.NetworkLabel.class,
        "network_label",
        r -> engine.networkCommands.addLabel(r.caller(), r.id("network"), r.body()));
    delete(
        "networks/{network}/networklabels/{label}",
        false,
        r ->
            engine.networkCommands.removeLabel(r.caller(), r.id("network"), r.path().get("label")));
    permissions(
        "networks/{network}", r -> Networks.target(existing(engine.networks, r, "network")));

    getList(
        "datacenters/{dc}/networks",
        "networks",
        "network",
        r -> {
          UUID id = found(engine.dataCenters.get(r.id("dc"))).id();
          return visibleNetworks(r, network -> network.dataCenter().equals(id))
              .map(views::networkOfDataCenter);
        });
    getOne(
        "datacenters/{dc}/networks/{network}",
        "network",
        r -> views.networkWritten(networkOfDataCenter(r), false));
    post(
        "datacenters/{dc}/networks",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.add(r.caller(), r.body(), Optional.of(r.id("dc"))), false));
    put(
        "datacenters/{dc}/networks/{network}",
        type,
        "network",
        r ->
            views.networkWritten(
                engine.networkCommands.update(r.caller(), networkOfDataCenter(r).id(), r.body()),
                false));
    delete(
        "datacenters/{dc}/networks/{network}",
        true,
        r -> engine.networkCommands.remove(r.caller(), networkOfDataCenter(r).id()));
    permissions(
        "datacenters/{dc}/networks/{network}",
        r -> Networks.target(existing(engine.networks, r, "network")));

    getList(
        "clusters/{cluster}/networks",
        "networks",
        "network",
        r -> engine.networkCommands.ofCluster(r.caller(), r.id("cluster")).stream());
    getOne(
        "clusters/{cluster}/networks/{network}",
        "network",
        r -> engine.networkCommands.oneOfCluster(r.caller(), r.id("cluster"), r.id("network")));
    post(
        "clusters/{cluster}/networks",
        type,
        "network",
        r -> engine.networkCommands.attach(r.caller(), r.id("cluster"), r.body()));
    put(
        "clusters/{cluster}/networks/{network}",
        type,
        "network",
        r ->
            engine.networkCommands.updateInCluster(
                r.caller(), r.id("cluster"), r.id("network"), r.body()));
    delete(
        "clusters/{cluster}/networks/{network}",
        false,
        r -> engine.networkCommands.detach(r.caller(), r.id("cluster"), r.id("network")));
  }

  private Model.Network networkOfDataCenter(Request r) {
    Model.Network network = engine.networkCommands.find(r.caller(), r.id("network"));
    if (!network.dataCenter().equals(r.id("dc"))) {
      throw ApiException.notFound();
    }
    return network;
  }

  private Stream<Model.Network> visibleNetworks(
      Request r, java.util.function.Predicate<Model.Network> which) {
    return engine.networks.where(which).stream()
        .filter(network -> engine.rights.sees(r.caller(), Networks.target(network.id())));
  }

  private void profiles() {
    Class<?> type = org.ovirt.engine.sdk4.types.VnicProfile.class;
    Function<Request, Stream<Model.VnicProfile>> visible =
        r ->
            engine
                .profiles
                .where(each -> engine.rights.sees(r.caller(), Profiles.target(each.id())))
                .stream();
    getList(
        "vnicprofiles", "vnic_profiles", "vnic_profile", r -> visible.apply(r).map(views::profile));
    getList(
        "networks/{network}/vnicprofiles",
        "vnic_profiles",
        "vnic_profile",
        r -> {
          UUID network = engine.networkCommands.find(r.caller(), r.id("network")).id();
          return visible
              .apply(r)
              .filter(each -> each.network().equals(network))
              .map(views::profile);
        });
    post(
        "vnicprofiles",
        type,
        "vnic_profile",
        r ->
            views.profileWritten(
                engine.profileCommands.add(r.caller(), r.body(), Optional.empty())));
    post(
        "networks/{network}/vnicprofiles",
        type,
        "vnic_profile",
        r ->
            views.profileWritten(
                engine.profileCommands.add(r.caller(), r.body(), Optional.of(r.id("network")))));
    for (String path :
        List.of("vnicprofiles/{profile}", "networks/{network}/vnicprofiles/{profile}")) {
      getOne(
          path,
          "vnic_profile",
          r -> views.profile(engine.profileCommands.find(r.caller(), r.id("profile"))));
      put(
          path,
          type,
          "vnic_profile",
          r ->
              views.profileWritten(
                  engine.profileCommands.update(r.caller(), r.id("profile"), r.body())));
      delete(path, false, r -> engine.profileCommands.remove(r.caller(), r.id("profile")));
      permissions(path, r -> Profiles.target(existing(engine.profiles, r, "profile")));
    }
    Tree filter =
        Tree.ref(
                Views.API + "/networkfilters/" + Engine.NO_MAC_SPOOFING,
                Engine.NO_MAC_SPOOFING.toString())
            .put("name", "vdsm-no-mac-spoofing");
    getList("networkfilters", "network_filters", "network_filter", r -> Stream.of(filter));
  }

  private void hosts() {
    getList(
        "hosts",
        "hosts",
        "host",
        r ->
            engine.hosts.all().stream()
                .filter(host -> engine.rights.sees(r.caller(), Hosts.target(host.id())))
                .map(views::host));
    getOne(
        "hosts/{host}",
        "host",
        r -> {
          Tree host = views.host(engine.hostCommands.find(r.caller(), r.id("host")));
          return allContent(r) ? host.put("network_operation_in_progress", false) : host;
        });
    post(
        "hosts",
        org.ovirt.engine.sdk4.types.Host.class,
        "host",
        r -> views.host(engine.hostCommands.add(r.caller(), r.body())));
    delete("hosts/{host}", false, r -> engine.hostCommands.remove(r.caller(), r.id("host")));
    getList(
        "hosts/{host}/hooks",
        "hooks",
        "hook",
        r -> engine.hostCommands.hooks(r.caller(), r.id("host")).stream());
    getOne(
        "hosts/{host}/hooks/{hook}",
        "hook",
        r -> byId(engine.hostCommands.hooks(r.caller(), r.id("host")), r.path().get("hook")));
    getList(
        "hosts/{host}/nics",
        "host_nics",
        "host_nic",
        r -> engine.hostCommands.nics(r.caller(), r.id("host")).stream());
    getOne(
        "hosts/{host}/nics/{nic}",
        "host_nic",
        r ->
            byId(engine.hostCommands.nics(r.caller(), r.id("host")), r.path().get("nic"))
                .remove("properties"));
    getList(
        "hosts/{host}/networkattachments",
        "network_attachments",
        "network_attachment",
        r -> engine.hostCommands.attachments(r.caller(), r.id("host")).stream());
    getList(
        "hosts/{host}/unmanagednetworks",
        "unmanaged_networks",
        "unmanaged_network",
        r -> engine.hostCommands.unmanaged(r.caller(), r.id("host")).stream());
    hostAction("activate", true, r -> engine.hostCommands.activate(r.caller(), r.id("host")));
    hostAction("deactivate", false, r -> engine.hostCommands.maintain(r.caller(), r.id("host")));
    hostAction("refresh", false, r -> engine.hostCommands.refresh(r.caller(), r.id("host")));
    permissions("hosts/{host}", r -> Hosts.target(existing(engine.hosts, r, "host")));
  }

  private void hostAction(String name, boolean job, Function<Request, Host> command) {
    action(
        "hosts/{host}/" + name, r -> done(job).put("host", views.hostInAction(command.apply(r))));
  }

  /** A search for a host names it, while a VM is shown with a link to it. */
  private boolean isOnHost(Model.Vm vm, Search search) {
    Optional<String> wanted = Optional.ofNullable(search.conditions().get("host"));
    return wanted.isEmpty()
        || vm.host()
            .flatMap(engine.hosts::get)
            .filter(host -> Search.like(host.name(), wanted.get()))
            .isPresent();
  }

  private void vms() {
    getList(
        "vms",
        "vms",
        "vm",
        r ->
            engine.vms.all().stream()
                .filter(vm -> engine.rights.sees(r.caller(), Vms.target(vm.id())))
                .filter(vm -> isOnHost(vm, Search.parse(r.parameter("search").orElse(""))))
                .map(vm -> views.vm(vm, allContent(r))));
    getOne(
        "vms/{vm}",
        "vm",
        r -> views.vm(engine.vmCommands.find(r.caller(), r.id("vm")), allContent(r)));
    Class<?> type = org.ovirt.engine.sdk4.types.Vm.class;
    post("vms", type, "vm", r -> views.vm(engine.vmCommands.add(r.caller(), r.body()), true));
    put(
        "vms/{vm}",
        type,
        "vm",
        r -> views.vm(engine.vmCommands.update(r.caller(), r.id("vm"), r.body()), true));
    delete("vms/{vm}", true, r -> engine.vmCommands.remove(r.caller(), r.id("vm")));
    vmAction("start", r -> engine.vmCommands.start(r.caller(), r.id("vm"), r.body()));
    vmAction("stop", r -> engine.vmCommands.stop(r.caller(), r.id("vm")));
    vmAction("shutdown", r -> engine.vmCommands.shutdown(r.caller(), r.id("vm")));
    vmAction("reboot", r -> engine.vmCommands.reboot(r.caller(), r.id("vm")));
    vmAction("migrate", r -> engine.vmCommands.migrate(r.caller(), r.id("vm"), r.body()));
    permissions("vms/{vm}", r -> Vms.target(existing(engine.vms, r, "vm")));

    Class<?> nic = org.ovirt.engine.sdk4.types.Nic.class;
    getList(
        "vms/{vm}/nics",
        "nics",
        "nic",
        r ->
            engine.nicsOf(engine.vmCommands.find(r.caller(), r.id("vm")).id()).stream()
                .map(engine.nicCommands::shown)
                .map(views::nic));
    getOne(
        "vms/{vm}/nics/{nic}",
        "nic",
        r -> {
          UUID vm = engine.vmCommands.find(r.caller(), r.id("vm")).id();
          return views.nic(engine.nicCommands.shown(engine.nicCommands.find(vm, r.id("nic"))));
        });
    post(
        "vms/{vm}/nics",
        nic,
        "nic",
        r -> views.nic(engine.nicCommands.add(r.caller(), r.id("vm"), r.body())));
    put(
        "vms/{vm}/nics/{nic}",
        nic,
        "nic",
        r -> views.nic(engine.nicCommands.update(r.caller(), r.id("vm"), r.id("nic"), r.body())));
    delete(
        "vms/{vm}/nics/{nic}",
        false,
        r -> engine.nicCommands.remove(r.caller(), r.id("vm"), r.id("nic")));
    plugAction("activate", true);
    plugAction("deactivate", false);
  }

  private static boolean allContent(Request r) {
    return r.parameter("all_content").equals(Optional.of("true"));
  }

  private void vmAction(String name, Function<Request, Vm> command) {
    action("vms/{vm}/" + name, r -> done(true).put("vm", views.vmInAction(command.apply(r))));
  }

  private void plugAction(String name, boolean plugged) {
    action(
        "vms/{vm}/nics/{nic}/" + name,
        r -> {
          engine.nicCommands.update(
              r.caller(), r.id("vm"), r.id("nic"), new Tree().put("plugged", plugged));
          return done(false);
        });
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
        r -> engine.scheduling.listUnits().stream());
    getOne(
        "schedulingpolicyunits/{unit}",
        "scheduling_policy_unit",
        r -> engine.scheduling.unit(r.id("unit")));
    getList(
        "schedulingpolicies",
        "scheduling_policies",
        "scheduling_policy",
        r -> engine.scheduling.listPolicies().stream().map(views::policy));
    getOne(
        "schedulingpolicies/{policy}",
        "scheduling_policy",
        r -> views.policy(engine.scheduling.policy(r.id("policy"))));
    post(
        "schedulingpolicies",
        SchedulingPolicy.class,
        "scheduling_policy",
        r -> views.policy(engine.scheduling.add(r.caller(), r.body())));
    put(
        "schedulingpolicies/{policy}",
        SchedulingPolicy.class,
        "scheduling_policy",
        r -> views.policy(engine.scheduling.update(r.caller(), r.id("policy"), r.body())));
    delete(
        "schedulingpolicies/{policy}",
        false,
        r -> engine.scheduling.remove(r.caller(), r.id("policy")));
    policyUnits("filter", Filter.class, engine.scheduling::filtersOf);
    policyUnits("weight", Weight.class, engine.scheduling::weightsOf);
    policyUnits("balance", Balance.class, engine.scheduling::balancesOf);
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
                engine.scheduling.addUnit(r.caller(), r.id("policy"), kind, r.body()),
                Optional.empty()));
    delete(
        path + "/{unit}",
        false,
        r -> engine.scheduling.removeUnit(r.caller(), r.id("policy"), kind, r.id("unit")));
  }

  private void rights() {
    getList("users", "users", "user", r -> engine.rights.listUsers(r.caller()).stream());
    getOne("users/{user}", "user", r -> engine.rights.getUser(r.caller(), r.id("user")));
    post("users", User.class, "user", r -> engine.rights.addUser(r.caller(), r.body()));
    getList(
        "users/{user}/groups",
        "groups",
        "group",
        r -> engine.rights.groupsOf(r.id("user")).stream());
    getList(
        "users/{user}/roles",
        "roles",
        "role",
        r -> engine.rights.rolesOf(r.caller(), r.id("user")).stream());
    getList(
        "users/{user}/permissions",
        "permissions",
        "permission",
        r -> engine.rights.permissionsOf(r.caller(), r.id("user"), false).stream());
    getList("groups", "groups", "group", r -> engine.rights.listGroups().stream());
    getOne("groups/{group}", "group", r -> engine.rights.getGroup(r.id("group")));
    post("groups", Group.class, "group", r -> engine.rights.addGroup(r.caller(), r.body()));
    getList(
        "groups/{group}/permissions",
        "permissions",
        "permission",
        r -> engine.rights.permissionsOf(r.caller(), r.id("group"), true).stream());
    getList("roles", "roles", "role", r -> engine.rights.listRoles(r.caller()).stream());
    getOne("roles/{role}", "role", r -> engine.rights.getRole(r.id("role")));
    getList(
        "roles/{role}/permits",
        "permits",
        "permit",
        r -> engine.rights.permitsOf(r.id("role")).stream());
    getList(
        "permissions",
        "permissions",
        "permission",
        r -> engine.rights.permissionsOnSystem().stream());
    post(
        "permissions",
        Permission.class,
        "permission",
        r -> engine.rights.addPermission(r.caller(), Rights.SYSTEM, r.body()));
    delete(
        "permissions/{permission}",
        false,
        r -> engine.rights.removePermission(r.caller(), r.id("permission")));
  }

  private void permissions(String path, Function<Request, Target> target) {
    getList(
        path + "/permissions",
        "permissions",
        "permission",
        r -> engine.rights.permissionsOn(r.caller(), target.apply(r)).stream());
    post(
        path + "/permissions",
        Permission.class,
        "permission",
        r -> engine.rights.addPermission(r.caller(), target.apply(r), r.body()));
    delete(
        path + "/permissions/{permission}",
        false,
        r -> engine.rights.removePermission(r.caller(), r.id("permission")));
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

  // --- what needs more than a line ---

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

  private static long max(Request r, long otherwise) {
    return r.parameter("max")
        .filter(each -> each.matches("\\d{1,9}"))
        .map(Long::parseLong)
        .orElse(otherwise);
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

  // --- how the list is made ---

  private static <T> T found(Optional<T> entity) {
    return Engine.found(entity);
  }

  private static UUID existing(Store<?> store, Request r, String name) {
    UUID id = r.id(name);
    found(store.get(id));
    return id;
  }

  private static Tree byId(List<Tree> trees, String id) {
    return found(
        trees.stream().filter(each -> each.text("id").equals(Optional.of(id))).findFirst());
  }

  private static Tree done(boolean job) {
    Tree tree = new Tree();
    if (job) {
      tree.put("job", Views.ref("jobs", UUID.randomUUID()));
    }
    return tree.put("status", "complete");
  }

  private void add(
      String method, String template, Optional<Class<?>> type, boolean action, Handler handler) {
    String service = serviceOf(template, action);
    String usage =
        "/ovirt-engine/apidoc#services/" + service + "/methods/" + verb(method, template, action);
    routes.add(new Route(method, template, type, usage, action, handler));
  }

  /** {@code networks} for a collection, {@code network} for one entity of it. */
  private static String serviceOf(String template, boolean action) {
    String[] parts = template.split("/", -1);
    int last = parts.length - (action ? 2 : 1);
    String part = parts[Math.max(last, 0)];
    return part.startsWith("{") ? part.substring(1, part.length() - 1) : part;
  }

  private static String verb(String method, String template, boolean action) {
    if (action) {
      return template.substring(template.lastIndexOf('/') + 1);
    }
    return method.equals("POST") ? "add" : "update";
  }

  private void get(String template, Handler handler) {
    add("GET", template, Optional.empty(), false, handler);
  }

  private void getOne(String template, String root, Function<Request, Tree> read) {
    get(template, r -> new Answer(200, root, read.apply(r), Optional.empty()));
  }

  private void getList(
      String template, String root, String item, Function<Request, Stream<Tree>> read) {
    get(
        template,
        r -> {
          Search search = Search.parse(r.parameter("search").orElse(""));
          Stream<Tree> all =
              search.nothing()
                  ? Stream.of()
                  : read.apply(r).filter(each -> search.matches(each, this::clusterName));
          long max = max(r, Long.MAX_VALUE);
          // A page is as long as the list may be; the engine's own length where no one says is 100.
          long skipped = (search.page() - 1) * (max == Long.MAX_VALUE ? 100 : max);
          List<Tree> found = all.skip(skipped).limit(max).toList();
          Tree tree = new Tree();
          // Which empty lists are an empty object in JSON is a matter of the engine's code.
          if (!found.isEmpty() || !NOTHING_WHEN_EMPTY.contains(item)) {
            tree.put(item, found);
          }
          return new Answer(200, root, tree, Optional.empty());
        });
  }

  private Optional<String> clusterName(String id) {
    return engine.clusters.get(UUID.fromString(id)).map(Model.Cluster::name);
  }

  private void post(String template, Class<?> type, String root, Function<Request, Tree> create) {
    add(
        "POST",
        template,
        Optional.of(type),
        false,
        r -> {
          Tree tree = create.apply(r);
          return new Answer(201, root, tree, tree.text("href"));
        });
  }

  private void put(String template, Class<?> type, String root, Function<Request, Tree> update) {
    add(
        "PUT",
        template,
        Optional.of(type),
        false,
        r -> new Answer(200, root, update.apply(r), Optional.empty()));
  }

  /** What removes an entity. */
  private interface Removal {
    void remove(Request request);
  }

  private void delete(String template, boolean job, Removal removal) {
    add(
        "DELETE",
        template,
        Optional.empty(),
        false,
        r -> {
          removal.remove(r);
          return new Answer(200, "action", done(job), Optional.empty());
        });
  }

  private void action(String template, Function<Request, Tree> act) {
    add(
        "POST",
        template,
        Optional.of(Action.class),
        true,
        r -> new Answer(200, "action", act.apply(r), Optional.empty()));
  }
}
