// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import static org.ovirt.engine.sdk4.ConnectionBuilder.connection;
import static org.ovirt.engine.sdk4.builders.Builders.cluster;
import static org.ovirt.engine.sdk4.builders.Builders.dataCenter;
import static org.ovirt.engine.sdk4.builders.Builders.network;
import static org.ovirt.engine.sdk4.builders.Builders.nic;
import static org.ovirt.engine.sdk4.builders.Builders.template;
import static org.ovirt.engine.sdk4.builders.Builders.vm;
import static org.ovirt.engine.sdk4.builders.Builders.vnicProfile;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.services.VmsService;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.NetworkUsage;
import org.ovirt.engine.sdk4.types.VmStatus;
import org.ovirt.engine.sdk4.types.VnicProfile;
import org.ovirt.isolatedports.lab.IsolatedBridge;
import org.ovirt.isolatedports.lab.Lab;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.lab.Port;
import org.ovirt.isolatedports.lab.Reachability;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.LabHostAgent;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * The eight steps of the feature page's "User work-flows", and what becomes of it all when our
 * server stops and comes back, each on real parts: our server on WildFly with PostgreSQL, an engine
 * stand-in, two simulated hosts with libvirt and real guests.
 */
final class Walk implements AutoCloseable {

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ISOLATED = "tenants";
  private static final String PLAIN = "control";
  private static final List<String> HOSTS = List.of("a", "b");
  private static final List<String> GUESTS = List.of("vm1", "vm2", "vm3", "vm4");
  private static final String ADMIN = "admin@internal";
  private static final String ADMIN_PASSWORD = "admin";
  private static final String LATE_GUEST = "vm5";
  private static final String LAST_GUEST = "vm6";
  private static final Duration HOSTS_KNOWN_WITHIN = Duration.ofMinutes(3);
  private static final Duration BACK_WITHIN = Duration.ofMinutes(3);
  private static final String PROPERTY = "port_isolation";
  private static final String PROPERTY_DEFINITION =
      "{type=interface;prop={port_isolation="
          + "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$}}";

  private final Path project;
  private final Options options;
  private final Report report;
  private final Consumer<String> out;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final Thread closer = new Thread(this::release, "demo-closer");

  private Lab lab;
  private EngineStandIn engine;
  private PluginServer server;
  private Connection api;
  private String clusterId;
  private final Map<String, String> networkIds = new LinkedHashMap<>();

  /** A walk that tells {@code out} how each step goes; what it tells has its line ends. */
  Walk(Path project, Options options, Report report, Consumer<String> out) {
    this.project = project;
    this.options = options;
    this.report = report;
    this.out = out;
    Runtime.getRuntime().addShutdownHook(closer);
  }

  /** Walks; the report holds what was seen, also when a step fails and ends the walk. */
  void run() {
    report.enforcement(options.nativeEngine() ? "native" : "hook");
    boolean ready =
        step("0. Start the server, the engine and two hosts", this::startEverything)
            && step("1. Every host has an unused Ethernet port", this::everyHostHasAnUplink)
            && step("2. The switch protects the ports of the hosts", this::switchProtectsItsPorts)
            && step("3. Create the isolated network, and a plain one", this::createNetworks)
            && step("4. Attach the networks to the hosts", this::attachNetworks)
            && step("5. Attach the networks to vNICs and run the VMs", this::runVms)
            && step("   Observe who reaches whom", this::observe);
    if (!ready) {
      return;
    }
    step("6. Two VMs on the same host cannot communicate", () -> apart(true));
    step("7. Two VMs on separate hosts cannot communicate", () -> apart(false));
    step("8. The VMs communicate with the uplink", this::uplinkReached);
    step("   On the plain network everybody reaches everybody", this::controlHolds);
    printMatrix();
    step("9. With our server stopped, a VM still comes up isolated", this::serverStopped);
    step("10. Started again, our server finds its way back", this::serverReturns);
  }

  // ---- the steps -------------------------------------------------------------------------------

