// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import static org.ovirt.engine.sdk4.ConnectionBuilder.connection;
import static org.ovirt.engine.sdk4.builders.Builders.cluster;
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
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.services.VmsService;
import org.ovirt.engine.sdk4.types.Host;
import org.ovirt.engine.sdk4.types.VmStatus;
import org.ovirt.engine.sdk4.types.VnicProfile;
import org.ovirt.isolatedports.lab.Lab;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** What the walk is on: our server, the engine, the hosts, and who is asked there. */
final class Stage implements AutoCloseable {

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final ObjectMapper JSON = new ObjectMapper();
  static final String ISOLATED = "tenants";
  static final String PLAIN = Segments.OF_THE_DOCUMENT;
  static final List<String> HOSTS = List.of("a", "b");
  static final String ADMIN = "admin@internal";
  static final String ADMIN_PASSWORD = "admin";
  private static final Duration HOSTS_KNOWN_WITHIN = Duration.ofMinutes(3);
  private static final Duration BACK_WITHIN = Duration.ofMinutes(3);
  private static final String PROPERTY = "port_isolation";
  private static final String PROPERTY_DEFINITION =
      "{type=interface;prop={port_isolation="
          + "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$}}";

  private final Path project;
  private final Options options;
  private final Report report;
  private final List<AutoCloseable> open = new ArrayList<>();

  private Lab lab;
  private EngineStandIn engine;
  private PluginServer server;
  private HostCertificates certificates;
  private Connection api;
  private String clusterId;
  private final Map<String, String> networkIds = new LinkedHashMap<>();

  Stage(Path project, Options options, Report report) {
    this.project = project;
    this.options = options;
    this.report = report;
  }

  /** The project's directory. */
  Path project() {
    return project;
  }

  Lab lab() {
    return lab;
  }

  EngineStandIn engine() {
    return engine;
  }

  PluginServer server() {
    return server;
  }

  /** Our API, as an unmodified client of the SDK asks it. */
  Connection api() {
    return api;
  }

  /** What the hosts and our server show each other. */
  HostCertificates certificates() {
    return certificates;
  }

  /** The VMs are in this cluster from now on. */
  void runIn(String cluster) {
    clusterId = cluster;
  }

  /** The networks of the walk, by name. */
  Map<String, String> networkIds() {
    return networkIds;
  }

  String startEverything() throws IOException {
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
        .with("isolated-ports.engine.longest-pause-ms", "1000");
    certificates = new HostCertificates(work.resolve("pki"));
    certificates.giveTo(server);
    server.start();
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
        .network(PLAIN, "172.20.10.0/24")
        .switchPortsProtected(ISOLATED, options.switchProtected())
        .guests(options.guests())
        .cache(project.resolve("target/lab-cache"))
        .start();
  }

  /** Ids that the engine gave the hosts, by name. */
  Map<String, String> hostIds() {
    return engineApi().systemService().hostsService().list().send().hosts().stream()
        .collect(Collectors.toMap(Host::name, Host::id));
  }

  /** Before that a VM starts only on those that are known, and all would be on one host. */
  void awaitHostsKnown() {
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

  /** Creates a VM with a vNIC of each profile and starts it; profiles are by network. */
  String startVm(String name, Map<String, String> profiles) {
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
  String ours(String path) {
    return ourApi().get("/" + path).body();
  }

  /** What the SDK does not know of our API. */
  OurApi ourApi() {
    return new OurApi(engine.url(), api.authenticate());
  }

  static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting.", e);
    }
  }

  void awaitUp(String id) throws InterruptedException {
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

  boolean listsTheIsolatedNetwork() {
    return api.systemService().networksService().list().send().networks().stream()
        .anyMatch(
            each ->
                each.id().equals(networkIds.get(ISOLATED))
                    && each.portIsolationPresent()
                    && each.portIsolation());
  }

  boolean ask(String path, String member, String expected) {
    try {
      return JSON.readTree(ours(path)).path(member).asText().equals(expected);
    } catch (IOException e) {
      return false;
    }
  }

  void takePropertyAway() {
    engineApi()
        .systemService()
        .vnicProfilesService()
        .profileService(profile(ISOLATED).id())
        .update()
        .profile(vnicProfile().customProperties(List.of()))
        .send();
  }

  boolean profileCarriesProperty() {
    return profile(ISOLATED).customPropertiesPresent()
        && profile(ISOLATED).customProperties().stream()
            .anyMatch(p -> p.name().equals(PROPERTY) && p.value().equals("true"));
  }

  boolean isReady() {
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
  static void await(String otherwise, BooleanSupplier condition) {
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

  String hostOf(String vmName) {
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

  boolean hasProfile(String network) {
    return !profiles(network).isEmpty();
  }

  VnicProfile profile(String network) {
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
  Connection engineApi() {
    return connection().url(engine.url() + "/ovirt-engine/api").token(api.authenticate()).build();
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  /** The SDK says only "Failed to send request"; what failed is the cause of that. */
  static String reasons(Throwable failure) {
    List<String> reasons = new ArrayList<>();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (reasons.stream().noneMatch(known -> known.contains(reason))) {
        reasons.add(reason);
      }
    }
    return String.join(": ", reasons);
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
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
  public synchronized void close() {
    for (int i = open.size() - 1; i >= 0; i--) {
      try {
        open.get(i).close();
      } catch (Exception e) {
        System.err.println("While cleaning up: " + e.getMessage());
      }
    }
    open.clear();
  }
}
