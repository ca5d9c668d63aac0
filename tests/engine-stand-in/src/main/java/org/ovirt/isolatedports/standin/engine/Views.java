// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.Links;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.ClusterNetwork;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.Event;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.NetworkProvider;
import org.ovirt.isolatedports.standin.engine.Model.Policy;
import org.ovirt.isolatedports.standin.engine.Model.PolicyUnit;
import org.ovirt.isolatedports.standin.engine.Model.Version;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;

/** Entities as the engine shows them; hosts and VMs are in {@link MachineViews}. */
final class Views {
  static final String API = "/ovirt-engine/api";
  static final String BLANK = "00000000-0000-0000-0000-000000000000";
  static final UUID MAC_POOL = UUID.fromString("58ca604b-017d-0374-0220-00000000014e");

  private final Engine engine;
  private final Tree clusterShape = Shapes.load("cluster");
  private final Tree dataCenterShape = Shapes.load("data-center");

  Views(Engine engine) {
    this.engine = engine;
  }

  static Tree ref(String collection, UUID id) {
    return Tree.ref(API + "/" + collection + "/" + id, id.toString());
  }

  static Tree link(String href, String rel) {
    return new Links(href, List.of(rel)).get(0);
  }

  static List<Tree> links(String href, List<String> rels) {
    return new Links(href, rels);
  }

  /** The collection an entity of this kind is in. */
  static String collection(String kind) {
    return switch (kind) {
      case "vnic_profile" -> "vnicprofiles";
      default -> kind.replace("_", "") + "s";
    };
  }

  /** Members of the shape without the two lists of names, and the links those make. */
  static Tree shaped(Tree shape, String href) {
    Tree tree = shape.copy().remove("action_rels").remove("link_rels");
    shape
        .child("action_rels")
        .ifPresent(
            rels -> tree.put("actions", new Tree().put("link", links(href, rels.texts("rel")))));
    shape.child("link_rels").ifPresent(rels -> tree.put("link", links(href, rels.texts("rel"))));
    return tree;
  }

  private static Tree version(Version version) {
    return new Tree().put("major", version.major()).put("minor", version.minor());
  }

  static Tree properties(Map<String, String> properties, String item) {
    List<Tree> all = new ArrayList<>();
    properties.forEach((name, value) -> all.add(new Tree().put("name", name).put("value", value)));
    return new Tree().put(item, all);
  }

  // --- data centers and clusters ---

  Tree dataCenter(DataCenter dataCenter) {
    String href = API + "/datacenters/" + dataCenter.id();
    Tree tree = shaped(dataCenterShape, href);
    boolean hostsUp =
        engine
            .hosts
            .first(
                host ->
                    host.up()
                        && engine
                            .clusters
                            .get(host.cluster())
                            .filter(cluster -> cluster.dataCenter().equals(dataCenter.id()))
                            .isPresent())
            .isPresent();
    tree.put("local", dataCenter.local())
        .put("status", hostsUp ? "up" : "uninitialized")
        .put("version", version(dataCenter.version()))
        .putList(
            "supported_versions",
            "version",
            engine.levels().stream()
                .filter(level -> level.compareTo(dataCenter.version()) >= 0)
                .map(Views::version)
                .toList())
        .put("name", dataCenter.name());
    dataCenter
        .description()
        .ifPresent(
            description ->
                tree.put("description", description).put("mac_pool", ref("macpools", MAC_POOL)));
    return tree.put("href", href).put("id", dataCenter.id().toString());
  }

  Tree cluster(Cluster cluster) {
    return cluster(cluster, API + "/clusters/" + cluster.id());
  }

  /** As an add or update answers: under its data center, and with the management network. */
  Tree clusterWritten(Cluster cluster) {
    String href = API + "/datacenters/" + cluster.dataCenter() + "/clusters/" + cluster.id();
    Tree tree = cluster(cluster, href);
    engine.clusterNetworks(cluster.id()).stream()
        .filter(each -> each.roles().contains("management"))
        .findFirst()
        .ifPresent(
            each ->
                tree.put(
                    "management_network",
                    Tree.ref(href + "/networks/" + each.network(), each.network().toString())));
    return tree;
  }

