// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.HostStatus;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;
import org.ovirt.isolatedports.standin.host.HostAgent;
import org.ovirt.isolatedports.standin.host.HostCapabilities;

/** Hosts, what they report, and their networks. */
final class Hosts {
  private static final String MANAGEMENT = "ovirtmgmt";
  private static final String NETMASK = "255.0.0.0";

  private final Engine engine;
  private final Engine.AgentFactory agents;

  Hosts(Engine engine, Engine.AgentFactory agents) {
    this.engine = engine;
    this.agents = agents;
  }

  static Target target(UUID id) {
    return new Target("host", id);
  }

  Host find(Caller caller, UUID id) {
    return engine
        .hosts
        .get(id)
        .filter(host -> engine.rights.sees(caller, target(host.id())))
        .orElseThrow(ApiException::notFound);
  }

  /** A host that joined by itself: up, with what its agent reports. */
  Host join(String name, String address, UUID cluster, HostAgent agent) {
    Host host =
        new Host(
            UUID.randomUUID(),
            name,
            "",
            address,
            cluster,
            HostStatus.UP,
            agent,
            agent.capabilities());
    engine.hosts.put(host.id(), host);
    wasSetUp(host, Optional.empty());
    return host;
  }

  private void wasSetUp(Host host, Optional<Caller> caller) {
    Cluster cluster = engine.clusters.get(host.cluster()).orElseThrow();
    engine.events.write(
        Kind.VDS_DETECTED,
        "Status of host " + host.name() + " was set to Up.",
        caller.flatMap(Caller::correlation),
        List.of(
            Engine.link(cluster), Engine.link(engine.dataCenterOf(cluster)), Engine.link(host)));
  }

  /** Adds a host over REST; it is up a moment after the answer. */
  Host add(Caller caller, Tree body) {
    String name = body.text("name").orElseThrow(() -> ApiException.missing("host.name"));
    String address = body.text("address").orElseThrow(() -> ApiException.missing("host.address"));
    synchronized (engine.commands) {
      Tree ref = body.child("cluster").orElseGet(() -> new Tree().put("name", "Default"));
      Cluster cluster =
          (ref.text("id").isPresent()
                  ? engine.clusters.get(Engine.uuid(ref.text("id")))
                  : engine.clusters.first(
                      each -> Optional.of(each.name()).equals(ref.text("name"))))
              .orElseThrow(() -> ApiException.refused(400, "Cluster doesn't exist."));
      engine.rights.require(caller, Permit.CREATE_HOST, Clusters.target(cluster.id()));
      if (engine.hosts.first(each -> each.name().equals(name)).isPresent()) {
        throw ApiException.refused(
            409,
            "Cannot add Host. The Host name is already in use, please choose a unique name and"
                + " try again.");
      }
      HostAgent agent = agents.at(address);
      Host host =
          new Host(
              UUID.randomUUID(),
              name,
              body.text("comment").orElse(""),
              address,
              cluster.id(),
              HostStatus.UNASSIGNED,
              agent,
              HostCapabilities.el9());
      engine.hosts.put(host.id(), host);
      engine.events.write(
          Kind.USER_ADD_VDS,
          "Host " + name + " was added by " + caller.name() + ".",
          caller.correlation(),
          List.of(Engine.link(cluster), Engine.link(host), caller.link()));
      engine.inBackground(() -> bringUp(host.id(), Optional.empty()));
      return host;
    }
  }

  private void bringUp(UUID id, Optional<Caller> caller) {
    engine.hosts.update(id, each -> each.with(HostStatus.UP, each.agent().capabilities()));
    engine.hosts.get(id).ifPresent(host -> wasSetUp(host, caller));
  }

  Host activate(Caller caller, UUID id) {
    Host host = find(caller, id);
    engine.rights.require(caller, Permit.MANIPULATE_HOST, target(id));
    Cluster cluster = engine.clusters.get(host.cluster()).orElseThrow();
    engine.events.write(
        Kind.VDS_ACTIVATE,
        "Activation of host " + host.name() + " initiated by " + caller.name() + ".",
        caller.correlation(),
        List.of(Engine.link(cluster), Engine.link(host), caller.link()));
    bringUp(id, Optional.of(caller));
    return host;
  }

  Host maintain(Caller caller, UUID id) {
    Host host = find(caller, id);
    engine.rights.require(caller, Permit.MANIPULATE_HOST, target(id));
    if (engine.vms.first(vm -> vm.host().equals(Optional.of(id))).isPresent()) {
      throw ApiException.refused(
          409,
          "Cannot switch Host to Maintenance mode. Host still has running VMs on it and is in Non"
              + " Responsive state.");
    }
    engine.hosts.update(id, each -> each.with(HostStatus.MAINTENANCE, each.capabilities()));
    Cluster cluster = engine.clusters.get(host.cluster()).orElseThrow();
    engine.events.write(
        Kind.USER_VDS_MAINTENANCE_WITHOUT_REASON,
        "Host " + host.name() + " was switched to Maintenance mode by " + caller.name() + ".",
        caller.correlation(),
        List.of(Engine.link(cluster), Engine.link(host), caller.link()));
    return host;
  }

