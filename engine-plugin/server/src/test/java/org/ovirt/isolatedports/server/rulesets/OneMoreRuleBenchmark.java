// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.inventory.TestPicture;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.policies.InForce;
import org.ovirt.isolatedports.server.rulesets.RulesetBook.HostInput;
import org.ovirt.isolatedports.server.uplink.Uplink;

/**
 * One more rule where hosts have very many: from the store's new text to the bytes of the
 * difference that a host which waits is given. Nothing of engine, database and network is in it.
 *
 * <p>Arguments: networks (10), rules of each (10,000), changes (10). Prints one JSON object as the
 * last line, times in milliseconds.
 */
public final class OneMoreRuleBenchmark {

  private final TestPicture picture = new TestPicture();
  private final Map<UUID, InForce> inForce = new HashMap<>();
  private final RulesetBook book = new RulesetBook(Clock.systemUTC());
  private final HostInput host;
  private final int rules;

  private OneMoreRuleBenchmark(int networks, int rules) {
    this.rules = rules;
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < networks; i++) {
      UUID id = new UUID(1, i);
      ids.add(id.toString());
      picture.network(id, "net" + i).profile("p" + i, id, Optional.empty());
      for (int vm = 0; vm < 10; vm++) {
        picture.vm("vm" + i + "-" + vm, "p" + i, String.format("56:6f:1a:2b:%02x:%02x", i, vm));
      }
      write(id, 0);
    }
    host =
        new HostInput("h1", "h1", HostAbilities.said(true, HostCapabilities.ALL), Set.copyOf(ids));
  }

  /** Half exact pairs, a third blocks, the rest ranges of ports. */
  private void write(UUID network, int more) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: acls}\nspec:\n  acls:\n");
    for (int i = 0; i < rules + more; i++) {
      int high = i >> 8;
      int low = i & 0xff;
      String match =
          i % 6 < 3
              ? "ip4.src == 10.1." + high + "." + low + " && ip4.dst == 10.2." + high + "." + low
              : i % 6 < 5
                  ? "ip4.src == 10.3." + high + "." + (low & 0xf0) + "/28 && tcp.dst == " + (1 + i)
                  : "ip4.dst == 10.4."
                      + high
                      + "."
                      + low
                      + " && tcp.dst >= "
                      + (1 + i)
                      + " && tcp.dst <= "
                      + (20 + i);
      yaml.append("  - {direction: to-lport, priority: 1001, action: drop, match: \"")
          .append(match)
          .append("\"}\n");
    }
    inForce.put(
        network,
        new InForce(
            network,
            1,
            List.of(new InForce.Text("acls", yaml.toString(), Map.of())),
            List.of(),
            Map.of(),
            Map.of()));
  }

  private Map<String, NetworkInput> inputs() {
    LiveInventory inventory =
        LiveInventory.of(
            picture.get(),
            Set.of(),
            id -> Uplink.OPEN,
            new Labels.All(Map.of(), Map.of()),
            Map.of());
    return RulesetInputs.of(picture.get(), inventory, inForce);
  }

  public static void main(String[] args) {
    int networks = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    int rules = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
    int changes = args.length > 2 ? Integer.parseInt(args[2]) : 10;
    OneMoreRuleBenchmark benchmark = new OneMoreRuleBenchmark(networks, rules);
    long start = System.nanoTime();
    benchmark.book.update(benchmark.inputs(), List.of(benchmark.host));
    benchmark.book.of("h1").orElseThrow().body().gzip();
    double whole = since(start);
    double[] update = new double[changes];
    double[] body = new double[changes];
    int bytes = 0;
    for (int i = 0; i < changes; i++) {
      HostRuleset before = benchmark.book.of("h1").orElseThrow();
      benchmark.write(new UUID(1, 0), i + 1);
      start = System.nanoTime();
      benchmark.book.update(benchmark.inputs(), List.of(benchmark.host));
      update[i] = since(start);
      start = System.nanoTime();
      bytes = benchmark.book.of("h1").orElseThrow().body(before).gzip().length;
      body[i] = since(start);
    }
    double[] both = new double[changes];
    Arrays.setAll(both, i -> update[i] + body[i]);
    System.out.printf(
        Locale.ROOT,
        "{\"rules\":%d,\"elements\":%d,\"whole_ms\":%.0f,\"update_ms\":%.1f,\"body_ms\":%.1f,"
            + "\"one_more_rule_ms\":%.1f,\"worst_ms\":%.1f,\"difference_bytes\":%d}%n",
        networks * rules,
        benchmark.book.of("h1").orElseThrow().elements(),
        whole,
        median(update),
        median(body),
        median(both),
        Stream.of(both).flatMapToDouble(Arrays::stream).max().orElseThrow(),
        bytes);
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
