// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.NetworkProvider;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** Logical networks of data centers and their labels (AddNetworkCommand). */
final class Networks {
  /** Members the stand-in keeps and gives back but does not act on. */
  private static final Set<String> KEPT = Set.of("dns_resolver_configuration", "qos");

  private final Engine engine;
  private final Map<UUID, Set<String>> labels = new ConcurrentHashMap<>();

  Networks(Engine engine) {
    this.engine = engine;
  }

  static Target target(UUID id) {
    return new Target("network", id);
  }

  Network find(Caller caller, UUID id) {
    return engine
        .networks
        .get(id)
        .filter(network -> engine.rights.sees(caller, target(network.id())))
        .orElseThrow(ApiException::notFound);
  }

  Network add(Caller caller, Tree body, Optional<UUID> dataCenterOfPath) {
    // Bodies are mapped before any right is looked at.
    qosCanBeMapped(body);
    String name =
        body.text("name")
            .orElseThrow(
                () ->
                    ApiException.fault(
                        400, "Incomplete parameters", "Network [name] required for add"));
    DataCenter dataCenter = dataCenterFor(body, dataCenterOfPath);
    synchronized (engine.commands) {
      engine.rights.require(
          caller, Permit.CREATE_STORAGE_POOL_NETWORK, new Target("data_center", dataCenter.id()));
      UUID id = UUID.randomUUID();
      Network network =
          new Network(
              id,
              dataCenter.id(),
              name,
              body.text("description").orElse(""),
              body.text("comment").orElse(""),
              body.number("mtu").orElse(0L),
              body.flag("port_isolation").orElse(false),
              body.flag("stp").orElse(false),
              !body.has("usages") || isVmNetwork(body),
              vdsmName(name, id),
              body.child("vlan").flatMap(vlan -> vlan.number("id")),
              body.idOf("external_provider").map(each -> Engine.uuid(Optional.of(each))),
              kept(body, new Tree()));
      vlanIsInRange(network);
      providerIsWritable(network);
      nameIsFree(network, "add");
      onlyOnVmNetworks(network, "add");
      notOnExternalNetworks(network);
      engine.networks.put(id, network);
      engine.rights.grant(Rights.NETWORK_ADMIN, caller.id(), false, target(id));
      writeEvent(
          Kind.NETWORK_ADD_NOTHING_TO_DO,
          "Start adding Network "
              + name
              + " to Data Center: "
              + dataCenter.name()
              + "; no hosts affected",
          dataCenter,
          caller);
      boolean profile = network.vm() && body.flag("profile_required").orElse(true);
      engine.forNewNetwork(() -> finishAdding(network, profile, dataCenter, caller));
      return network;
    }
  }

  /** The default profile comes with the job's end, which the answer does not wait for. */
  private void finishAdding(
      Network network, boolean profile, DataCenter dataCenter, Caller caller) {
    if (engine.networks.get(network.id()).isEmpty()) {
      return;
    }
    if (profile) {
      engine.profileCommands.addDefault(caller, network);
    }
    writeEvent(
        Kind.NETWORK_ADD_NETWORK,
        "Finished adding Network " + network.name() + " to Data Center: " + dataCenter.name(),
        dataCenter,
        caller);
  }

  private DataCenter dataCenterFor(Tree body, Optional<UUID> ofPath) {
    if (ofPath.isPresent()) {
      return engine.dataCenters.get(ofPath.get()).orElseThrow(ApiException::notFound);
    }
    Optional<Tree> ref = body.child("data_center");
    if (ref.isEmpty()) {
      throw ApiException.fault(
          400, "Incomplete parameters", "Network [dataCenter.name|id] required for add");
    }
    Optional<DataCenter> found =
        ref.get().text("id").isPresent()
            ? engine.dataCenters.get(Engine.uuid(ref.get().text("id")))
            : engine.dataCenters.first(
                each -> Optional.of(each.name()).equals(ref.get().text("name")));
    return found.orElseThrow(() -> ApiException.refused(400, "Data Center doesn't exist."));
  }

  private static boolean isVmNetwork(Tree body) {
    return body.child("usages").map(usages -> usages.texts("usage").contains("vm")).orElse(false);
  }

  /**
   * The engine's mapper takes a QoS by its id, or makes one of its type; without both it throws.
   */
  private static void qosCanBeMapped(Tree body) {
    if (body.child("qos").filter(qos -> !qos.has("id") && !qos.has("type")).isPresent()) {
      throw ApiException.broken();
    }
  }

  private static Tree kept(Tree body, Tree before) {
    Tree kept = before.copy();
    KEPT.forEach(name -> body.child(name).ifPresent(child -> kept.put(name, child)));
    return kept;
  }

  /** A name that is no device name is replaced by one made of the id, as the engine does. */
  static String vdsmName(String name, UUID id) {
    return name.matches("[\\w.-]{1,15}")
        ? name
        : "on" + id.toString().replace("-", "").substring(0, 13);
  }

  // --- rules, worded as the engine words them ---

