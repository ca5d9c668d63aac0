// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.NetworkRules;
import org.ovirt.isolatedports.policy.compile.Ruleset;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * Writes the rulesets that dataplane.py measures, as hosts get them: {@code DataplaneRules FOLDER
 * COUNT...}. Half of the rules are about pairs of addresses, a third about blocks, the rest about
 * ranges of ports; each of half of them drops. None but the last is about what is measured, so that
 * a frame meets them all.
 */
public final class DataplaneRules {

  /** The two VMs that speak with each other. */
  private static final String INVENTORY =
      """
      networks:
      - {name: net, bridge: br0, cidr: 10.0.0.0/8, gateway: 10.255.0.1}
      vms:
      - {name: a, host: h1, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2]}]}
      - {name: b, host: h1, nics: [{network: net, mac: "52:54:00:00:00:03", ips: [10.0.0.3]}]}
      """;

  private static final Map<String, String> DEVICES =
      Map.of("nic525400000002", "vnet0", "nic525400000003", "vnet1");

  private DataplaneRules() {}

  private static String match(int i) {
    int high = i >> 16 & 15;
    int middle = i >> 8 & 255;
    int low = i & 255;
    if (i % 6 < 3) {
      return "ip4.src == 10.%d.%d.%d && ip4.dst == 10.%d.%d.%d"
          .formatted(64 + high, middle, low, 128 + high, middle, low);
    }
    if (i % 6 < 5) {
      int block = i << 4;
      return "ip4.src == 100.%d.%d.%d/28"
          .formatted(64 + (block >> 16 & 63), block >> 8 & 255, block & 240);
    }
    int first = 1024 + i % 60_000;
    return "ip4.src == 10.%d.%d.%d && udp.dst >= %d && udp.dst <= %d"
        .formatted(192 + high, middle, low, first, first + 100);
  }

  private static String subnet(int rules, String allow) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata:\n  name: net\nspec:\n  acls:\n");
    for (int i = 0; i < rules; i++) {
      acl(yaml, i % 2 == 0 ? "drop" : allow, match(i), 1 + i % 32_000);
    }
    acl(yaml, allow, "ip4", 0);
    return yaml.toString();
  }

  private static void acl(StringBuilder yaml, String action, String match, int priority) {
    yaml.append("  - action: ").append(action);
    yaml.append("\n    direction: to-lport\n    match: ").append(match);
    yaml.append("\n    priority: ").append(priority).append('\n');
  }

  private static Ruleset compile(HostCapabilities capabilities, String policies)
      throws PolicyException, CompileException {
    Inventory inventory = PolicyBenchmark.readInventory(INVENTORY);
    ResolvedNetwork network =
        ResolvedNetwork.all(inventory, PolicyBenchmark.readPolicies(inventory, policies))
            .get("net");
    return NetworkRules.together(List.of(NetworkRules.compile("h1", capabilities, network)));
  }

  private static String onThisHost(String commands) {
    String here = commands;
    for (Map.Entry<String, String> device : DEVICES.entrySet()) {
      here = here.replace(device.getKey(), device.getValue());
    }
    return here;
  }

  /**
   * Writes {@code stateless-COUNT.json}, {@code stateful-COUNT.json} and {@code
   * one-more-COUNT.json} (what one more rule changes), and prints how long the latter took to
   * compile.
   */
  public static void main(String[] arguments)
      throws IOException, PolicyException, CompileException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    long milliseconds = 0;
    for (String argument : List.of(arguments).subList(1, arguments.length)) {
      int count = Integer.parseInt(argument);
      Ruleset stateless = compile(HostCapabilities.BASIC, subnet(count, "allow"));
      write(folder.resolve("stateless-" + count + ".json"), stateless.commands());
      Ruleset stateful = compile(HostCapabilities.ALL, subnet(count, "allow-related"));
      write(folder.resolve("stateful-" + count + ".json"), stateful.commands());
      long start = System.nanoTime();
      Ruleset more = compile(HostCapabilities.BASIC, subnet(count + 1, "allow"));
      String change = more.commandsFrom(stateless);
      milliseconds = (System.nanoTime() - start) / 1_000_000;
      write(folder.resolve("one-more-" + count + ".json"), change);
    }
    System.out.println(JsonWriter.write(Map.of("one_more_compiled_ms", milliseconds)));
  }

  private static void write(Path file, String commands) throws IOException {
    Files.writeString(file, "{\"nftables\":" + onThisHost(commands) + "}");
  }
}