  private String startEverything() throws IOException {
    Path work = Files.createTempDirectory("isolated-ports-demo");
    open.add(() -> deleteTree(work));
    CompletableFuture<Lab> starting = CompletableFuture.supplyAsync(this::startLab);
    // Also a lab that comes up after something else has failed must go again.
    open.add(() -> starting.join().close());

    Database database = closing(Database.start(work));
    int enginePort = Ports.free();
    server =
        closing(
            new PluginServer(
                project,
                work,
                database,
                URI.create("http://127.0.0.1:" + enginePort + "/ovirt-engine")));
    server
        .with("isolated-ports.engine.user", ADMIN)
        .with("isolated-ports.engine.password", ADMIN_PASSWORD)
        .with("isolated-ports.sso.client-id", "ovirt-isolated-ports")
        .with("isolated-ports.sso.client-secret", "ovirt-isolated-ports")
        // The engine comes after the server here, and is to be found soon.
        .with("isolated-ports.engine.longest-pause-ms", "1000")
        .start();
    // The engine asks `discover` once, at its start: the server has to be there first.
    engine =
        closing(
            EngineStandIn.builder()
                .nativePortIsolation(options.nativeEngine())
                .port(enginePort)
                .externalScheduler(server.schedulerUrl())
                .schedulerFilterOnAllClusters()
                .proxy("/ovirt-isolated-ports", server.url().resolve("/ovirt-isolated-ports"))
                .portal(project.resolve("ui-extension/dist"))
                .start());
    String level = options.nativeEngine() ? "4.8" : "4.4";
    if (!options.nativeEngine()) {
      // What an administrator does once: register the property, and open the gate for level 4.4,
      // because all hosts have the libvirt it takes (engine-config -s ... --cver=4.4).
      engine.engineConfig().set("CustomDeviceProperties", PROPERTY_DEFINITION, level);
      engine.restart();
      database.execute(
          Database.OWN,
          "UPDATE vdc_options SET option_value = 'true'"
              + " WHERE option_name = 'IsPortIsolationSupported' AND version = '4.4'");
    }
    api =
        connection()
            .url(engine.url() + "/ovirt-isolated-ports/api")
            .user(ADMIN)
            .password(ADMIN_PASSWORD)
            .build();
    await(
        "Our server does not see the engine",
        () -> !api.systemService().networksService().list().send().networks().isEmpty());
    lab = starting.join();
    report.guests(lab.guestKind().name().toLowerCase(Locale.ROOT));
    for (LabHost host : lab.hosts()) {
      if (options.hook()) {
        host.installHooks(project.resolve("vdsm-hook"));
        host.startWatch(host.path("/run/lab/watch.log"));
      }
    }
    return "server "
        + server.url()
        + "/ovirt-isolated-ports/api, engine "
        + engine.url()
        + "/ovirt-engine/api, guests run on "
        + lab.guestKind();
  }

  private Lab startLab() {
    return Lab.builder()
        .hosts(HOSTS.toArray(new String[0]))
        .network(ISOLATED, "10.77.1.0/24")
        .network(PLAIN, "10.77.2.0/24")
        .switchPortsProtected(ISOLATED, options.switchProtected())
        .guests(options.guests())
        .cache(project.resolve("target/lab-cache"))
        .start();
  }

  private String everyHostHasAnUplink() {
    for (LabHost host : lab.hosts()) {
      for (String name : List.of(ISOLATED, PLAIN)) {
        if (host.run("ls", "/sys/class/net/" + name + "/brif").isBlank()) {
          throw new IllegalStateException(
              "Host " + host.name() + " has no Ethernet port for network " + name + ".");
        }
      }
    }
    return "hosts " + HOSTS + ", one port for each of the two networks";
  }

  private String switchProtectsItsPorts() {
    // The demo's switch is ours to set; whether it holds shows in step 7.
    return options.switchProtected()
        ? "ports of network " + ISOLATED + " are protected ports"
        : "sabotaged: the ports are NOT protected";
  }