  private Tree cluster(Cluster cluster, String href) {
    Tree tree = shaped(clusterShape, href);
    tree.put(
        "cpu",
        new Tree().put("architecture", cluster.architecture()).put("type", cluster.cpuType()));
    if (cluster.cpuType().isEmpty()) {
      tree.remove("bios_type").put("vnc_encryption", false);
      Tree migration = tree.child("migration").orElseThrow().copy();
      tree.put(
          "migration",
          migration.put("policy", new Tree().put("id", "80554327-0569-496b-bdeb-fcbbf52b827b")));
    }
    if (!cluster.policyProperties().isEmpty()) {
      tree.put(
          "custom_scheduling_policy_properties",
          properties(cluster.policyProperties(), "property"));
    }
    if (cluster.version().compareTo(Engine.GATE) < 0) {
      tree.put("bios_type", "q35_sea_bios");
    }
    if (engine.hosts.first(host -> host.cluster().equals(cluster.id())).isPresent()) {
      // The first host decides what was open.
      tree.put("fips_mode", "disabled");
    }
    return tree.put("switch_type", cluster.switchType())
        .put("version", version(cluster.version()))
        .put("data_center", ref("datacenters", cluster.dataCenter()))
        .put("mac_pool", ref("macpools", MAC_POOL))
        .put("scheduling_policy", ref("schedulingpolicies", cluster.schedulingPolicy()))
        .put("name", cluster.name())
        .put("description", cluster.description())
        .put("comment", cluster.comment())
        .put("href", href)
        .put("id", cluster.id().toString());
  }

  // --- networks ---

  /** As read at {@code /networks}. */
  Tree network(Network network) {
    String href = API + "/networks/" + network.id();
    return networkBody(network)
        .put("link", links(href, List.of("permissions", "vnicprofiles", "networklabels")))
        .put("href", href)
        .put("id", network.id().toString());
  }

  /** As listed under a data center: without links. */
  Tree networkOfDataCenter(Network network) {
    return networkBody(network)
        .put("href", API + "/networks/" + network.id())
        .put("id", network.id().toString());
  }

  /** As an add or update answers: under its data center. */
  Tree networkWritten(Network network, boolean withLinks) {
    String href = API + "/datacenters/" + network.dataCenter() + "/networks/" + network.id();
    Tree tree = networkBody(network);
    if (withLinks) {
      tree.put("link", links(href, List.of("permissions", "vnicprofiles", "networklabels")));
    }
    return tree.put("href", href).put("id", network.id().toString());
  }

  /** As read in a cluster: with the roles it has there. */
  Tree networkOfCluster(Network network, ClusterNetwork in) {
    List<String> usages = new ArrayList<>();
    if (network.vm()) {
      usages.add("vm");
    }
    for (String role : List.of("display", "migration", "management", "default_route", "gluster")) {
      if (in.roles().contains(role)) {
        usages.add(role);
      }
    }
    Tree tree =
        new Tree().put("display", in.roles().contains("display")).putAll(networkScalars(network));
    tree.put("required", in.required())
        .put(
            "status", in.required() && !onAllHosts(network, in) ? "non_operational" : "operational")
        .putList("usages", "usage", usages)
        .put("cluster", ref("clusters", in.cluster()))
        .put("data_center", ref("datacenters", network.dataCenter()))
        .put("name", network.name())
        .put("description", network.description())
        .put("comment", network.comment());
    String href = API + "/clusters/" + in.cluster() + "/networks/" + network.id();
    return tree.put("href", href).put("id", network.id().toString());
  }

  private boolean onAllHosts(Network network, ClusterNetwork in) {
    return engine.hosts.where(host -> host.cluster().equals(in.cluster()) && host.up()).stream()
        .allMatch(host -> host.capabilities().networks().containsKey(network.vdsmName()));
  }

  private Tree networkBody(Network network) {
    Tree tree = networkScalars(network);
    if (network.vm()) {
      tree.putList("usages", "usage", List.of("vm"));
    } else {
      tree.put("usages", new Tree());
    }
    return tree.put("data_center", ref("datacenters", network.dataCenter()))
        .put("name", network.name())
        .put("description", network.description())
        .put("comment", network.comment());
  }

  private Tree networkScalars(Network network) {
    Tree tree = new Tree().put("mtu", network.mtu());
    if (engine.knowsPortIsolation()) {
      tree.put("port_isolation", network.portIsolation());
    }
    tree.put("stp", network.stp()).put("vdsm_name", network.vdsmName());
    network.vlan().ifPresent(vlan -> tree.put("vlan", new Tree().put("id", vlan)));
    tree.putAll(network.rest());
    network
        .provider()
        .ifPresent(
            provider -> tree.put("external_provider", ref("openstacknetworkproviders", provider)));
    return tree;
  }

