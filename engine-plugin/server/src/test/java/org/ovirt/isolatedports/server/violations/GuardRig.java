// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineRequest;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.ExternalEvent;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.engine.TestClock;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.rules.FilterState;
import org.ovirt.isolatedports.rules.SchedulingState;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.server.emergency.Reclosing;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.options.GateView;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * The guard on an engine stand-in and a real database, one step at a time and with a clock of the
 * test's.
 */
public final class GuardRig implements AutoCloseable {

  /** Of the requests the rig itself sends, none is counted. */
  public final EngineStandIn standIn;

  final TestClock clock = new TestClock();
  final NetworkRegister register;
  final EventFollower follower;
  final EventLog log;
  Optional<LevelGate> gate = Optional.of(LevelGate.defaults());
  SchedulingState scheduling =
      new SchedulingState(FilterState.ENABLED, Collections.emptySortedSet());
  final List<AssessedHost> hosts = new ArrayList<>();
  public final List<ViolationSource> sources = new ArrayList<>();

  /** Ids of networks that somebody is just making. */
  final Set<String> beingMade = new java.util.HashSet<>();

  Guard guard;

  private final TestDatabase database;
  private final EngineHttpClient http;
  private final ServiceAccount account;
  private final ServiceEngine engine;
  private final EngineReader reader;
  private EngineMirror mirror;
  private final VnicProfiles profiles;
  private final String adminToken;

  public GuardRig(TestDatabase database, EngineStandIn standIn) {
    this(database, standIn, Duration.ofSeconds(30));
  }

