// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.Cluster;
import org.ovirt.isolatedports.standin.engine.Model.ClusterNetwork;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.Host;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.NetworkProvider;
import org.ovirt.isolatedports.standin.engine.Model.Nic;
import org.ovirt.isolatedports.standin.engine.Model.User;
import org.ovirt.isolatedports.standin.engine.Model.Version;
import org.ovirt.isolatedports.standin.engine.Model.Vm;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;
import org.ovirt.isolatedports.standin.host.HostAgent;

/**
 * The engine without its HTTP: its entities, and the commands on them. Everything a client may do
 * goes through {@link Api}; this class holds what the commands share.
 */
public final class Engine implements AutoCloseable {
  /** The level from which on the engine allows isolated networks in clusters. */
  static final Version GATE = new Version(4, 5);

  static final UUID DEFAULT_NETWORK = UUID.fromString("00000000-0000-0000-0000-000000000009");
  static final UUID NO_MAC_SPOOFING = UUID.fromString("d2370ab4-fee3-11e9-a310-8c1645ce738e");

  /** Makes the agent behind a host that is added over REST, from its address. */
  public interface AgentFactory {
    /** The agent of the host at the address. */
    HostAgent at(String address);
  }

  /** A user of the directory to start with. */
  public record UserSeed(String login, String firstName, String password, boolean known) {}

  /**
   * What an engine is started with.
   *
   * @param nativePortIsolation whether it knows the attribute: version 4.5.8 with levels up to 4.8,
   *     else 4.4.2 with levels up to 4.4
   * @param registeredProperty pattern of the profile property {@code port_isolation}, where it is
   *     registered from the start
   * @param externalScheduler where {@code ExternalSchedulerEnabled} is on from the start
   * @param filterEverywhere whether external filters are in the default policy once discovered
   * @param users the directory; {@code admin} is made the administrator
   * @param agents for hosts that are added over REST
   * @param defaultProfile how long after its answer the engine makes a new network's profile
   */
  public record Settings(
      boolean nativePortIsolation,
      Optional<String> registeredProperty,
      Optional<URI> externalScheduler,
      boolean filterEverywhere,
      List<UserSeed> users,
      AgentFactory agents,
      Delay defaultProfile) {}

  /** A time that is another one at each run. */
  public record Delay(Duration least, Duration most) {
    /** Not later, but in the same step. */
    public static final Delay NONE = new Delay(Duration.ZERO, Duration.ZERO);

    Duration next() {
      return least.plusNanos(
          (long) (Math.random() * Math.max(0, most.toNanos() - least.toNanos())));
    }
  }

  private static final Duration LOGIN_SILENCE = Duration.ofSeconds(5);

  private final Settings settings;
  private volatile Delay defaultProfile;

  private record VmCount(List<Vm> of, Map<UUID, Long> byHost) {}

