// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.CompiledHost;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.compile.HostCompiler;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.networkpolicy.LabelSelector;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** What policies cost, at the sizes the project promises. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
@Fork(
    value = 1,
    jvmArgs = {"-Xmx1500m"})
public class PolicyBenchmark {

  private static final String[] ACTIONS = {"drop", "allow"};

  /** An inventory of so many VMs, of which every tenth runs on host h0. */
  static String inventory(int vms) {
    StringBuilder yaml =
        new StringBuilder(
            "networks:\n- {name: net, bridge: br0, cidr: 10.0.0.0/8, gateway: 10.255.0.1}\nvms:\n");
    for (int i = 0; i < vms; i++) {
      yaml.append(
          String.format(
              "- {name: vm%d, host: h%d, labels: {app: a%d, tier: t%d}, nics: [{network: net, mac:"
                  + " \"52:54:%02x:%02x:%02x:00\", ips: [10.%d.%d.%d]}]}%n",
              i,
              i % 10,
              i,
              i % 20,
              i >> 16 & 255,
              i >> 8 & 255,
              i & 255,
              i >> 16 & 63,
              i >> 8 & 255,
              i & 255));
    }
    return yaml.toString();
  }

  /** A rule of one of four kinds: pairs of addresses, services, blocks and sources. */
  static String match(int i) {
    String source = "10." + (i >> 16 & 63) + "." + (i >> 8 & 255) + "." + (i & 255);
    return switch (i % 4) {
      case 0 -> "ip4.src == " + source + " && ip4.dst == 10.64." + (i >> 8 & 255) + "." + (i & 255);
      case 1 -> "ip4.src == " + source + " && tcp.dst == " + (1 + i % 65535);
      case 2 ->
          "ip4.dst == 10.128."
              + (i >> 8 & 255)
              + "."
              + (i & 255)
              + " && udp.dst == "
              + (1 + (i >> 2) % 65535);
      default ->
          "ip4.src == 172."
              + (i >> 16 & 15)
              + "."
              + (i >> 8 & 255)
              + "."
              + (i & 252)
              + "/30 && tcp.dst == "
              + (1 + i % 65535);
    };
  }

  static String subnet(int rules) {
    StringBuilder yaml =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata:\n  name: net\nspec:\n  acls:\n");
    for (int i = 0; i < rules; i++) {
      yaml.append("  - action: ").append(ACTIONS[i % 2]);
      yaml.append("\n    direction: to-lport\n    match: ").append(match(i));
      yaml.append("\n    priority: ").append(i % 32768).append('\n');
    }
    return yaml.toString();
  }

  static Inventory readInventory(String yaml) throws PolicyException {
    return InventoryReader.read("inventory.yaml", yaml).inventory();
  }

  static PolicySet readPolicies(Inventory inventory, String yaml) {
    PolicyReader reader = new PolicyReader(inventory, Optional.empty());
    reader.read("policy.yaml", yaml);
    if (!reader.findings().isEmpty()) {
      throw new IllegalStateException(reader.findings().get(0).toString());
    }
    return reader.policies();
  }

  /** Text of 10,000 and 100,000 rules. */
  @State(Scope.Benchmark)
  public static class Texts {
    private final String inventory = inventory(200);
    private final String rules10k = subnet(10_000);
    private final String rules100k = subnet(100_000);
  }

  private static String compile(String inventoryYaml, String policyYaml)
      throws PolicyException, CompileException {
    Inventory inventory = readInventory(inventoryYaml);
    PolicySet policies = readPolicies(inventory, policyYaml);
    return HostCompiler.compile(
            "h0", HostCapabilities.ALL, ResolvedNetwork.all(inventory, policies))
        .toJson();
  }

  /**
   * From text to JSON, 10,000 rules; so short that it takes more runs than the others until the JVM
   * has compiled what is hot.
   */
  @Warmup(iterations = 12)
  @Benchmark
  public String compile10k(Texts texts) throws PolicyException, CompileException {
    return compile(texts.inventory, texts.rules10k);
  }

  /** From text to JSON, 100,000 rules. */
  @Benchmark
  public String compile100k(Texts texts) throws PolicyException, CompileException {
    return compile(texts.inventory, texts.rules100k);
  }

  /** A compiled host with 100,000 rules, one of which goes to and fro. */
  @State(Scope.Benchmark)
  public static class Compiled {
    private CompiledHost host;
    private Acl one;
    private Acl other;

    /** Compiles once, which is not measured. */
    @Setup
    public void compile() throws PolicyException, CompileException, MatchException {
      Inventory inventory = readInventory(inventory(200));
      PolicySet policies = readPolicies(inventory, subnet(100_000));
      host =
          HostCompiler.compileForUpdates(
              "h0", HostCapabilities.ALL, ResolvedNetwork.all(inventory, policies));
      one =
          policies.subnets().get(0).acls().stream()
              .filter(acl -> acl.match().equals(match(40_001)))
              .findFirst()
              .orElseThrow();
      String changed = "ip4.src == 10.60.1.1 && tcp.dst == 9";
      other =
          new Acl(
              one.fromLport(),
              one.priority(),
              changed,
              new MatchLanguage().parse(changed, NameSets.NONE),
              one.action(),
              one.location());
    }
  }