  Host refresh(Caller caller, UUID id) {
    Host host = find(caller, id);
    engine.rights.require(caller, Permit.MANIPULATE_HOST, target(id));
    engine.hosts.update(id, each -> each.with(each.status(), each.agent().capabilities()));
    Cluster cluster = engine.clusters.get(host.cluster()).orElseThrow();
    engine.events.write(
        Kind.HOST_REFRESHED_CAPABILITIES,
        "Successfully refreshed the capabilities of host " + host.name() + ".",
        caller.correlation(),
        List.of(Engine.link(cluster), Engine.link(host), caller.link()));
    return host;
  }

  void remove(Caller caller, UUID id) {
    Host host = find(caller, id);
    engine.rights.require(caller, Permit.MANIPULATE_HOST, target(id));
    if (host.up()) {
      throw ApiException.refused(409, "Cannot remove Host. Host is operational.");
    }
    engine.hosts.remove(id);
    engine.rights.forget(id);
  }

  // --- hooks ---

  /**
   * The hooks a host reports. The engine keeps them as one text that it takes apart at commas,
   * braces and equals signs, so what the host may write has limits (recordings 301 to 305).
   */
  List<Tree> hooks(Caller caller, UUID id) {
    Host host = find(caller, id);
    List<Tree> hooks = new ArrayList<>();
    String href = Views.API + "/hosts/" + id;
    host.capabilities()
        .hooks()
        .forEach(
            (event, scripts) ->
                scripts.forEach(
                    (script, checksum) -> hooks.add(hook(href, host, event, script, checksum))));
    return hooks;
  }

  private static Tree hook(String host, Host of, String event, String script, String checksum) {
    if (script.matches(".*[=,{}].*") || event.matches(".*[=,{}].*")) {
      throw ApiException.broken();
    }
    if (checksum.matches(".*[{}].*")) {
      throw ApiException.fault(500, "Operation Failed", "WFLYEJB0442: Unexpected Error");
    }
    // A script without a checksum is listed without one.
    String md5 = checksum.replace(" ", "");
    String name = script.replace(" ", "");
    UUID id = Views.derived(of.id().toString(), event, name, md5);
    return new Tree()
        .put("event_name", event)
        .putIfPresent("md5", Optional.of(md5).filter(each -> !each.isEmpty()))
        .put("host", Tree.ref(host, of.id().toString()))
        .put("name", name)
        .put("href", host + "/hooks/" + id)
        .put("id", id.toString());
  }

  // --- networks of a host ---

  /**
   * One physical NIC for each network of the host, as a trunk of VLANs or bonds is not modelled.
   */
  List<Tree> nics(Caller caller, UUID id) {
    Host host = find(caller, id);
    List<Tree> nics = new ArrayList<>();
    int number = 1;
    for (Map.Entry<String, String> each : sortedNetworks(host)) {
      String name = "em" + number;
      UUID nicId = nicId(host, each.getKey());
      String href = Views.API + "/hosts/" + id + "/nics/" + nicId;
      Optional<Network> network = network(host, each.getKey());
      boolean management = each.getKey().equals(MANAGEMENT);
      Tree nic =
          new Tree()
              .put("boot_protocol", management ? "static" : "none")
              .put("bridged", true)
              .put("custom_configuration", network.isEmpty() || !onLinuxBridge(host));
      if (management) {
        nic.put("ip", address(host));
      }
      nic.put("ipv6", new Tree().put("gateway", "::").put("version", "v6"))
          .put("ipv6_boot_protocol", "none")
          .put("mac", new Tree().put("address", mac(number)))
          .put("mtu", 1500)
          .put("speed", 1000000000)
          .put("status", "up")
          .put("host", Views.ref("hosts", id));
      if (network.isPresent()) {
        nic.put("properties", new Tree()).put("network", Views.ref("networks", network.get().id()));
      } else {
        nic.put("network", new Tree().put("name", each.getKey()));
      }
      nics.add(
          nic.put("actions", new Tree().put("link", List.of()))
              .put("name", name)
              .put(
                  "link",
                  Views.links(
                      href,
                      List.of(
                          "linklayerdiscoveryprotocolelements",
                          "networklabels",
                          "networkattachments",
                          "statistics")))
              .put("href", href)
              .put("id", nicId.toString()));
      number++;
    }
    return nics;
  }

  private static String mac(int number) {
    return String.format("52:54:00:00:%02x:%02x", number / 256, number % 256);
  }

  private static Tree address(Host host) {
    return new Tree().put("address", host.address()).put("netmask", NETMASK).put("version", "v4");
  }

  private boolean onLinuxBridge(Host host) {
    return engine.clusters.get(host.cluster()).orElseThrow().linuxBridge();
  }

