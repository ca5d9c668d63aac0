// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.Cluster;
import org.ovirt.engine.sdk4.types.Event;
import org.ovirt.engine.sdk4.types.Host;
import org.ovirt.engine.sdk4.types.Identified;
import org.ovirt.engine.sdk4.types.LogSeverity;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.NetworkAttachment;
import org.ovirt.engine.sdk4.types.Nic;
import org.ovirt.engine.sdk4.types.ReportedConfiguration;
import org.ovirt.engine.sdk4.types.SchedulingPolicyUnit;
import org.ovirt.engine.sdk4.types.SwitchType;
import org.ovirt.engine.sdk4.types.Vm;
import org.ovirt.engine.sdk4.types.VnicProfile;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.SdkErrors;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.scheduling.HostNetwork;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/**
 * Reads what the scheduler needs over the engine's REST API, with the service account, and writes
 * to its event log.
 *
 * <p>Every method throws {@link EngineException} if the engine gives no usable answer.
 */
public final class EngineReader implements EngineView {

  /** Origin of our events; with a custom id it must be unique in the engine's event log. */
  static final String ORIGIN = "isolated-ports";

  private static final int NOT_FOUND = 404;
  private static final int BAD_REQUEST = 400;

  /** Names the engine gives to hosted-engine VMs and to VMs it finds on hosts; there are few. */
  private static final String EXEMPT_NAMES = "name=HostedEngine or name=external-*";

  /**
   * Networks, profiles and clusters as the engine has them.
   *
   * @param isolated names of the networks the engine itself calls isolated, by id
   * @param names names of all networks, by id
   * @param profiles where each profile puts a vNIC, by profile id
   * @param clusters clusters by id
   */
  record Networks(
      Map<String, String> isolated,
      Map<String, String> names,
      Map<String, NicPlace> profiles,
      Map<String, ClusterRead> clusters) {}

  /** A cluster: its switch, its scheduling policy and the networks attached to it. */
  record ClusterRead(
      String name, boolean linuxBridge, Optional<String> policyId, Set<String> networkIds) {}

  /** A host without what takes a request of its own to learn. */
  record HostRead(
      String id,
      String name,
      String clusterId,
      String status,
      String libvirt,
      String osType,
      String osVersion) {}

  /** The rest of a host. */
  record HostDetails(List<ReportedHook> hooks, List<HostNetwork> networks) {}

  /** Our filter as the engine knows it, and the policies that use it. */
  record FilterRead(Optional<Boolean> enabled, Set<String> policyIds) {}

  private final HardenedSdk sdk;
  private final ServiceAccount account;

  public EngineReader(HardenedSdk sdk, ServiceAccount account) {
    this.sdk = sdk;
    this.account = account;
  }

  private <T> T ask(Function<SystemService, T> question) {
    return account.call(
        token -> SdkErrors.unwrap(() -> question.apply(sdk.connection(token).systemService())));
  }