  private volatile VmCount vmCount = new VmCount(List.of(), Map.of());
  private final Map<UUID, Instant> loginsLogged = new ConcurrentHashMap<>();
  private final ExecutorService workers =
      Executors.newCachedThreadPool(task -> daemon(task, "engine-worker"));
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "engine-clock"));

  private final ScheduledFuture<?> balancing;

  /** Commands that change the inventory come one after the other; VM life is outside this lock. */
  final Object commands = new Object();

  final EventLog events = new EventLog();
  final Store<DataCenter> dataCenters = new Store<>();
  final Store<Cluster> clusters = new Store<>();
  final Store<Network> networks = new Store<>();
  final Store<VnicProfile> profiles = new Store<>();
  final Store<Host> hosts = new Store<>();
  final Store<Vm> vms = new Store<>();
  final Store<Nic> nics = new Store<>();
  final Store<NetworkProvider> providers = new Store<>();
  private final Map<UUID, Map<UUID, ClusterNetwork>> attachments = new ConcurrentHashMap<>();
  private final Map<UUID, Set<UUID>> nicsOfVm = new ConcurrentHashMap<>();

  final Options options;
  final Rights rights;
  final RightsCommands rightsCommands;
  final Views views;
  final MachineViews machineViews;
  final Networks networkCommands;
  final ClusterNetworks clusterNetworkCommands;
  final Profiles profileCommands;
  final Clusters clusterCommands;
  final Hosts hostCommands;
  final Nics nicCommands;
  final Vms vmCommands;
  final VmLife vmLife;
  final SchedulingPolicies policies;
  final Scheduling scheduling;
  final Seeds seeds;

  /** Starts an engine: seeds it, takes the options into effect and discovers the scheduler. */
  public Engine(Settings settings) {
    this.settings = settings;
    this.options =
        new Options(
            settings.nativePortIsolation(),
            settings.nativePortIsolation()
                ? List.of("4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8")
                : List.of("4.2", "4.3", "4.4"),
            productVersion());
    this.rights = new Rights(this);
    this.rightsCommands = new RightsCommands(this, rights);
    this.views = new Views(this);
    this.machineViews = new MachineViews(this);
    this.policies = new SchedulingPolicies(this);
    this.scheduling = new Scheduling(this, policies, settings.filterEverywhere());
    this.networkCommands = new Networks(this);
    this.clusterNetworkCommands = new ClusterNetworks(this);
    this.profileCommands = new Profiles(this);
    this.clusterCommands = new Clusters(this);
    this.hostCommands = new Hosts(this, settings.agents());
    this.nicCommands = new Nics(this);
    this.vmCommands = new Vms(this);
    this.vmLife = new VmLife(this);
    this.seeds = new Seeds(this);
    this.defaultProfile = settings.defaultProfile();
    seeds.freshInstallation(settings.users());
    settings
        .registeredProperty()
        .ifPresent(
            pattern ->
                options.setInAllVersions(
                    Options.CUSTOM_DEVICE_PROPERTIES,
                    "{type=interface;prop={"
                        + Options.SECURITY_GROUPS
                        + ";port_isolation="
                        + pattern
                        + "}}"));
    settings
        .externalScheduler()
        .ifPresent(
            uri -> {
              options.set(Options.SCHEDULER_ENABLED, "true", Options.GENERAL);
              options.set(Options.SCHEDULER_URL, uri.toString(), Options.GENERAL);
            });
    restart();
    balancing = clock.scheduleWithFixedDelay(scheduling::balanceAll, 60, 60, TimeUnit.SECONDS);
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** What a restart of the real engine does: new options take effect, the scheduler is asked. */
  public void restart() {
    options.takeEffect();
    scheduling.discover();
    events.write(
        EventLog.Kind.AFFINITY_RULES_ENFORCEMENT_MANAGER_START,
        "Affinity Rules Enforcement Manager started.",
        Optional.empty(),
        List.of());
  }

  /** What a minute of the real engine does once. */
  public void balanceClusters() {
    scheduling.balanceAll();
  }

  /** What {@code engine-config} works on. */
  public Options options() {
    return options;
  }

  /** Entities in bulk. */
  public Seeds seeds() {
    return seeds;
  }

  /** Whether networks have {@code port_isolation}. */
  public boolean knowsPortIsolation() {
    return settings.nativePortIsolation();
  }

  String productVersion() {
    return settings.nativePortIsolation() ? "4.5.8_master" : "4.4.2.6-1.el8";
  }

  /** The compatibility levels a data center can have, from 4.2 on. */
  List<Version> levels() {
    int newest = settings.nativePortIsolation() ? 8 : 4;
    return IntStream.rangeClosed(2, newest).mapToObj(minor -> new Version(4, minor)).toList();
  }

  Version newestLevel() {
    return levels().get(levels().size() - 1);
  }

  void inBackground(Runnable task) {
    workers.execute(task);
  }

  /** From now on the engine makes a new network's profile so long after its answer. */
  public void makeDefaultProfilesAfter(Delay delay) {
    defaultProfile = delay;
  }

  /**
   * Makes what the engine makes for a new network by itself, which its answer does not wait for.
   */
  void forNewNetwork(Runnable task) {
    Duration after = defaultProfile.next();
    if (after.isZero()) {
      task.run();
    } else {
      ScheduledFuture<?> unused =
          clock.schedule(
              () -> {
                synchronized (commands) {
                  task.run();
                }
              },
              after.toMillis(),
              TimeUnit.MILLISECONDS);
    }
  }

  // --- who may come in ---

  /** What the directory says of a user, for the SSO's token-info. */
  public record DirectoryEntry(
      String login, String firstName, String email, String principal, List<Tree> groups) {}

  /** The directory's user with this login and password. */
  public Optional<DirectoryEntry> authenticate(String login, String password) {
    return rights
        .login(login)
        .filter(user -> user.password().equals(password))
        .map(user -> directory(user.login()));
  }

  /** A user of the directory with the groups, each with name and external id. */
  public DirectoryEntry directory(String login) {
    User user = rights.login(login).orElseThrow();
    List<Tree> groups =
        user.groups().stream()
            .flatMap(id -> rights.group(id).stream())
            .map(
                group ->
                    new Tree().put("name", group.name()).put("external_id", group.externalId()))
            .toList();
    return new DirectoryEntry(
        user.login(), user.firstName(), user.email(), user.principal().toString(), groups);
  }

  /**
   * The caller a login stands for.
   *
   * @param filter the header {@code Filter}
   * @return nothing for a user without any permission, whom the API does not let in
   */
  public Optional<Caller> caller(String login, Optional<Boolean> filter, String correlationId) {
    User user = rights.login(login).orElseThrow();
    rights.takeIn(user);
    if (!rights.mayLogIn(user)) {
      events.write(
          Kind.USER_VDC_LOGIN_FAILED,
          "User " + user.qualified() + " connecting from '127.0.0.1' failed to log in<UNKNOWN>.",
          Optional.empty(),
          List.of(EventLog.link("user", user.qualified(), user.id())));
      return Optional.empty();
    }
    boolean administrator = rights.administrator(user);
    if (!administrator && filter.equals(Optional.of(false))) {
      throw ApiException.fault(
          400, "Operation Failed", "query execution failed due to insufficient permissions.");
    }
    return Optional.of(new Caller(user, !administrator || filter.orElse(false), correlationId));
  }

  /** What Basic requests leave in the event log: a login each five seconds at most. */
  public void logLogin(Caller caller, String session) {
    Instant now = Instant.now();
    Instant before = loginsLogged.getOrDefault(caller.id(), Instant.EPOCH);
    if (before.plus(LOGIN_SILENCE).isAfter(now)) {
      return;
    }
    loginsLogged.put(caller.id(), now);
    events.write(
        Kind.USER_VDC_LOGIN,
        "User "
            + caller.name()
            + " connecting from '127.0.0.1' using session '"
            + session
            + "' logged in.",
        caller.correlation(),
        List.of(caller.link()));
  }

  /** The other half, which every Basic request leaves. */
  public void logLogout(Caller caller, String session) {
    events.write(
        Kind.USER_VDC_LOGOUT,
        "User "
            + caller.name()
            + " connected from '127.0.0.1' using session '"
            + session
            + "' logged out.",
        caller.correlation(),
        List.of(caller.link()));
  }

  // --- what the commands share ---

  static UUID uuid(Optional<String> text) {
    try {
      return UUID.fromString(text.orElse(""));
    } catch (IllegalArgumentException e) {
      return new UUID(0, 0);
    }
  }

  /** The entity, or the engine's answer for one that is not there. */
  static <T> T found(Optional<T> entity) {
    return entity.orElseThrow(ApiException::notFound);
  }

  List<ClusterNetwork> clusterNetworks(UUID cluster) {
    Map<UUID, ClusterNetwork> of = attachments.get(cluster);
    return of == null ? List.of() : List.copyOf(of.values());
  }

  Optional<ClusterNetwork> attachment(UUID cluster, UUID network) {
    return Optional.ofNullable(attachments.getOrDefault(cluster, Map.of()).get(network));
  }

  void attach(ClusterNetwork attachment) {
    attachments
        .computeIfAbsent(attachment.cluster(), id -> new ConcurrentHashMap<>())
        .put(attachment.network(), attachment);
  }

  void detach(UUID cluster, UUID network) {
    attachments.getOrDefault(cluster, new ConcurrentHashMap<>()).remove(network);
  }

  void detachEverywhere(UUID network) {
    attachments.values().forEach(of -> of.remove(network));
  }

  void forgetCluster(UUID cluster) {
    attachments.remove(cluster);
  }

  void addNic(Nic nic) {
    nics.put(nic.id(), nic);
    nicsOfVm
        .computeIfAbsent(nic.vm(), id -> Collections.synchronizedSet(new LinkedHashSet<>()))
        .add(nic.id());
  }

  void removeNic(Nic nic) {
    nics.remove(nic.id());
    nicsOfVm.getOrDefault(nic.vm(), new HashSet<>()).remove(nic.id());
  }

  List<Nic> nicsOf(UUID vm) {
    Set<UUID> ids = nicsOfVm.getOrDefault(vm, Set.of());
    synchronized (ids) {
      return ids.stream().flatMap(id -> nics.get(id).stream()).toList();
    }
  }

  /** How many VMs are on a host; counted once for all hosts until a VM changes. */
  long runningOn(UUID host) {
    List<Vm> all = vms.all();
    VmCount count = vmCount;
    if (count.of() != all) {
      count =
          new VmCount(
              all,
              all.stream()
                  .flatMap(vm -> vm.host().stream())
                  .collect(Collectors.groupingBy(each -> each, Collectors.counting())));
      vmCount = count;
    }
    return count.byHost().getOrDefault(host, 0L);
  }

  DataCenter dataCenterOf(Cluster cluster) {
    return dataCenters.get(cluster.dataCenter()).orElseThrow();
  }

  Cluster clusterOf(Vm vm) {
    return clusters.get(vm.cluster()).orElseThrow();
  }

  static EventLink link(DataCenter dataCenter) {
    return EventLog.link("data_center", dataCenter.name(), dataCenter.id());
  }

  static EventLink link(Cluster cluster) {
    return EventLog.link("cluster", cluster.name(), cluster.id());
  }

  static EventLink link(Host host) {
    return EventLog.link("host", host.name(), host.id());
  }

  /** The links an event about a VM carries. */
  List<EventLink> linksOf(Vm vm, Optional<Caller> caller, boolean withDataCenter) {
    Cluster cluster = clusterOf(vm);
    List<EventLink> links = new ArrayList<>();
    links.add(link(cluster));
    if (withDataCenter) {
      links.add(link(dataCenterOf(cluster)));
    }
    vm.host().flatMap(hosts::get).ifPresent(host -> links.add(link(host)));
    links.add(EventLog.link("template", "Blank", UUID.fromString(Views.BLANK)));
    caller.ifPresent(each -> links.add(each.link()));
    links.add(EventLog.link("vm", vm.name(), vm.id()));
    return links;
  }

  void renamed(String what, String before, String after, Caller caller, List<EventLink> links) {
    events.write(
        Kind.ENTITY_RENAMED,
        what
            + " "
            + before
            + " was renamed from "
            + before
            + " to "
            + after
            + " by "
            + caller.user().login()
            + ".",
        Optional.empty(),
        links);
  }

  @Override
  public void close() {
    balancing.cancel(true);
    clock.shutdownNow();
    workers.shutdownNow();
  }
}