  private String createNetworks() {
    String dataCenterId =
        engineApi().systemService().dataCentersService().list().send().dataCenters().get(0).id();
    for (String name : List.of(ISOLATED, PLAIN)) {
      Network created =
          api.systemService()
              .networksService()
              .add()
              .network(
                  network()
                      .name(name)
                      .dataCenter(dataCenter().id(dataCenterId))
                      .usages(NetworkUsage.VM)
                      .portIsolation(name.equals(ISOLATED)))
              .send()
              .network();
      networkIds.put(name, created.id());
      Network read =
          api.systemService().networksService().networkService(created.id()).get().send().network();
      require(
          read.portIsolation() == name.equals(ISOLATED),
          "Network " + name + " reads port_isolation=" + read.portIsolation() + ".");
    }
    if (options.nativeEngine()) {
      // An engine makes a network's profile up to two seconds after it has answered.
      await("The engine makes no profile for the networks", () -> hasProfile(ISOLATED));
    }
    boolean carried = profileCarriesProperty();
    await("The engine makes no profile for the networks", () -> hasProfile(PLAIN));
    require(
        carried != options.nativeEngine(),
        carried
            ? "The engine enforces by itself, and yet the vNIC profile carries our property."
            : "The vNIC profile of network " + ISOLATED + " does not carry our property.");
    return "an unmodified SDK client reads port_isolation=true on "
        + ISOLATED
        + (carried
            ? "; its vNIC profile carries the property"
            : "; the engine knows the attribute");
  }

  private String attachNetworks() {
    clusterId = engineApi().systemService().clustersService().list().send().clusters().get(0).id();
    String clusterName =
        engineApi().systemService().clustersService().list().send().clusters().get(0).name();
    for (String name : networkIds.keySet()) {
      api.systemService()
          .clustersService()
          .clusterService(clusterId)
          .networksService()
          .add()
          .network(network().id(networkIds.get(name)).required(false))
          .send();
    }
    for (LabHost host : lab.hosts()) {
      // The list isolated-ports-host keeps from what the server says; the lab writes it here.
      host.isolatedBridges(
          List.of(new IsolatedBridge(ISOLATED, networkIds.get(ISOLATED), ISOLATED)));
      engine.addHost(
          host.name(),
          clusterName,
          new LabHostAgent(host, Map.of(ISOLATED, ISOLATED, PLAIN, PLAIN)));
    }
    awaitHostsKnown();
    return "cluster " + clusterName + ", hosts " + HOSTS;
  }

  /** Before that a VM starts only on those that are known, and all would be on one host. */
  private void awaitHostsKnown() {
    Instant limit = Instant.now().plus(HOSTS_KNOWN_WITHIN);
    while (hostsKnown() < HOSTS.size()) {
      require(
          Instant.now().isBefore(limit),
          "The scheduler does not know the hosts: " + ours("scheduler"));
      pause();
    }
  }

  private int hostsKnown() {
    try {
      return JSON.readTree(ours("scheduler")).path("hosts_known").asInt();
    } catch (IOException e) {
      throw new UncheckedIOException("Our server's answer is no JSON", e);
    }
  }

  private String runVms() throws InterruptedException {
    Map<String, String> profiles =
        Map.of(ISOLATED, profile(ISOLATED).id(), PLAIN, profile(PLAIN).id());
    List<CompletableFuture<String>> starts = new ArrayList<>();
    for (String name : GUESTS) {
      starts.add(CompletableFuture.supplyAsync(() -> startVm(name, profiles)));
    }
    for (CompletableFuture<String> start : starts) {
      awaitUp(start.join());
    }
    List<String> placed = new ArrayList<>();
    for (LabHost host : lab.hosts()) {
      placed.add(host.name() + ": " + host.running().size());
      require(
          host.running().size() == GUESTS.size() / HOSTS.size(),
          "The VMs are not spread over the hosts: " + placed + ".");
    }
    return GUESTS + " up with a vNIC on each network (" + String.join(", ", placed) + ")";
  }

