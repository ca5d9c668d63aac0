// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.networkpolicy.KubernetesPolicyListTest;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * nft and the kernel on what we emit. Needs root, nftables and iproute2; everything happens in
 * network and mount namespaces that end with the process that made them.
 */
class NftLabIT {

  @TempDir Path folder;

  private Namespaces.Result alone(String script) throws IOException, InterruptedException {
    return new Namespaces(folder).run(script);
  }

  private Path write(String name, String text) throws IOException {
    return new Namespaces(folder).write(name, text);
  }

  /** Loads both forms one after the other and compares what the kernel lists. */
  private void accepts(Ruleset ruleset) throws IOException, InterruptedException {
    Path json = write("rules.json", ruleset.toJson());
    Path text = write("rules.nft", ruleset.toText());
    Namespaces.Result result =
        alone(
            """
            set -e
            nft -c -j -f %1$s
            nft -c -f %2$s
            nft -j -f %1$s
            nft list ruleset > %3$s/from-json
            nft -f %2$s
            nft list ruleset > %3$s/from-text
            """
                .formatted(json, text, folder));
    assertThat(result.output()).as(ruleset.toText()).isEmpty();
    assertThat(result.code()).isZero();
    assertThat(sorted("from-json")).isEqualTo(sorted("from-text")).isNotEmpty();
  }