  // --- vNIC profiles ---

  Tree profile(VnicProfile profile) {
    return profile(profile, API + "/vnicprofiles/" + profile.id());
  }

  /** As an add or update answers: under its network. */
  Tree profileWritten(VnicProfile profile) {
    return profile(
        profile, API + "/networks/" + profile.network() + "/vnicprofiles/" + profile.id());
  }

  private Tree profile(VnicProfile profile, String href) {
    Tree tree = new Tree();
    if (!profile.customProperties().isEmpty()) {
      tree.put("custom_properties", properties(profile.customProperties(), "custom_property"));
    }
    if (profile.passThrough().equals("enabled")) {
      tree.put("migratable", false);
    }
    tree.put("pass_through", new Tree().put("mode", profile.passThrough()))
        .put("port_mirroring", profile.portMirroring())
        .putAll(profile.rest())
        .put("network", ref("networks", profile.network()));
    profile
        .networkFilter()
        .ifPresent(filter -> tree.put("network_filter", ref("networkfilters", filter)));
    return tree.put("name", profile.name())
        .putIfPresent("description", profile.description())
        .put("link", List.of(link(href, "permissions")))
        .put("href", href)
        .put("id", profile.id().toString());
  }

  // --- events, scheduling, providers ---

  Tree event(Event event) {
    Tree tree =
        new Tree()
            .put("code", event.code())
            .putIfPresent("correlation_id", event.correlationId())
            .put("custom_id", event.customId())
            .put("flood_rate", event.floodRate())
            .put("index", event.id())
            .put("origin", event.origin())
            .put("severity", event.severity())
            .put("time", event.time());
    for (EventLink link : event.links()) {
      tree.put(
          link.kind(),
          new Tree()
              .putIfPresent("name", link.name())
              .put("href", API + "/" + collection(link.kind()) + "/" + link.id())
              .put("id", link.id().toString()));
    }
    return tree.put("description", event.description())
        .put("href", API + "/events/" + event.id())
        .put("id", event.id());
  }

  Tree policy(Policy policy) {
    String href = API + "/schedulingpolicies/" + policy.id();
    Tree tree = new Tree().put("default_policy", policy.isDefault()).put("locked", policy.locked());
    if (!policy.properties().isEmpty()) {
      tree.put("properties", properties(policy.properties(), "property"));
    }
    return tree.put("name", policy.name())
        .putIfPresent("description", policy.description())
        .put("link", links(href, List.of("filters", "weights", "balances")))
        .put("href", href)
        .put("id", policy.id().toString());
  }

  Tree policyUnit(PolicyUnit unit) {
    Tree tree = new Tree().put("enabled", unit.enabled()).put("internal", unit.internal());
    if (!unit.properties().isEmpty()) {
      tree.put("properties", properties(unit.properties(), "property"));
    }
    return tree.putIfPresent("type", unit.type())
        .put("name", unit.name())
        .put("description", unit.description())
        .put("href", API + "/schedulingpolicyunits/" + unit.id())
        .put("id", unit.id().toString());
  }

  Tree provider(NetworkProvider provider) {
    String href = API + "/openstacknetworkproviders/" + provider.id();
    return new Tree()
        .put("auto_sync", false)
        .put("read_only", provider.readOnly())
        .put("type", provider.type())
        .put("unmanaged", provider.unmanaged())
        .put(
            "actions",
            new Tree().put("link", links(href, List.of("testconnectivity", "importcertificates"))))
        .put("name", provider.name())
        .put("description", "")
        .put("url", provider.url())
        .put("link", links(href, List.of("networks", "certificates")))
        .put("href", href)
        .put("id", provider.id().toString())
        .put("requires_authentication", provider.requiresAuthentication());
  }

  /** A UUID that the same parts always give, for what a host reports without an id. */
  static UUID derived(String... parts) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.wrap(digest);
      return new UUID(bytes.getLong(), bytes.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The properties a body carries: {@code <property><name/><value/></property>}. */
  static Map<String, String> propertiesOf(Tree holder, String item) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (Tree each : holder.children(item)) {
      properties.put(each.text("name").orElse(""), each.text("value").orElse(""));
    }
    return properties;
  }
}
