// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.inventory.LevelGate;
import org.ovirt.isolatedports.rules.SchedulingState;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.HostReport;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.options.GateView;
import org.ovirt.isolatedports.server.scheduling.inventory.DaemonThreads;
import org.ovirt.isolatedports.server.scheduling.inventory.InventoryKeeper;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerActivity;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;
import org.ovirt.isolatedports.standin.http.Calls;

/**
 * What guard, scheduler and follower ask of the engine in a minute, counted at its stand-in: while
 * nothing happens, and at a hundred events a minute. Ten hosts, fifty networks, five of them
 * isolated, one cluster, times as installed.
 *
 * <p>Arguments: seconds of each (60). Prints one JSON object as the last line.
 */
public final class EngineCallsBenchmark {

  private static final String API = "/ovirt-engine/api";
  private static final int HOSTS = 10;
  private static final int NETWORKS = 50;
  private static final int ISOLATED_EACH = 10;
  private static final int EVENTS_A_MINUTE = 100;

  private EngineCallsBenchmark() {}

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    Duration each = Duration.ofSeconds(arguments.length > 0 ? Long.parseLong(arguments[0]) : 60);
    try (TestDatabase database = new TestDatabase();
        EngineStandIn standIn = GuardRig.engine().schedulerFilterOnAllClusters().start();
        GuardRig driver = new GuardRig(database, standIn)) {
      List<UUID> networks = new ArrayList<>();
      Map<String, String> onHosts = new HashMap<>();
      onHosts.put("ovirtmgmt", "ovirtmgmt");
      for (int i = 0; i < NETWORKS; i++) {
        UUID profile = standIn.seeds().network("net" + i, "Default", i % ISOLATED_EACH == 0);
        networks.add(profile);
        onHosts.put("net" + i, "net" + i);
      }
      for (int i = 0; i < HOSTS; i++) {
        standIn.addHost(
            "host" + i,
            "Default",
            new SimulatedHost(
                HostCapabilities.el9()
                    .withLibvirt("libvirt-9.0.0-1.el9")
                    .withHooks(hooks())
                    .withNetworks(onHosts)));
      }
      UUID vm = standIn.seeds().vm("vm", "Default", List.of(networks.get(0)));
      List<String> work = work(driver, vm);
      ScheduledExecutorService running =
          Executors.newScheduledThreadPool(3, task -> DaemonThreads.named("calls", task));
      run(database, standIn, running);
      // Past the start, where everything is read.
      Thread.sleep(20_000);
      double idle = perMinute(standIn, each, () -> {});
      System.err.println("idle: " + byPath(standIn));
      int[] next = {0};
      double busy =
          perMinute(
              standIn,
              each,
              () -> {
                String[] change = work.get(next[0]++ % work.size()).split(" ", 3);
                var unused = driver.admin(change[0], change[1], change[2]);
              });
      System.err.println("busy: " + byPath(standIn));
      running.shutdownNow();
      System.out.println(
          String.format(
              Locale.ROOT,
              "{\"hosts\": %d, \"networks\": %d, \"idle_calls_a_minute\": %.0f,"
                  + " \"events_a_minute\": %d, \"busy_calls_a_minute\": %.0f}",
              HOSTS,
              NETWORKS,
              idle,
              EVENTS_A_MINUTE,
              busy));
    }
    System.exit(0);
  }

  /** Of ten changes five are of a VM's vNIC, two of profiles, two of hosts, one of a network. */
  private static List<String> work(GuardRig driver, UUID vm) {
    String nics = "/vms/" + vm + "/nics";
    String nic =
        "PUT "
            + nics
            + "/"
            + driver.admin("GET", nics, "").items("nic").get(0).text("id").orElseThrow()
            + " {\"linked\":\"true\"}";
    String profile =
        "PUT /vnicprofiles/"
            + driver.admin("GET", "/vnicprofiles", "").items("vnic_profile").get(0).text("id").get()
            + " {\"description\":\"changed\"}";
    String network =
        "PUT /networks/"
            + driver.admin("GET", "/networks", "").items("network").get(1).text("id").orElseThrow()
            + " {\"description\":\"changed\"}";
    String host =
        "/hosts/" + driver.admin("GET", "/hosts", "").items("host").get(0).text("id").orElseThrow();
    return List.of(
        nic,
        profile,
        nic,
        "POST " + host + "/deactivate {}",
        nic,
        network,
        nic,
        profile,
        nic,
        "POST " + host + "/activate {}");
  }

  private static Map<String, Map<String, String>> hooks() {
    Map<String, Map<String, String>> hooks = new HashMap<>();
    FitnessRequirements.DEFAULT
        .hookEvents()
        .forEach(event -> hooks.put(event, Map.of("60_isolated_ports", "ab12")));
    hooks.put(
        HostReport.EVENT,
        Map.of(HostReport.NAME, "version=1.0;list=ok;filter=yes;kernel=5.14;nft=yes;ct=yes"));
    return hooks;
  }

  /** Counts what is asked while something is done a hundred times a minute; its own call not. */
  private static double perMinute(EngineStandIn standIn, Duration duration, Runnable change)
      throws InterruptedException {
    standIn.calls().reset();
    long changes = duration.toSeconds() * EVENTS_A_MINUTE / 60;
    long start = System.nanoTime();
    int own = 0;
    for (int i = 0; i < changes; i++) {
      long before = standIn.calls().total();
      change.run();
      own += standIn.calls().total() == before ? 0 : 1;
      long due = start + duration.toNanos() * (i + 1) / changes;
      TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
    }
    return (standIn.calls().total() - own) * 60.0 / duration.toSeconds();
  }

  private static Map<String, Integer> byPath(EngineStandIn standIn) {
    Map<String, Integer> counts = new TreeMap<>();
    for (Calls.Call call : standIn.calls().list()) {
      String path =
          call.path()
              .replaceFirst("^" + API, "")
              .replaceFirst("[?].*", "")
              .replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "ID");
      counts.merge(call.method() + " " + path, 1, Integer::sum);
    }
    return counts;
  }

  /** As the server does. */
  private static void run(
      TestDatabase database, EngineStandIn standIn, ScheduledExecutorService running) {
    EngineSettings settings =
        new EngineSettings(
            URI.create(standIn.url() + "/ovirt-engine"),
            Duration.ofSeconds(8),
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    EngineHttpClient http = new EngineHttpClient(settings);
    ServiceAccount account = new ServiceAccount(new SingleSignOn(http), settings);
    ServiceEngine engine = new ServiceEngine(http, account);
    EngineReader reader = new EngineReader(engine);
    EngineMirror mirror = new EngineMirror(reader, Clock.systemUTC());
    InventoryKeeper keeper =
        new InventoryKeeper(
            mirror,
            reader,
            Map::of,
            FitnessRequirements.DEFAULT,
            InventoryKeeper.Intervals.DEFAULT,
            new SchedulerActivity(),
            vm -> {},
            task -> DaemonThreads.named("inventory", task),
            Clock.systemUTC());
    Guard guard =
        new Guard(
            mirror,
            reader,
            database.networkRegister(),
            database.violationStore(),
            id -> {},
            () ->
                new GateView(
                    Optional.of(LevelGate.defaults()), Set.of(), Clock.systemUTC().instant()),
            new SchedulingView() {
              @Override
              public List<AssessedHost> hosts() {
                return List.copyOf(keeper.current().hosts().values());
              }

              @Override
              public SchedulingState scheduling() {
                return SchedulingState.UNKNOWN;
              }
            },
            List.of(),
            Set::of,
            GuardTimes.DEFAULT,
            Clock.systemUTC());
    EventFollower follower =
        new EventFollower(
            engine, List.of(mirror, keeper, guard), Duration.ofSeconds(1), Clock.systemUTC());
    keeper.start();
    repeat(running, follower::poll, 1_000);
    repeat(running, guard::tick, 250);
  }

  private static void repeat(ScheduledExecutorService running, Runnable step, long millis) {
    var unused = running.scheduleWithFixedDelay(step, 0, millis, TimeUnit.MILLISECONDS);
  }
}
