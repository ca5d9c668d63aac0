// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.HostCompiler;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.lint.Linter;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * What policies cost in processor time of their one thread, which a busy machine changes little:
 * for comparing two builds. Uses nothing but what builds have had for long, so that it compiles
 * against either.
 */
public final class PolicyCpu {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private PolicyCpu() {}

  /**
   * Prints a line for each measured run: what, and milliseconds.
   *
   * @param arguments how many runs to warm up, how many to measure, and the names of what to
   *     measure; all if there is none
   */
  public static void main(String[] arguments) throws Exception {
    int warmUps = Integer.parseInt(arguments[0]);
    int runs = Integer.parseInt(arguments[1]);
    List<String> wanted = List.of(arguments).subList(2, arguments.length);
    String inventoryText = PolicyBenchmark.inventory(200);
    String rules = PolicyBenchmark.subnet(10_000);
    Inventory inventory = PolicyBenchmark.readInventory(inventoryText);
    Map<String, ResolvedNetwork> networks =
        ResolvedNetwork.all(inventory, PolicyBenchmark.readPolicies(inventory, rules));
    measure(
        wanted,
        "compile_10k",
        warmUps,
        runs,
        () ->
            HostCompiler.compile(
                    "h0",
                    HostCapabilities.ALL,
                    ResolvedNetwork.all(inventory, PolicyBenchmark.readPolicies(inventory, rules)))
                .toJson());
    measure(wanted, "lint_10k", warmUps, runs, () -> new Linter(inventory, networks).lint());
    Inventory thousand = PolicyBenchmark.readInventory(PolicyBenchmark.inventory(1_000));
    Map<String, ResolvedNetwork> both =
        ResolvedNetwork.all(
            thousand,
            PolicyBenchmark.readPolicies(
                thousand, PolicyBenchmark.subnet(1_000) + networkPolicies(100)));
    measure(
        wanted,
        "reachability_1000",
        warmUps,
        runs,
        () ->
            new Reachability(thousand, both)
                .matrix(Flow.of(Flow.Protocol.TCP, Flow.CLIENT_PORT, 80)));
    measure(wanted, "trace_1000", warmUps, runs, () -> trace(thousand, both));
  }

  /** Policies that each select the VMs of an app and allow a tier, a block and some ports. */
  private static String networkPolicies(int count) {
    StringBuilder yaml = new StringBuilder();
    for (int i = 0; i < count; i++) {
      yaml.append(
          String.format(
              "---%napiVersion: networking.k8s.io/v1%nkind: NetworkPolicy%nmetadata: {name: p%d,"
                  + " annotations: {isolated-ports.ovirt.org/network: net}}%nspec:%n  podSelector:"
                  + " {matchLabels: {app: a%d}}%n  ingress:%n  - from: [{podSelector: {matchLabels:"
                  + " {tier: t%d}}}, {ipBlock: {cidr: 10.1.0.0/16}}]%n    ports: [{port: 80,"
                  + " endPort: %d}]%n",
              i, i, i % 20, 80 + i % 50));
    }
    return yaml.toString();
  }

  /** One frame from each VM to the next, with notes on each of 1,000 ACLs. */
  private static int trace(Inventory inventory, Map<String, ResolvedNetwork> networks) {
    ResolvedNetwork network = networks.get("net");
    Evaluator evaluator = new Evaluator(network);
    int passed = 0;
    for (int i = 0; i < inventory.vms().size(); i++) {
      int to = (i + 1) % inventory.vms().size();
      Packet packet =
          new Packet()
              .set(Field.ETH_TYPE, 0x0800)
              .set(Field.ETH_SRC, network.nics().get(i).mac())
              .set(Field.ETH_DST, network.nics().get(to).mac())
              .set(Field.IP4_SRC, network.nics().get(i).addresses().get(0).address())
              .set(Field.IP4_DST, network.nics().get(to).addresses().get(0).address())
              .set(Field.IP_PROTO, 6)
              .set(Field.TCP_DST, 80);
      passed +=
          evaluator
              .decide(new Endpoint.Vnic(i), new Endpoint.Vnic(to), packet, false)
              .considered()
              .size();
    }
    return passed;
  }

  private static void measure(
      List<String> wanted, String what, int warmUps, int runs, Callable<?> work) throws Exception {
    if (!wanted.isEmpty() && !wanted.contains(what)) {
      return;
    }
    for (int i = 0; i < warmUps + runs; i++) {
      long before = THREADS.getCurrentThreadCpuTime();
      Object result = work.call();
      long after = THREADS.getCurrentThreadCpuTime();
      if (result instanceof List<?> list && list.isEmpty() && what.startsWith("reach")) {
        throw new IllegalStateException("An empty matrix.");
      }
      if (i >= warmUps) {
        System.out.printf("%s %.1f%n", what, (after - before) / 1e6);
      }
    }
  }
}