  @Override
  public Optional<VmNics> vm(String id, boolean withNetworks) {
    String follow = withNetworks ? "nics.vnic_profile.network" : "nics";
    try {
      Vm vm = ask(system -> system.vmsService().vmService(id).get().follow(follow).send().vm());
      return Optional.of(vm(vm, withNetworks));
    } catch (EngineException e) {
      if (e.engineStatus() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static VmNics vm(Vm vm, boolean withNetworks) {
    return new VmNics(
        vm.id(),
        text(vm.name()),
        idOf(vm.cluster()).orElse(""),
        VmNics.Kind.ofOrigin(text(vm.origin())),
        list(vm.nics()).stream().map(nic -> nic(nic, withNetworks)).toList());
  }

  private static VmNics.Nic nic(Nic nic, boolean withNetworks) {
    VnicProfile profile = nic.vnicProfile();
    Optional<NicPlace> place =
        withNetworks && profile != null && profile.network() != null
            ? Optional.of(place(profile, profile.network()))
            : Optional.empty();
    return new VmNics.Nic(idOf(profile), place);
  }

  private static NicPlace place(VnicProfile profile, Network network) {
    return new NicPlace.OnNetwork(
        network.id(),
        network.name() == null ? network.id() : network.name(),
        network.portIsolationPresent() && network.portIsolation(),
        list(profile.customProperties()).stream()
            .filter(property -> VnicProfiles.PROPERTY.equals(property.name()))
            .map(property -> text(property.value()))
            .findFirst());
  }

  @Override
  public void post(EngineEvent line) {
    try {
      add(line);
    } catch (EngineException e) {
      if (e.engineStatus() != BAD_REQUEST) {
        throw e;
      }
      // The custom id may be taken: a repeated one is refused with 400.
      add(line);
    }
  }

  private void add(EngineEvent line) {
    var builder =
        Builders.event()
            .origin(ORIGIN)
            .customId(ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE))
            .severity(severity(line.severity()))
            .description(line.text());
    line.vmId().ifPresent(id -> builder.vm(Builders.vm().id(id)));
    Event unused = ask(system -> system.eventsService().add().event(builder).send().event());
  }

  private static LogSeverity severity(EngineEvent.Severity severity) {
    return switch (severity) {
      case NORMAL -> LogSeverity.NORMAL;
      case WARNING -> LogSeverity.WARNING;
      case ERROR -> LogSeverity.ERROR;
    };
  }

  /**
   * Networks, profiles, clusters and what is attached to them: three requests and one a cluster.
   */
  Networks networks() {
    Map<String, String> isolated = new HashMap<>();
    Map<String, String> names = new HashMap<>();
    Map<String, Network> byId = new HashMap<>();
    for (Network network : list(ask(system -> system.networksService().list().send().networks()))) {
      byId.put(network.id(), network);
      names.put(network.id(), network.name());
      if (network.portIsolationPresent() && network.portIsolation()) {
        isolated.put(network.id(), network.name());
      }
    }
    Map<String, NicPlace> profiles = new HashMap<>();
    for (VnicProfile profile :
        list(ask(system -> system.vnicProfilesService().list().send().profiles()))) {
      Network network = byId.get(idOf(profile.network()).orElse(""));
      if (network != null) {
        profiles.put(profile.id(), place(profile, network));
      }
    }
    Map<String, ClusterRead> clusters = new HashMap<>();
    for (Cluster cluster : list(ask(system -> system.clustersService().list().send().clusters()))) {
      clusters.put(
          cluster.id(),
          new ClusterRead(
              cluster.name(),
              // A type that is left out or not known is none that isolates.
              cluster.switchType() == SwitchType.LEGACY,
              idOf(cluster.schedulingPolicy()),
              attachedTo(cluster.id())));
    }
    return new Networks(isolated, names, profiles, clusters);
  }

  private Set<String> attachedTo(String clusterId) {
    Set<String> ids = new HashSet<>();
    list(ask(
            system ->
                system
                    .clustersService()
                    .clusterService(clusterId)
                    .networksService()
                    .list()
                    .send()
                    .networks()))
        .forEach(network -> ids.add(network.id()));
    return ids;
  }

  /** All hosts, in one request. */
  List<HostRead> hosts() {
    return list(ask(system -> system.hostsService().list().send().hosts())).stream()
        .map(EngineReader::host)
        .toList();
  }

  private static HostRead host(Host host) {
    return new HostRead(
        host.id(),
        host.name(),
        idOf(host.cluster()).orElse(""),
        host.status() == null ? "unknown" : host.status().value(),
        host.libvirtVersion() == null ? "" : text(host.libvirtVersion().fullVersion()),
        host.os() == null ? "" : text(host.os().type()),
        host.os() == null || host.os().version() == null
            ? ""
            : text(host.os().version().fullVersion()));
  }

  /**
   * Hooks and networks of a host, in two requests.
   *
   * @param clusterOnLinuxBridge what the switch is taken to be where the host does not report it
   */
  HostDetails details(String hostId, boolean clusterOnLinuxBridge) {
    List<ReportedHook> hooks =
        list(
                ask(
                    system ->
                        system
                            .hostsService()
                            .hostService(hostId)
                            .hooksService()
                            .list()
                            .send()
                            .hooks()))
            .stream()
            .map(
                hook ->
                    new ReportedHook(text(hook.eventName()), text(hook.name()), text(hook.md5())))
            .toList();
    List<HostNetwork> networks = new ArrayList<>();
    for (NetworkAttachment attachment :
        list(
            ask(
                system ->
                    system
                        .hostsService()
                        .hostService(hostId)
                        .networkAttachmentsService()
                        .list()
                        .send()
                        .attachments()))) {
      idOf(attachment.network())
          .ifPresent(id -> networks.add(hostNetwork(id, attachment, clusterOnLinuxBridge)));
    }
    return new HostDetails(hooks, networks);
  }

  /** Reported configurations are what the host has, as against what the engine wants of it. */
  private static HostNetwork hostNetwork(
      String networkId, NetworkAttachment attachment, boolean clusterOnLinuxBridge) {
    boolean bridged = true;
    boolean linuxBridge = clusterOnLinuxBridge;
    for (ReportedConfiguration reported : list(attachment.reportedConfigurations())) {
      if ("bridged".equals(reported.name())) {
        bridged = "true".equals(reported.actualValue());
      } else if ("switchType".equals(reported.name()) && reported.actualValue() != null) {
        linuxBridge &= "legacy".equalsIgnoreCase(reported.actualValue());
      }
    }
    return new HostNetwork(networkId, bridged, linuxBridge);
  }

  /** The hosted-engine VM and external VMs, by what they call themselves. */
  List<VmNics> saidToBeExempt() {
    return list(
            ask(
                system ->
                    system.vmsService().list().search(EXEMPT_NAMES).follow("nics").send().vms()))
        .stream()
        .map(vm -> vm(vm, false))
        .filter(vm -> vm.kind() != VmNics.Kind.ORDINARY)
        .toList();
  }

  /**
   * How the engine sees our filter.
   *
   * @param policyIds the policies to look into
   */
  FilterRead filter(Collection<String> policyIds) {
    Optional<SchedulingPolicyUnit> ours =
        list(ask(system -> system.schedulingPolicyUnitsService().list().send().units())).stream()
            .filter(unit -> IsolatedPortsFilter.NAME.equals(unit.name()))
            .filter(unit -> !unit.internalPresent() || !unit.internal())
            .findFirst();
    if (ours.isEmpty()) {
      return new FilterRead(Optional.empty(), Set.of());
    }
    Set<String> using = new HashSet<>();
    for (String policy : policyIds) {
      boolean uses =
          list(
                  ask(
                      system ->
                          system
                              .schedulingPoliciesService()
                              .policyService(policy)
                              .filtersService()
                              .list()
                              .send()
                              .filters()))
              .stream()
              .anyMatch(
                  filter ->
                      idOf(filter.schedulingPolicyUnit())
                          .or(() -> Optional.ofNullable(filter.id()))
                          .equals(Optional.of(ours.get().id())));
      if (uses) {
        using.add(policy);
      }
    }
    return new FilterRead(Optional.of(ours.get().enabledPresent() && ours.get().enabled()), using);
  }

  private static Optional<String> idOf(Identified entity) {
    return Optional.ofNullable(entity).map(Identified::id);
  }

  /** The SDK gives null for what an answer leaves out. */
  private static String text(String text) {
    return text == null ? "" : text;
  }

  /** The SDK gives null for an empty list. */
  private static <T> List<T> list(List<T> list) {
    return list == null ? List.of() : list;
  }
}