  /** Creates a VM with a vNIC of each profile and starts it; profiles are by network. */
  private String startVm(String name, Map<String, String> profiles) {
    VmsService vms = engineApi().systemService().vmsService();
    String id =
        vms.add()
            .vm(vm().name(name).cluster(cluster().id(clusterId)).template(template().name("Blank")))
            .send()
            .vm()
            .id();
    profiles.forEach(
        (network, profileId) ->
            vms.vmService(id)
                .nicsService()
                .add()
                .nic(nic().name(network).vnicProfile(vnicProfile().id(profileId)))
                .send());
    try {
      vms.vmService(id).start().send();
    } catch (org.ovirt.engine.sdk4.Error e) {
      // An engine whose filter dropped all hosts gives "[]" as its reason; our decision says more.
      throw new IllegalStateException(
          "VM " + name + " does not start: " + ours("decisions?max=1&vm=" + id), e);
    }
    return id;
  }

  /** What our server says; the path is relative to its API. */
  private String ours(String path) {
    try {
      return HTTP.send(
              HttpRequest.newBuilder(engine.url().resolve("/ovirt-isolated-ports/api/" + path))
                  .header("Accept", "application/json")
                  .header("Authorization", "Bearer " + api.authenticate())
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new UncheckedIOException("Our server does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while asking our server.", e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting.", e);
    }
  }

  private void awaitUp(String id) throws InterruptedException {
    for (int i = 0; i < 1_800; i++) {
      var state = engineApi().systemService().vmsService().vmService(id).get().send().vm();
      if (state.status() == VmStatus.UP) {
        return;
      }
      if (state.status() == VmStatus.DOWN && i > 0) {
        throw new IllegalStateException("VM " + state.name() + " did not start: " + lastEvents());
      }
      Thread.sleep(100);
    }
    throw new IllegalStateException("VM " + id + " is not up in time: " + lastEvents());
  }

  private String lastEvents() {
    return engineApi().systemService().eventsService().list().max(3).send().events().stream()
        .map(event -> event.description())
        .toList()
        .toString();
  }

  private String observe() {
    for (String name : List.of(ISOLATED, PLAIN)) {
      Reachability observed = lab.reachability(name);
      for (Reachability.Row row : observed.rows()) {
        boolean expected = name.equals(PLAIN) || touchesGateway(row.from(), row.to());
        report.add(
            new Report.Pair(name, row.from(), row.to(), expected, row.reached(), row.framesSeen()));
      }
    }
    List<String> wrong = new ArrayList<>();
    for (LabHost host : lab.hosts()) {
      for (Port port : host.ports()) {
        if (port.isolated() != port.bridge().equals(ISOLATED)) {
          wrong.add(host.name() + "/" + port.device() + " on " + port.bridge());
        }
      }
    }
    require(wrong.isEmpty(), "The kernel's isolated flag is wrong on: " + wrong + ".");
    return report.pairs().size() + " ordered pairs, every guest with a DHCP lease on each network";
  }

  private String apart(boolean sameHost) {
    List<Report.Pair> pairs =
        report.pairs().stream()
            .filter(pair -> pair.network().equals(ISOLATED))
            .filter(pair -> !touchesGateway(pair.from(), pair.to()))
            .filter(pair -> hostOf(pair.from()).equals(hostOf(pair.to())) == sameHost)
            .toList();
    return verdict(pairs, "no answer and no frame in any of " + pairs.size() + " ordered pairs");
  }

  private String uplinkReached() {
    List<Report.Pair> pairs =
        report.pairs().stream()
            .filter(pair -> pair.network().equals(ISOLATED))
            .filter(pair -> touchesGateway(pair.from(), pair.to()))
            .toList();
    return verdict(pairs, "gateway answers every guest, and every guest the gateway");
  }

  private String controlHolds() {
    List<Report.Pair> pairs =
        report.pairs().stream().filter(pair -> pair.network().equals(PLAIN)).toList();
    return verdict(pairs, "all " + pairs.size() + " ordered pairs answer");
  }

  /** The engine falls open without its external scheduler; the hook is what holds. */
  private String serverStopped() throws InterruptedException {
    server.stop();
    awaitUp(startVm(LATE_GUEST, Map.of(ISOLATED, profile(ISOLATED).id())));
    List<Report.Pair> pairs =
        lab.reachability(ISOLATED).rows().stream()
            .filter(row -> row.from().equals(LATE_GUEST) || row.to().equals(LATE_GUEST))
            .map(
                row ->
                    new Report.Pair(
                        ISOLATED,
                        row.from(),
                        row.to(),
                        touchesGateway(row.from(), row.to()),
                        row.reached(),
                        row.framesSeen()))
            .toList();
    pairs.forEach(report::add);
    return verdict(pairs, LATE_GUEST + " reaches the gateway and none of " + GUESTS);
  }

  /** The list, the scheduler and the guard, after whatever happened while we were not there. */
  private String serverReturns() throws InterruptedException {
    server.start();
    await("Our server does not list the isolated network", this::listsTheIsolatedNetwork);
    awaitHostsKnown();
    await("The engine's filter is not ours again", () -> ask("scheduler", "filter", "enabled"));
    String vm = startVm(LAST_GUEST, Map.of(ISOLATED, profile(ISOLATED).id()));
    awaitUp(vm);
    await(
        "Our server was not asked where " + LAST_GUEST + " may run",
        () -> ours("decisions?max=1&vm=" + vm).contains(LAST_GUEST));
    if (!options.nativeEngine()) {
      takePropertyAway();
      await("The guard does not put the property back", this::profileCarriesProperty);
    }
    await("The guard sees the engine no more", this::isReady);
    return "it lists "
        + ISOLATED
        + " as isolated, was asked where "
        + LAST_GUEST
        + " may run, and its guard "
        + (options.nativeEngine() ? "watches" : "put the property back on the vNIC profile");
  }

  private boolean listsTheIsolatedNetwork() {
    return api.systemService().networksService().list().send().networks().stream()
        .anyMatch(
            each ->
                each.id().equals(networkIds.get(ISOLATED))
                    && each.portIsolationPresent()
                    && each.portIsolation());
  }

  private boolean ask(String path, String member, String expected) {
    try {
      return JSON.readTree(ours(path)).path(member).asText().equals(expected);
    } catch (IOException e) {
      return false;
    }
  }

  private void takePropertyAway() {
    engineApi()
        .systemService()
        .vnicProfilesService()
        .profileService(profile(ISOLATED).id())
        .update()
        .profile(vnicProfile().customProperties(List.of()))
        .send();
  }

  private boolean profileCarriesProperty() {
    return profile(ISOLATED).customPropertiesPresent()
        && profile(ISOLATED).customProperties().stream()
            .anyMatch(p -> p.name().equals(PROPERTY) && p.value().equals("true"));
  }

  private boolean isReady() {
    try {
      return HTTP.send(
                  HttpRequest.newBuilder(server.managementUrl().resolve("/health/ready")).build(),
                  HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while asking our server.", e);
    }
  }

  /** Waits for what has to come by itself; a request that fails meanwhile is no answer yet. */
  private static void await(String otherwise, BooleanSupplier condition) {
    Instant limit = Instant.now().plus(BACK_WITHIN);
    String last = "";
    while (Instant.now().isBefore(limit)) {
      try {
        if (condition.getAsBoolean()) {
          return;
        }
      } catch (org.ovirt.engine.sdk4.Error | UncheckedIOException e) {
        last = " " + reasons(e);
      }
      pause();
    }
    throw new IllegalStateException(
        otherwise + " within " + BACK_WITHIN.toSeconds() + " s." + last);
  }

  // ---- helpers ---------------------------------------------------------------------------------

  private static String verdict(List<Report.Pair> pairs, String good) {
    require(!pairs.isEmpty(), "No pair was observed.");
    List<String> wrong =
        pairs.stream()
            .filter(pair -> !pair.ok())
            .map(
                pair ->
                    pair.from()
                        + " -> "
                        + pair.to()
                        + (pair.observed() ? " answers" : " does not answer")
                        + ", "
                        + pair.frames()
                        + " frames seen")
            .toList();
    require(wrong.isEmpty(), "Not as it should be: " + wrong);
    return good;
  }

  private static boolean touchesGateway(String from, String to) {
    return from.equals(Reachability.GATEWAY) || to.equals(Reachability.GATEWAY);
  }

  private String hostOf(String vmName) {
    String id =
        engineApi()
            .systemService()
            .vmsService()
            .list()
            .search("name=" + vmName)
            .send()
            .vms()
            .get(0)
            .id();
    return lab.hosts().stream()
        .filter(host -> host.running().contains(id))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("VM " + vmName + " runs on no host."))
        .name();
  }

  private boolean hasProfile(String network) {
    return !profiles(network).isEmpty();
  }

  private VnicProfile profile(String network) {
    return profiles(network).get(0);
  }

  private List<VnicProfile> profiles(String network) {
    return engineApi()
        .systemService()
        .networksService()
        .networkService(networkIds.get(network))
        .vnicProfilesService()
        .list()
        .send()
        .profiles();
  }

  /** The engine itself, for what is not ours: VMs, hosts, events. */
  private Connection engineApi() {
    return connection().url(engine.url() + "/ovirt-engine/api").token(api.authenticate()).build();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  private boolean step(String name, Callable<String> action) {
    long start = System.nanoTime();
    boolean ok = false;
    String outcome;
    try {
      outcome = action.call();
      ok = true;
    } catch (Exception e) {
      outcome = reasons(e);
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    report.add(new Report.Step(name.strip(), ok, millis, outcome));
    out.accept("%-4s %-58s %6d ms%n     %s%n".formatted(ok ? "ok" : "FAIL", name, millis, outcome));
    return ok;
  }

  /** The SDK says only "Failed to send request"; what failed is the cause of that. */
  private static String reasons(Throwable failure) {
    List<String> reasons = new ArrayList<>();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (reasons.stream().noneMatch(known -> known.contains(reason))) {
        reasons.add(reason);
      }
    }
    return String.join(": ", reasons);
  }

  private void printMatrix() {
    for (String network : List.of(ISOLATED, PLAIN)) {
      List<String> names = new ArrayList<>(GUESTS);
      names.add(Reachability.GATEWAY);
      out.accept("%nNetwork %s (from the left to the top)%n%10s".formatted(network, ""));
      names.forEach(to -> out.accept("%10s".formatted(to)));
      out.accept("%n".formatted());
      for (String from : names) {
        out.accept("%10s".formatted(from));
        for (String to : names) {
          out.accept("%10s".formatted(from.equals(to) ? "." : cell(network, from, to)));
        }
        out.accept("%n".formatted());
      }
    }
  }

  private String cell(String network, String from, String to) {
    return report.pairs().stream()
        .filter(p -> p.network().equals(network) && p.from().equals(from) && p.to().equals(to))
        .findFirst()
        .map(pair -> (pair.observed() ? "yes" : "no") + (pair.ok() ? "" : " !!"))
        .orElse("?");
  }

  /** Leaves everything up until Ctrl-C. */
  void waitForInterrupt() {
    if (api == null) {
      // Nothing came up that could be kept.
      return;
    }
    out.accept(
        ("%nEverything stays up. User %s, password %s.%n  our API:  %s/ovirt-isolated-ports/api%n"
                + "  engine:   %s/ovirt-engine/api%n"
                + "  portal:   %s/ovirt-engine/webadmin/  (Networks, "
                + ISOLATED
                + ", Isolation)%n"
                + "Ctrl-C ends it.%n")
            .formatted(ADMIN, ADMIN_PASSWORD, engine.url(), engine.url(), engine.url()));
    try {
      interrupted.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  private synchronized void release() {
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        System.err.println("While cleaning up: " + e.getMessage());
      }
    }
    open.clear();
    interrupted.countDown();
  }

  private static void deleteTree(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot be removed: " + directory, e);
    }
  }

  @Override
  public void close() {
    release();
    try {
      Runtime.getRuntime().removeShutdownHook(closer);
    } catch (IllegalStateException e) {
      // The JVM is ending already, and with it the hook runs.
    }
  }
}