  /** A rig that gives the engine so long for an answer. */
  GuardRig(TestDatabase database, EngineStandIn standIn, Duration patience) {
    this.database = database;
    this.standIn = standIn;
    database.execute("DELETE FROM violation");
    database.execute("DELETE FROM isolated_network");
    EngineSettings settings =
        new EngineSettings(
            java.net.URI.create(standIn.url() + "/ovirt-engine"),
            patience,
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    http = new EngineHttpClient(settings);
    SingleSignOn sso = new SingleSignOn(http);
    adminToken = sso.login("admin@internal", "admin").orElseThrow();
    account = new ServiceAccount(sso, settings);
    engine = new ServiceEngine(http, account);
    reader = new EngineReader(engine);
    profiles = new VnicProfiles(new HardenedSdk(http, settings));
    register = database.networkRegister();
    newGuard();
    follower = new EventFollower(engine, List.of(new Following()), Duration.ofMillis(100), clock);
    log = new EventLog(engine, database.violationStore(), GuardTimes.DEFAULT.over(), clock);
  }

  /** An engine whose clock is not the tests': what it makes later is there at once. */
  public static EngineStandIn.Builder engine() {
    return EngineStandIn.builder()
        .defaultProfileAfter(Duration.ZERO, Duration.ZERO)
        .wrongPasswordTakes(Duration.ZERO);
  }

  /** Passes on to the guard there is now. */
  private final class Following implements EventFollower.Listener {

    @Override
    public void happened(List<org.ovirt.isolatedports.engine.AuditEvent> events) {
      mirror.happened(events);
      guard.happened(events);
    }

    @Override
    public void lostTrack() {
      mirror.lostTrack();
      guard.lostTrack();
    }
  }

  /** Starts the guard anew, as the server's start does. */
  public void newGuard() {
    mirror = new EngineMirror(reader, clock);
    guard =
        new Guard(
            mirror,
            reader,
            register,
            database.violationStore(),
            id ->
                account.call(
                    token -> {
                      profiles.isolate(token, id);
                      return id;
                    }),
            () -> new GateView(gate, Set.of(), clock.instant()),
            new SchedulingView() {
              @Override
              public List<AssessedHost> hosts() {
                return List.copyOf(hosts);
              }

              @Override
              public SchedulingState scheduling() {
                return scheduling;
              }
            },
            sources,
            () -> Set.copyOf(beingMade),
            GuardTimes.DEFAULT,
            clock);
  }

  /** A host of the engine in the cluster, on which all networks are. */
  UUID host(String name) {
    standIn.addHost(
        name,
        "Default",
        new SimulatedHost(
            HostCapabilities.el9().withNetworks(Map.of("ovirtmgmt", "ovirtmgmt", "iso", "iso"))));
    return admin("GET", "/hosts", "").items("host").stream()
        .filter(each -> each.text("name").equals(Optional.of(name)))
        .map(each -> UUID.fromString(each.text("id").orElseThrow()))
        .findFirst()
        .orElseThrow();
  }

  /** Starts a VM and waits until it runs. */
  void start(UUID vm) {
    vmBecomes(vm, "start", "{}", "up", Optional.empty());
  }

  /** Starts a VM on a host and waits until it runs there. */
  void startOn(UUID vm, UUID host) {
    String pinned =
        "{\"vm\":{\"placement_policy\":{\"hosts\":{\"host\":[{\"id\":\"" + host + "\"}]}}}}";
    vmBecomes(vm, "start", pinned, "up", Optional.of(host));
  }

  /** Migrates a VM to a host and waits until it runs there. */
  void migrate(UUID vm, UUID host) {
    vmBecomes(vm, "migrate", "{\"host\":{\"id\":\"" + host + "\"}}", "up", Optional.of(host));
  }

  /** Stops a VM and waits until it is down. */
  void stop(UUID vm) {
    vmBecomes(vm, "stop", "{}", "down", Optional.empty());
  }

  private void vmBecomes(UUID vm, String action, String body, String status, Optional<UUID> host) {
    ApiBody unused = admin("POST", "/vms/" + vm + "/" + action, body);
    for (int i = 0; i < 4_500; i++) {
      ApiBody now = admin("GET", "/vms/" + vm, "");
      Optional<String> on = now.child("host").flatMap(each -> each.text("id"));
      if (now.text("status").equals(Optional.of(status))
          && host.map(UUID::toString).stream().allMatch(id -> on.equals(Optional.of(id)))) {
        return;
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new AssertionError("VM " + vm + " is not " + status + ".");
  }

  /** Closes a network that was opened. */
  public Reclosing reclosing(UUID network) {
    return new Reclosing(
        engine,
        id ->
            account.call(
                token -> {
                  profiles.isolate(token, id);
                  return id;
                }),
        network);
  }

  /** One look at the events, one tick of the guard, one round of events to the engine. */
  public void step() {
    Duration unused = follower.poll();
    guard.tick();
    log.bring();
  }

  /** Steps after some time went by. */
  public void stepAfter(Duration time) {
    clock.forward(time);
    step();
  }

  /** The message keys of what is wrong now. */
  public List<String> rules() {
    return database.violations(true).stream().map(Violation::rule).toList();
  }

  /** What is wrong now. */
  List<Violation> violations() {
    return database.violations(true);
  }

  /** Our events in the engine's event log, oldest first: severity and text. */
  List<String> events() {
    List<String> events = new ArrayList<>();
    for (ApiBody event :
        admin("GET", "/events?search=sortby%20time%20asc&max=10000", "").items("event")) {
      if (event.text("origin").orElse("").equals(ExternalEvent.ORIGIN)) {
        events.add(event.text("severity").orElse("") + " " + event.text("description").orElse(""));
      }
    }
    return events;
  }

  /** Sends a request as an administrator. */
  public ApiBody admin(String method, String path, String json) {
    EngineAnswer answer =
        http.send(
            new EngineRequest(
                method,
                path,
                Map.of(
                    "Authorization",
                    "Bearer " + adminToken,
                    "Accept",
                    "application/json",
                    "Content-Type",
                    "application/json"),
                json.getBytes(StandardCharsets.UTF_8)));
    if (!answer.isSuccess()) {
      throw new IllegalStateException(
          method
              + " "
              + path
              + ": "
              + answer.status()
              + " "
              + new String(answer.body(), StandardCharsets.UTF_8));
    }
    return BodyFormat.JSON.read(
        answer.body().length == 0 ? "{}".getBytes(StandardCharsets.UTF_8) : answer.body(), "");
  }

  /** Creates a network in the default data center; the engine makes it a profile. */
  public UUID network(String name, boolean isolated) {
    String body =
        "{\"name\":\"%s\",\"data_center\":{\"id\":\"%s\"}%s}"
            .formatted(
                name,
                standIn.seeds().dataCenter("Default"),
                isolated ? ",\"port_isolation\":\"true\"" : "");
    return UUID.fromString(admin("POST", "/networks", body).text("id").orElseThrow());
  }

  /** Attaches a network to the default cluster. */
  public void attach(UUID network) {
    ApiBody unused =
        admin(
            "POST",
            "/clusters/" + cluster() + "/networks",
            "{\"id\":\"" + network + "\",\"required\":\"false\"}");
  }

  UUID cluster() {
    return standIn.seeds().cluster("Default");
  }

  UUID dataCenter() {
    return standIn.seeds().dataCenter("Default");
  }

  /** The profiles of a network. */
  public List<ApiBody> profiles(UUID network) {
    return admin("GET", "/networks/" + network + "/vnicprofiles", "").items("vnic_profile");
  }

  /** Registers a network as isolated by the hook, as our REST API does. */
  public void registerHook(UUID network, String name) {
    database.execute(
        "INSERT INTO isolated_network (network_id, data_center_id, name, enforcement, created_at,"
            + " version) VALUES ('%s', '%s', '%s', 'hook', now(), 0)"
                .formatted(network, dataCenter(), name));
  }

  @Override
  public void close() throws java.io.IOException {
    standIn.close();
    http.close();
  }
}