  /** The management network first, the others by name. */
  private static List<Map.Entry<String, String>> sortedNetworks(Host host) {
    return host.capabilities().networks().entrySet().stream()
        .sorted(
            Comparator.comparing(
                    (Map.Entry<String, String> each) -> !each.getKey().equals(MANAGEMENT))
                .thenComparing(Map.Entry::getKey))
        .toList();
  }

  private static UUID nicId(Host host, String network) {
    return Views.derived("nic", host.id().toString(), network);
  }

  /** The network of the host's data center that carries this name on hosts. */
  private Optional<Network> network(Host host, String vdsmName) {
    UUID dataCenter = engine.clusters.get(host.cluster()).orElseThrow().dataCenter();
    return engine
        .networks
        .first(
            network ->
                network.dataCenter().equals(dataCenter) && network.vdsmName().equals(vdsmName))
        .filter(network -> engine.attachment(host.cluster(), network.id()).isPresent());
  }

  List<Tree> attachments(Caller caller, UUID id) {
    Host host = find(caller, id);
    String href = Views.API + "/hosts/" + id;
    List<Tree> all = new ArrayList<>();
    for (Map.Entry<String, String> each : sortedNetworks(host)) {
      network(host, each.getKey())
          .ifPresent(
              network -> {
                UUID nic = nicId(host, each.getKey());
                UUID attachment = Views.derived("attachment", id.toString(), each.getKey());
                all.add(
                    new Tree()
                        .put("in_sync", onLinuxBridge(host))
                        .putList(
                            "ip_address_assignments",
                            "ip_address_assignment",
                            addresses(host, network))
                        .putList(
                            "reported_configurations",
                            "reported_configuration",
                            reportedConfiguration(host, network))
                        .put("host", Tree.ref(href, id.toString()))
                        .put("host_nic", Tree.ref(href + "/nics/" + nic, nic.toString()))
                        .put("network", Views.ref("networks", network.id()))
                        .put("href", href + "/networkattachments/" + attachment)
                        .put("id", attachment.toString()));
              });
    }
    return all;
  }

  private static List<Tree> addresses(Host host, Network network) {
    Tree v4 =
        network.vdsmName().equals(MANAGEMENT)
            ? new Tree().put("assignment_method", "static").put("ip", address(host))
            : new Tree()
                .put("assignment_method", "none")
                .put("ip", new Tree().put("version", "v4"));
    return List.of(
        v4, new Tree().put("assignment_method", "none").put("ip", new Tree().put("version", "v6")));
  }

  /** What the host has against what the engine wants; hosts here have Linux bridges, always. */
  private List<Tree> reportedConfiguration(Host host, Network network) {
    String mtu = Long.toString(network.mtu() == 0 ? 1500 : network.mtu());
    List<Tree> all = new ArrayList<>();
    all.add(same("mtu", mtu));
    all.add(same("bridged", "true"));
    all.add(network.vlan().map(vlan -> same("vlan", vlan.toString())).orElse(none("vlan")));
    all.add(
        new Tree()
            .put("actual_value", "LEGACY")
            .put("expected_value", onLinuxBridge(host) ? "LEGACY" : "OVS")
            .put("in_sync", onLinuxBridge(host))
            .put("name", "switchType"));
    boolean management = network.vdsmName().equals(MANAGEMENT);
    all.add(same("ipv4_boot_protocol", management ? "STATIC_IP" : "NONE"));
    if (management) {
      all.add(same("ipv4_netmask", NETMASK));
      all.add(same("ipv4_address", host.address()));
      all.add(none("ipv4_gateway"));
    }
    all.add(same("ipv6_boot_protocol", "NONE"));
    if (management) {
      all.add(none("dns_configuration"));
    }
    all.add(same("default_route", Boolean.toString(management)));
    return all;
  }

  private static Tree none(String name) {
    return new Tree().put("in_sync", true).put("name", name);
  }

  private static Tree same(String name, String value) {
    return new Tree()
        .put("actual_value", value)
        .put("expected_value", value)
        .put("in_sync", true)
        .put("name", name);
  }

  /** Bridges of the host that belong to no network of its cluster. */
  List<Tree> unmanaged(Caller caller, UUID id) {
    Host host = find(caller, id);
    String href = Views.API + "/hosts/" + id;
    return sortedNetworks(host).stream()
        .filter(each -> network(host, each.getKey()).isEmpty())
        .map(
            each -> {
              UUID nic = nicId(host, each.getKey());
              String name = Rights.hex(each.getKey()).toLowerCase(java.util.Locale.ROOT);
              return new Tree()
                  .put("host", Tree.ref(href, id.toString()))
                  .put("host_nic", Tree.ref(href + "/nics/" + nic, nic.toString()))
                  .put("name", each.getKey())
                  .put("href", href + "/unmanagednetworks/" + name)
                  .put("id", name);
            })
        .toList();
  }
}