  /** One rule of 100,000 changed, to the transaction for the host. */
  @Benchmark
  public String oneChange100k(Compiled compiled) throws CompileException {
    String change = compiled.host.replace("net", compiled.one, compiled.other).orElseThrow();
    Acl swapped = compiled.one;
    compiled.one = compiled.other;
    compiled.other = swapped;
    return change;
  }

  /** 1,000 VMs with 1,000 ACLs and 100 network policies. */
  @State(Scope.Benchmark)
  public static class Thousand {
    private Inventory inventory;
    private Map<String, ResolvedNetwork> networks;

    /** Reads once, which is not measured. */
    @Setup
    public void read() throws PolicyException {
      inventory = readInventory(inventory(1_000));
      PolicySet acls = readPolicies(inventory, subnet(1_000));
      networks = ResolvedNetwork.all(inventory, new PolicySet(acls.subnets(), policies(100)));
    }
  }

  /** Policies that each select the VMs of an app and allow a tier, a block and a port. */
  static List<NetworkPolicy> policies(int count) {
    List<NetworkPolicy> policies = new ArrayList<>();
    IpRange block = IpRange.parse("10.1.0.0/16").orElseThrow();
    for (int i = 0; i < count; i++) {
      SourceLocation location = new SourceLocation("policies.yaml", 1 + 12 * i, 1);
      NetworkPolicy.Rule rule =
          new NetworkPolicy.Rule(
              List.of(
                  new NetworkPolicy.VnicPeer(
                      new LabelSelector(Map.of("tier", "t" + i % 20), List.of()), Optional.empty()),
                  new NetworkPolicy.BlockPeer(block, List.of())),
              List.of(
                  new NetworkPolicy.Port(
                      NetworkPolicy.Protocol.TCP, new NetworkPolicy.PortRange(80, 80 + i % 50))),
              location);
      policies.add(
          new NetworkPolicy(
              "p" + i,
              "default",
              "net",
              new LabelSelector(Map.of("app", "a" + i), List.of()),
              Optional.of(List.of(rule)),
              Optional.empty(),
              location));
    }
    return policies;
  }

  /** The whole matrix, both directions. */
  @Benchmark
  public List<Reachability.Pair> reachability1000(Thousand thousand) {
    return new Reachability(thousand.inventory, thousand.networks)
        .matrix(Flow.of(Flow.Protocol.TCP, Flow.CLIENT_PORT, 80));
  }

  /** 75,000 policies over 100,000 vNICs. */
  @State(Scope.Benchmark)
  public static class Many {
    private Inventory inventory;
    private PolicySet policies;

    /** Reads once, which is not measured. */
    @Setup
    public void read() throws PolicyException {
      inventory = readInventory(inventory(100_000));
      policies = new PolicySet(List.of(), policies(75_000));
    }

    /** Says how much memory it took. */
    @TearDown(Level.Trial)
    public void peak() {
      long bytes = 0;
      for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
        if (pool.getType() == MemoryType.HEAP) {
          bytes += pool.getPeakUsage().getUsed();
        }
      }
      System.out.println(PEAK + bytes / (1024 * 1024));
    }
  }

  private static final String PEAK = "peak_mb ";

  /** Looks all up, and compiles a host with 10,000 of the vNICs. */
  @Benchmark
  public String policies75k(Many many) throws CompileException {
    return HostCompiler.compile(
            "h0", HostCapabilities.ALL, ResolvedNetwork.all(many.inventory, many.policies))
        .toJson();
  }

  /** Runs all and prints the figures as one line of JSON. */
  public static void main(String[] arguments) throws RunnerException {
    PrintStream real = System.out;
    ByteArrayOutputStream copy = new ByteArrayOutputStream();
    System.setOut(
        new PrintStream(
            new OutputStream() {
              @Override
              public void write(int b) {
                real.write(b);
                copy.write(b);
              }
            },
            true,
            StandardCharsets.UTF_8));
    Map<String, Double> milliseconds = new LinkedHashMap<>();
    for (RunResult result :
        new Runner(
                new OptionsBuilder()
                    .include(PolicyBenchmark.class.getSimpleName())
                    .timeout(TimeValue.minutes(10))
                    .shouldFailOnError(true)
                    .build())
            .run()) {
      String name = result.getParams().getBenchmark();
      milliseconds.put(
          name.substring(name.lastIndexOf('.') + 1), result.getPrimaryResult().getScore());
    }
    System.setOut(real);
    String log = copy.toString(StandardCharsets.UTF_8);
    int place = log.lastIndexOf(PEAK) + PEAK.length();
    int end = place;
    while (Character.isDigit(log.charAt(end))) {
      end++;
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("compile_10k_s", seconds(milliseconds.get("compile10k")));
    figures.put("compile_100k_s", seconds(milliseconds.get("compile100k")));
    figures.put("one_change_100k_ms", rounded(milliseconds.get("oneChange100k")));
    figures.put("reachability_1000_s", seconds(milliseconds.get("reachability1000")));
    figures.put("policies_75k_s", seconds(milliseconds.get("policies75k")));
    figures.put("peak_mb", Integer.parseInt(log.substring(place, end)));
    real.println(JsonWriter.write(figures));
  }

  private static double seconds(double milliseconds) {
    return rounded(milliseconds / 1000);
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
