// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.xmlrpc.XmlRpcException;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.scheduling.HostReport;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineEvent;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineView;
import org.ovirt.isolatedports.server.scheduling.inventory.InventoryKeeper;
import org.ovirt.isolatedports.server.scheduling.inventory.VmNics;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.EngineSchedulerClient;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * The load of {@code tests/benchmarks/run.sh scheduling}: {@code runFilters} over all hosts, called
 * with the engine's own client library; the engine stand-in and the callers are in the same process
 * and share its cores.
 *
 * <p>Arguments: seconds of steady load (600), hosts (400), VMs (10,000), networks (1,000).
 */
public final class SchedulingBenchmark {

  private static final int NETWORKS_ON_HOSTS = 50;
  private static final int ISOLATED_EACH = 5;
  private static final int UNFIT_EACH = 10;
  private static final int SINGLE = 2_000;
  private static final int CLIENTS = 8;
  private static final Duration THROUGHPUT = Duration.ofSeconds(20);

  /** The compiler is busy for most of a minute on two cores; after 10 s it still took a third. */
  private static final Duration WARM_UP = Duration.ofSeconds(60);

  private static final AtomicLong REFUSED = new AtomicLong();

  private SchedulingBenchmark() {}

  /** Counts how long the engine took for each VM asked about. */
  private static final class TimedView implements EngineView {
    private final EngineView engine;
    private final Map<String, Long> nanos = new ConcurrentHashMap<>();

    TimedView(EngineView engine) {
      this.engine = engine;
    }

    @Override
    public Optional<VmNics> vm(String id, boolean withNetworks) {
      long start = System.nanoTime();
      try {
        return engine.vm(id, withNetworks);
      } finally {
        nanos.put(id, System.nanoTime() - start);
      }
    }

    @Override
    public void post(EngineEvent event) {
      engine.post(event);
    }
  }

  /** Runs it and prints one JSON object as the last line. */
  public static void main(String[] arguments) throws Exception {
    int seconds = argument(arguments, 0, 600);
    int hosts = argument(arguments, 1, 400);
    int vms = argument(arguments, 2, 10_000);
    int networks = argument(arguments, 3, 1_000);
    try (EngineStandIn engine = EngineStandIn.builder().start()) {
      List<UUID> vmIds = seed(engine, hosts, vms, networks);
      Map<String, TimedView> timed = new HashMap<>();
      try (SchedulerRig rig =
          new SchedulerRig(
              URI.create(engine.url() + "/ovirt-engine"),
              0,
              InventoryKeeper.Intervals.DEFAULT,
              view -> timed.computeIfAbsent("view", key -> new TimedView(view)))) {
        while (rig.keeper().current().hosts().size() < hosts) {
          Thread.sleep(200);
        }
        System.err.println("inventory of " + hosts + " hosts read");
        System.out.println(
            measure(rig, timed.get("view"), vmIds, hosts, networks, Duration.ofSeconds(seconds)));
      }
    }
  }

  private static int argument(String[] arguments, int index, int otherwise) {
    return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
  }