  private void providerIsWritable(Network network) {
    network
        .provider()
        .ifPresent(
            id -> {
              NetworkProvider provider =
                  engine
                      .providers
                      .get(id)
                      .orElseThrow(() -> ApiException.refused(400, "Provider doesn't exist."));
              if (provider.readOnly()) {
                throw ApiException.refused(
                    400, "External network provider " + provider.name() + " is read only.");
              }
            });
  }

  private static void vlanIsInRange(Network network) {
    if (network.vlan().filter(id -> id < 0 || id > 4094).isPresent()) {
      throw ApiException.refused(
          400, "VLAN ID must be a number between 0 and 4094., Attribute: network.vlanId");
    }
  }

  private void nameIsFree(Network network, String action) {
    boolean taken =
        engine
            .networks
            .first(
                other ->
                    !other.id().equals(network.id())
                        && other.dataCenter().equals(network.dataCenter())
                        && other.name().equals(network.name()))
            .isPresent();
    if (taken) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + " Network. The name of the logical network '"
              + network.name()
              + "' is already used by an existing logical network in the same data-center.\n"
              + "-Please choose a different name.");
    }
  }

  private static void onlyOnVmNetworks(Network network, String action) {
    if (network.portIsolation() && !network.vm()) {
      throw ApiException.refused(
          409, "Cannot " + action + " Network. Port isolation can only be enabled on VM Networks.");
    }
  }

  private static void notOnExternalNetworks(Network network) {
    if (network.portIsolation() && network.provider().isPresent()) {
      throw ApiException.refused(
          409, "Cannot add Network. Port isolation cannot be enabled on External Networks.");
    }
  }

  private static void portIsolationDoesNotChange(Network before, Tree body) {
    if (body.flag("port_isolation").orElse(before.portIsolation()) != before.portIsolation()) {
      throw ApiException.refused(
          400,
          "Cannot edit Network. Port isolation option cannot be updated after Network is defined.");
    }
  }

  private void notUsedByVms(Network network) {
    Set<String> names = new TreeSet<>();
    nicsOn(network.id()).forEach(nic -> names.add(engine.vms.get(nic.vm()).orElseThrow().name()));
    if (names.size() == 1) {
      throw ApiException.refused(
          409,
          "Cannot remove Network. This logical network is used by virtual machine: "
              + names.iterator().next()
              + "\n - Please remove it from this virtual machine and try again.");
    }
    if (!names.isEmpty()) {
      throw ApiException.refused(
          409,
          "Cannot remove Network. This logical network is used by virtual machines: ("
              + names.size()
              + "): \t"
              + String.join(",\n\t", names)
              + "\n - Please remove it from these virtual machines and try again.");
    }
  }

  private void notTheManagementNetwork(Network network) {
    boolean management =
        engine.clusters.all().stream()
            .flatMap(cluster -> engine.attachment(cluster.id(), network.id()).stream())
            .anyMatch(in -> in.roles().contains("management"));
    if (management) {
      throw ApiException.refused(
          409,
          "Cannot remove Network. The Management Network ('"
              + network.name()
              + "') is mandatory and cannot be removed.");
    }
  }

  List<Nic> nicsOn(UUID network) {
    Set<UUID> profiles = new HashSet<>();
    engine
        .profiles
        .where(profile -> profile.network().equals(network))
        .forEach(profile -> profiles.add(profile.id()));
    return engine.nics.where(nic -> nic.profile().filter(profiles::contains).isPresent());
  }

  // --- change and remove ---

  Network update(Caller caller, UUID id, Tree body) {
    qosCanBeMapped(body);
    synchronized (engine.commands) {
      Network before = find(caller, id);
      engine.rights.require(caller, Permit.CONFIGURE_STORAGE_POOL_NETWORK, target(id));
      String name = body.text("name").orElse(before.name());
      Network after =
          new Network(
              id,
              before.dataCenter(),
              name,
              body.text("description").orElse(before.description()),
              body.text("comment").orElse(before.comment()),
              body.number("mtu").orElse(before.mtu()),
              before.portIsolation(),
              body.flag("stp").orElse(before.stp()),
              body.has("usages") ? isVmNetwork(body) : before.vm(),
              usedByHosts(before) ? before.vdsmName() : vdsmName(name, id),
              body.has("vlan")
                  ? body.child("vlan").flatMap(vlan -> vlan.number("id"))
                  : before.vlan(),
              before.provider(),
              kept(body, before.rest()));
      portIsolationDoesNotChange(before, body);
      vlanIsInRange(after);
      nameIsFree(after, "edit");
      onlyOnVmNetworks(after, "edit");
      engine.networks.put(id, after);
      if (!name.equals(before.name())) {
        engine.renamed("Network", before.name(), name, caller, List.of());
      }
      List<String> outOfStep =
          before.mtu() == after.mtu()
              ? List.of()
              : nicsOn(id).stream().filter(engine.nicCommands::live).map(Nic::name).toList();
      if (!outOfStep.isEmpty()) {
        Set<UUID> nics = new HashSet<>();
        nicsOn(id).forEach(nic -> nics.add(nic.id()));
        engine.nicCommands.fellOutOfStep(nic -> nics.contains(nic.id()));
        engine.events.write(
            Kind.VNICS_OUT_OF_SYNC_ON_NETWORK_UPDATE,
            "Update to network "
                + name
                + " was not applied to virtual network interfaces ["
                + String.join(",", outOfStep)
                + "]. The actual configuration on the interfaces may differ from the displayed"
                + " one.",
            Optional.empty(),
            List.of());
      }
      DataCenter dataCenter = engine.dataCenters.get(after.dataCenter()).orElseThrow();
      List<Host> affected = before.mtu() == after.mtu() ? List.of() : hostsWith(after);
      String start = "Start Network " + name + " update on Data Center: " + dataCenter.name();
      if (affected.isEmpty()) {
        writeEvent(
            Kind.NETWORK_UPDATE_NOTHING_TO_DO, start + "; no hosts affected", dataCenter, caller);
      } else {
        writeEvent(Kind.NETWORK_UPDATE_NETWORK_STARTED, start, dataCenter, caller);
        applyOn(affected, caller);
      }
      writeEvent(
          Kind.NETWORK_UPDATE_NETWORK,
          "Finished Network " + name + " update on Data Center: " + dataCenter.name(),
          dataCenter,
          caller);
      return after;
    }
  }

  /** A network that is set up on a host keeps its name there when it is renamed. */
  private boolean usedByHosts(Network network) {
    return !hostsWith(network).isEmpty();
  }

  private List<Host> hostsWith(Network network) {
    return engine.hosts.where(
        host ->
            host.up()
                && host.capabilities().networks().containsKey(network.vdsmName())
                && engine.attachment(host.cluster(), network.id()).isPresent());
  }

  private void applyOn(List<Host> hosts, Caller caller) {
    int number = 1;
    for (Host host : hosts) {
      engine.events.write(
          Kind.PERSIST_HOST_SETUP_NETWORK_ON_HOST,
          "("
              + number++
              + "/"
              + hosts.size()
              + "): Applying network's changes on host "
              + host.name()
              + ". (User: "
              + caller.name()
              + ")",
          caller.correlation(),
          List.of(
              Engine.link(engine.clusters.get(host.cluster()).orElseThrow()),
              Engine.link(host),
              caller.link()));
    }
  }

  void remove(Caller caller, UUID id) {
    synchronized (engine.commands) {
      Network network = find(caller, id);
      engine.rights.require(caller, Permit.DELETE_STORAGE_POOL_NETWORK, target(id));
      notTheManagementNetwork(network);
      notUsedByVms(network);
      engine
          .profiles
          .where(profile -> profile.network().equals(id))
          .forEach(
              profile -> {
                engine.profiles.remove(profile.id());
                engine.rights.forget(profile.id());
              });
      engine.detachEverywhere(id);
      engine.networks.remove(id);
      engine.rights.forget(id);
      DataCenter dataCenter = engine.dataCenters.get(network.dataCenter()).orElseThrow();
      writeEvent(
          Kind.NETWORK_REMOVE_NOTHING_TO_DO,
          "Start Network "
              + network.name()
              + " removal from Data Center: "
              + dataCenter.name()
              + "; no hosts affected",
          dataCenter,
          caller);
      writeEvent(
          Kind.NETWORK_REMOVE_NETWORK,
          "Finished Network " + network.name() + " removal from Data Center: " + dataCenter.name(),
          dataCenter,
          caller);
    }
  }

  private void writeEvent(Kind kind, String text, DataCenter dataCenter, Caller caller) {
    engine.events.write(
        kind, text, caller.correlation(), List.of(Engine.link(dataCenter), caller.link()));
  }

  // --- labels ---

  /** The labels of a network, which decide on which NICs of hosts the engine puts it. */
  List<Tree> labels(Caller caller, UUID id) {
    UUID network = find(caller, id).id();
    return labels.getOrDefault(network, Set.of()).stream()
        .map(label -> label(network, label))
        .toList();
  }

  private static Tree label(UUID network, String label) {
    return new Tree()
        .put("network", Views.ref("networks", network))
        .put("href", Views.API + "/networks/" + network + "/networklabels/" + label)
        .put("id", label);
  }

  Tree addLabel(Caller caller, UUID id, Tree body) {
    String label = body.text("id").orElseThrow(() -> ApiException.missing("network_label.id"));
    UUID network = find(caller, id).id();
    engine.rights.require(caller, Permit.CONFIGURE_STORAGE_POOL_NETWORK, target(network));
    labels.put(network, Set.of(label));
    return label(network, label);
  }

  void removeLabel(Caller caller, UUID id, String label) {
    UUID network = find(caller, id).id();
    engine.rights.require(caller, Permit.CONFIGURE_STORAGE_POOL_NETWORK, target(network));
    if (!labels.getOrDefault(network, Set.of()).contains(label)) {
      throw ApiException.notFound();
    }
    labels.remove(network);
  }
}