  /** Lines in any order: nft lists objects in the order of their making. */
  private List<String> sorted(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name)).stream().sorted().toList();
  }

  private static Ruleset compile(Inventory inventory, PolicySet policies) throws CompileException {
    return HostCompiler.compile(
        "h1", HostCapabilities.BASIC, ResolvedNetwork.all(inventory, policies));
  }

  @Test
  void nftAcceptsEveryConstructOfTheMatchLanguage() throws Exception {
    StringBuilder subnet =
        new StringBuilder(
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: s}\nspec:\n  acls:\n");
    int priority = 2000;
    for (String match : TestPolicies.resource("every-construct.txt").lines().toList()) {
      for (String direction : List.of("from-lport", "to-lport")) {
        priority--;
        subnet.append(
            "  - {direction: %s, priority: %d, action: %s, match: '%s'}\n"
                .formatted(direction, priority, priority % 2 == 0 ? "drop" : "allow", match));
      }
    }
    Inventory inventory = TestPolicies.inventory(TestPolicies.resource("roles-inventory.yaml"));
    accepts(compile(inventory, TestPolicies.policies(inventory, subnet.toString())));
  }

  @Test
  void nftAcceptsRandomRulesets() throws Exception {
    Random random = new Random(20260102);
    int accepted = 0;
    while (accepted < 20) {
      ResolvedNetwork network = RandomPolicies.acls(random, 1 + random.nextInt(30));
      boolean basic =
          !network.stateful()
              && network.subnet().orElseThrow().acls().stream()
                  .noneMatch(acl -> acl.action().ovnName().equals("reject"));
      if (basic) {
        accepts(HostCompiler.compile("h1", HostCapabilities.BASIC, Map.of("net", network)));
        accepted++;
      }
    }
  }

  /** Each difference loads, and leaves what loading the whole would. */
  @Test
  void differencesOfWhatAHostFetchesLoad() throws Exception {
    Random random = new Random(20260103);
    List<Ruleset> all = new ArrayList<>();
    while (all.size() < 12) {
      ResolvedNetwork network = RandomPolicies.acls(random, 1 + random.nextInt(20));
      try {
        all.add(
            NetworkRules.together(
                List.of(NetworkRules.compile("h1", HostCapabilities.BASIC, network))));
      } catch (CompileException e) {
        // Rules that need more than the basics.
      }
    }
    StringBuilder script = new StringBuilder("set -e\n");
    for (int i = 0; i < all.size(); i++) {
      Path whole = write("whole" + i + ".json", document(all.get(i).commands()));
      script.append("nft flush ruleset; nft -j -f ").append(whole).append('\n');
      script.append("nft list ruleset | sort > ").append(folder.resolve("whole" + i)).append('\n');
      int before = (i + all.size() - 1) % all.size();
      String changes = all.get(i).commandsFrom(all.get(before));
      Path difference = write("difference" + i + ".json", document(changes));
      script.append("nft flush ruleset; nft -j -f ");
      script.append(write("before" + i + ".json", document(all.get(before).commands())));
      script.append("\nnft -j -f ").append(difference).append('\n');
      script
          .append("nft list ruleset | sort | diff - ")
          .append(folder.resolve("whole" + i))
          .append('\n');
    }
    Namespaces.Result result = alone(script.toString());
    assertThat(result.output()).isEmpty();
    assertThat(result.code()).isZero();
  }

  private static String document(String commands) {
    return "{\"nftables\":" + commands + "}";
  }

  /**
   * Rules that a host with everything gets: nft and the kernel find nothing wrong with them but
   * what the kernel tests run on may lack, each where it stands.
   */
  private void understands(List<Ruleset> rulesets) throws IOException, InterruptedException {
    StringBuilder script = new StringBuilder();
    for (int i = 0; i < rulesets.size(); i++) {
      Path json = write("rules" + i + ".json", rulesets.get(i).toJson());
      Path text = write("rules" + i + ".nft", rulesets.get(i).toText());
      script.append("nft -c -f ").append(text).append("; echo text; ");
      script.append("nft -c -j -f ").append(json).append("; echo json\n");
    }
    int errors = 0;
    int read = 0;
    String earlier = "";
    String place = "";
    for (String line : alone(script.toString()).output().lines().toList()) {
      if (line.equals("json")) {
        assertThat(errors).as("errors of JSON more than of text").isZero();
        read++;
      } else if (line.contains("Error:")) {
        assertThat(line)
            .containsAnyOf(
                "Could not process rule: Protocol error",
                "Could not process rule: No such file or directory",
                "Could not process rule: Operation not supported");
        errors += line.startsWith("internal:") ? -1 : 1;
        place = line;
      } else if (line.contains("^")) {
        int start = line.indexOf('^');
        String blamed = earlier.substring(start, Math.min(earlier.length(), line.length()));
        assertThat(blamed.strip()).as(place).matches("ct .*|meta ibrname|reject.*");
      }
      earlier = line;
    }
    assertThat(read).isEqualTo(rulesets.size());
  }

  @Test
  void nftUnderstandsWhatTheSeedsExamplesBecome() throws Exception {
    Inventory inventory = TestPolicies.inventory(TestPolicies.resource("inventory.yaml"));
    List<Ruleset> rulesets = new ArrayList<>();
    for (String kind : List.of("subnet-acl-", "networkpolicy-")) {
      for (int i = 1; i <= 4; i++) {
        String yaml = TestPolicies.resource("seed/" + kind + i + ".yaml");
        PolicySet policies = TestPolicies.policies(inventory, yaml);
        rulesets.add(
            HostCompiler.compile(
                "h1", HostCapabilities.ALL, ResolvedNetwork.all(inventory, policies)));
        if (kind.startsWith("subnet")) {
          accepts(compile(inventory, policies));
        }
      }
    }
    understands(rulesets);
  }

  @Test
  void nftUnderstandsWhatKubernetesCasesBecome() throws Exception {
    List<Ruleset> rulesets = new ArrayList<>();
    for (Map<String, ResolvedNetwork> networks : KubernetesPolicyListTest.networks()) {
      rulesets.add(HostCompiler.compile("h1", HostCapabilities.ALL, networks));
    }
    assertThat(rulesets).hasSizeGreaterThan(47);
    understands(rulesets);
  }

  @Test
  void nftUnderstandsRandomStatefulRulesets() throws Exception {
    Random random = new Random(20260103);
    List<Ruleset> rulesets = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ResolvedNetwork network = RandomPolicies.everything(random);
      rulesets.add(HostCompiler.compile("h1", HostCapabilities.ALL, Map.of("net", network)));
    }
    understands(rulesets);
  }

  @Test
  void anIncrementalChangeGivesWhatCompilingAnewGives() throws Exception {
    Inventory inventory = TestPolicies.inventory(TestPolicies.resource("inventory.yaml"));
    String yaml = TestPolicies.resource("seed/subnet-acl-4.yaml");
    Ruleset before = compile(inventory, TestPolicies.policies(inventory, yaml));
    Ruleset after =
        compile(
            inventory,
            TestPolicies.policies(
                inventory,
                yaml.replace("tcp.src == 9501", "tcp.dst == 22 && ip4.dst == 172.20.10.2")));
    Path first = write("first.json", before.toJson());
    Path change = write("change.json", after.changesFrom(before));
    Path whole = write("whole.json", after.toJson());
    Namespaces.Result result =
        alone(
            """
            set -e
            nft -j -f %1$s
            nft -j -f %2$s
            nft list ruleset > %4$s/from-json
            nft -j -f %3$s
            nft list ruleset > %4$s/from-text
            """
                .formatted(first, change, whole, folder));
    assertThat(result.output()).isEmpty();
    assertThat(sorted("from-json")).isEqualTo(sorted("from-text")).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"seed/subnet-acl-1.yaml", "seed/subnet-acl-2.yaml", "seed/subnet-acl-3.yaml", ""})
  void theKernelDecidesAsTheEvaluatorDoes(String policy) throws Exception {
    // All VMs on one host; without a policy, the roles decide.
    String yaml = TestPolicies.resource("inventory.yaml").replace("host: h2", "host: h1");
    Inventory inventory =
        TestPolicies.inventory(
            policy.isEmpty()
                ? yaml.replace(
                        "gateway: 172.20.10.1", "gateway: 172.20.10.1\n  port_isolation: true")
                    .replace("ips: [172.20.10.4]", "ips: [172.20.10.4], role: \"community:a\"")
                    .replace("ips: [172.20.10.5]", "ips: [172.20.10.5], role: \"community:a\"")
                : yaml);
    PolicySet policies =
        policy.isEmpty()
            ? PolicySet.NONE
            : TestPolicies.policies(inventory, TestPolicies.resource(policy));
    Path rules = write("rules.json", compile(inventory, policies).toJson());
    Namespaces.Result result = alone(bridgeScript(inventory, rules));
    Map<String, Boolean> seen = new TreeMap<>();
    for (String line : result.output().lines().filter(l -> l.startsWith("ping ")).toList()) {
      String[] words = line.split(" ", -1);
      seen.put(words[1], words[2].equals("yes"));
    }
    Map<String, Boolean> expected = new TreeMap<>();
    TestPolicies.matrix(inventory, policies, Flow.ping())
        .forEach((pair, p) -> expected.put(pair, p.forward() && p.reply()));
    expected.keySet().removeIf(pair -> pair.startsWith(Inventory.GATEWAY));
    assertThat(seen).as(result.output()).isEqualTo(expected);
  }

  /**
   * A bridge with a namespace for each vNIC and one for the gateway; then everyone pings everyone.
   */
  private static String bridgeScript(Inventory inventory, Path rules) {
    StringBuilder script =
        new StringBuilder(
            """
            mount -t tmpfs tmpfs /run
            ip link add br0 type bridge mcast_snooping 0
            ip link set br0 up
            host() { # NAME DEVICE MAC ADDRESS
              ip netns add "$1"
              ip link add "$2" type veth peer name eth0 netns "$1"
              ip link set "$2" master br0 up
              ip -n "$1" link set eth0 address "$3"
              ip -n "$1" link set eth0 up
              ip -n "$1" addr add "$4/24" dev eth0
            }
            try() { # FROM TO ADDRESS
              ip netns exec "$1" ping -n -c 2 -i 0.3 -W 2 "$3" > /dev/null 2>&1 && a=yes || a=no
              echo "ping $1>$2 $a"
            }
            host gateway uplink0 02:00:00:00:00:01 172.20.10.1
            """);
    for (Nic nic : inventory.nics()) {
      script.append(
          "host %s %s %s %s%n"
              .formatted(
                  nic.vm().name(),
                  nic.device(),
                  Addresses.formatMac(nic.mac()),
                  nic.address(false).orElseThrow()));
    }
    script.append("nft -j -f ").append(rules).append("\nsleep 2\n");
    for (Nic from : inventory.nics()) {
      for (Nic to : inventory.nics()) {
        if (!from.equals(to)) {
          script.append(
              "try %s %s %s &%n"
                  .formatted(from.vm().name(), to.vm().name(), to.address(false).orElseThrow()));
        }
      }
      script.append("try %s gateway 172.20.10.1 &%nwait%n".formatted(from.vm().name()));
    }
    return script.toString();
  }
}