  private static List<UUID> seed(EngineStandIn engine, int hosts, int vms, int networks) {
    List<UUID> profiles = new ArrayList<>();
    Map<String, String> onHosts = new HashMap<>();
    for (int i = 0; i < networks; i++) {
      String name = "net" + i;
      profiles.add(engine.seeds().network(name, "Default", i % ISOLATED_EACH == 0));
      if (i < NETWORKS_ON_HOSTS) {
        onHosts.put(name, name);
      }
    }
    for (int i = 0; i < hosts; i++) {
      HostCapabilities capabilities =
          HostCapabilities.el9()
              .withLibvirt(i % UNFIT_EACH == 0 ? "libvirt-6.0.0-37.el8" : "libvirt-9.0.0-1.el9")
              .withHooks(hooks())
              .withNetworks(onHosts);
      engine.addHost("host" + i, "Default", new SimulatedHost(capabilities));
    }
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < vms; i++) {
      ids.add(
          engine
              .seeds()
              .vm(
                  "vm" + i,
                  "Default",
                  List.of(
                      profiles.get(i % NETWORKS_ON_HOSTS),
                      profiles.get((i / 7) % NETWORKS_ON_HOSTS))));
    }
    return ids;
  }

  private static Map<String, Map<String, String>> hooks() {
    Map<String, Map<String, String>> hooks = new HashMap<>();
    FitnessRequirements.DEFAULT
        .hookEvents()
        .forEach(event -> hooks.put(event, Map.of("60_isolated_ports", "ab12")));
    hooks.put(
        HostReport.EVENT,
        Map.of(
            HostReport.NAME,
            "version=1.0;list=ok;watch=yes;filter=yes;kernel=5.14;nft=yes;ct=yes"));
    return hooks;
  }

  private static String measure(
      SchedulerRig rig, TimedView view, List<UUID> vms, int hosts, int networks, Duration steady)
      throws Exception {
    List<String> hostIds = new ArrayList<>(rig.keeper().current().hosts().keySet());
    Collections.sort(hostIds);
    warmUp(rig, vms, hostIds);
    double[] total = new double[SINGLE];
    double[] overRest = new double[SINGLE];
    EngineSchedulerClient client = new EngineSchedulerClient(rig.port());
    Random random = new Random(1);
    for (int i = 0; i < SINGLE; i++) {
      String vm = vms.get(random.nextInt(vms.size())).toString();
      long start = System.nanoTime();
      ask(client, hostIds, vm);
      total[i] = (System.nanoTime() - start) / 1e6;
      overRest[i] = total[i] - view.nanos.getOrDefault(vm, 0L) / 1e6;
    }
    System.err.println("single client measured");
    double perSecond = load(rig, vms, hostIds, THROUGHPUT);
    System.err.println("throughput measured");
    double before = heapMegabytes();
    load(rig, vms, hostIds, steady);
    double growth = heapMegabytes() - before;
    return String.format(
        Locale.ROOT,
        "{\"hosts\": %d, \"vms\": %d, \"networks\": %d, \"p50_ms\": %.2f, \"p99_ms\": %.2f,"
            + " \"over_rest_p50_ms\": %.2f, \"over_rest_p99_ms\": %.2f,"
            + " \"decisions_per_s\": %.0f, \"heap_growth_mb\": %.1f, \"steady_s\": %d,"
            + " \"refused_late\": %d}",
        hosts,
        vms.size(),
        networks,
        percentile(total, 50),
        percentile(total, 99),
        percentile(overRest, 50),
        percentile(overRest, 99),
        perSecond,
        growth,
        steady.toSeconds(),
        REFUSED.get());
  }

  private static void warmUp(SchedulerRig rig, List<UUID> vms, List<String> hosts)
      throws Exception {
    load(rig, vms, hosts, WARM_UP);
  }

  /** Several clients as fast as they can; decisions a second. */
  private static double load(
      SchedulerRig rig, List<UUID> vms, List<String> hosts, Duration duration)
      throws InterruptedException {
    AtomicLong decisions = new AtomicLong();
    long start = System.nanoTime();
    long end = start + duration.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(i);
      Thread thread =
          new Thread(
              () -> {
                EngineSchedulerClient client = new EngineSchedulerClient(rig.port());
                while (System.nanoTime() < end) {
                  ask(client, hosts, vms.get(random.nextInt(vms.size())).toString());
                  decisions.incrementAndGet();
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return decisions.get() / ((System.nanoTime() - start) / 1e9);
  }

  private static void ask(EngineSchedulerClient client, List<String> hosts, String vm) {
    try {
      Map<?, ?> answer =
          (Map<?, ?>) client.runFilters(List.of(IsolatedPortsFilter.NAME), hosts, vm, Map.of());
      int kept = ((Object[]) answer.get("result")).length;
      if (kept == 0) {
        // The stand-in did not answer within our deadline.
        REFUSED.incrementAndGet();
      } else if (kept != hosts.size() && kept != hosts.size() - hosts.size() / UNFIT_EACH) {
        throw new IllegalStateException(
            "Of " + hosts.size() + " hosts " + kept + " were kept for VM " + vm + ".");
      }
    } catch (XmlRpcException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double heapMegabytes() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(200);
    }
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1048576.0;
  }

  private static double percentile(double[] values, int percent) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }
}
