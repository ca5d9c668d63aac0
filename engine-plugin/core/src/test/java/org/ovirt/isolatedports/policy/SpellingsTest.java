// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.read.PolicyReader;

/** Spellings that another reader, or the same one another day, takes for something else. */
class SpellingsTest {

  private static final String INVENTORY =
      """
      networks: [{name: net, cidr: [%s], gateway: [%s]}]
      vms:
      - {name: a, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [%s]}]}
      - {name: b, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [10.0.0.11]}]}
      address_sets: {set: [%s]}
      """;

  private static String inventory(String cidr, String gateway, String ip, String entry) {
    return INVENTORY.formatted(cidr, gateway, ip, entry);
  }

  private static final String PLAIN =
      inventory("10.0.0.0/24", "10.0.0.1", "10.0.0.10", "10.0.0.12");

  private static List<Finding> ofInventory(String yaml) {
    try {
      return InventoryReader.read("inventory.yaml", yaml).findings();
    } catch (PolicyException e) {
      return List.of(e.finding());
    }
  }

  private static List<Finding> ofPolicy(String yaml) {
    return TestPolicies.findings(TestPolicies.inventory(PLAIN), yaml);
  }

  private static String subnet(String spec) {
    return "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {" + spec + "}\n";
  }

  private static String ingress(String rule) {
    return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:"
        + " {podSelector: {}, ingress: [{"
        + rule
        + "}]}\n";
  }

  /** All places where a block can be written, each with what is found there. */
  private static Map<String, List<Finding>> blockPlaces(String block) {
    String quoted = "\"" + block + "\"";
    return Map.of(
        "ipBlock.cidr", ofPolicy(ingress("from: [{ipBlock: {cidr: " + quoted + "}}]")),
        "ipBlock.except",
            ofPolicy(
                ingress(
                    "from: [{ipBlock: {cidr: 0.0.0.0/0, except: ["
                        + quoted
                        + "]}}, {ipBlock: {cidr: '::/0', except: ["
                        + quoted
                        + "]}}]")),
        "cidrBlock", ofPolicy(subnet("cidrBlock: " + quoted)),
        "allowSubnets",
            ofPolicy(
                subnet("private: true, cidrBlock: 10.0.0.0/24, allowSubnets: [" + quoted + "]")),
        "allowSubnets of an open subnet", ofPolicy(subnet("allowSubnets: [" + quoted + "]")),
        "network.cidr", ofInventory(inventory(quoted, "10.0.0.1", "10.0.0.10", "10.0.0.12")));
  }

  static Stream<Arguments> wrongBlocks() {
    return Stream.of(
        Arguments.of("10.0.0.10/24", "should be \"10.0.0.0/24\" or \"10.0.0.10/32\"?"),
        Arguments.of("10.0.0.0/0", "should be \"0.0.0.0/0\" or \"10.0.0.0/32\"?"),
        Arguments.of("fd00::1/64", "should be \"fd00::/64\" or \"fd00::1/128\"?"),
        Arguments.of("10.0.0.0/08", "must not have leading 0s; write 10.0.0.0/8"),
        Arguments.of("10.0.0.0/024", "must not have leading 0s; write 10.0.0.0/24"),
        Arguments.of("010.0.0.0/8", "must not have leading 0s; write 10.0.0.0/8"),
        Arguments.of("::ffff:10.0.0.0/104", "IPv4-mapped IPv6 address; write 10.0.0.0/8"),
        Arguments.of("10.0.0.1", "must be a CIDR value; write 10.0.0.1/32"),
        Arguments.of("fd00::1", "must be a CIDR value; write fd00::1/128"),
        Arguments.of("10.0.0.0/33", "must be a valid CIDR value"),
        Arguments.of("10.0.0.0/+8", "must be a valid CIDR value"),
        Arguments.of("10.0.0/24", "must be a valid CIDR value"),
        Arguments.of("10.0.0.0-10.0.0.9", "must be a valid CIDR value"),
        Arguments.of("10.0.0.0/24/8", "must be a valid CIDR value"),
        Arguments.of("10.0.0.0/255.255.255.0", "must be a valid CIDR value"),
        Arguments.of("0x0a000000/8", "must be a valid CIDR value"),
        Arguments.of("fe80::%eth0/64", "must be a valid CIDR value"),
        Arguments.of("shop", "must be a valid CIDR value"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongBlocks")
  void blocksAreRefusedEverywhereWithTheRightSpelling(String block, String message) {
    blockPlaces(block)
        .forEach(
            (place, findings) ->
                assertThat(findings)
                    .as(place)
                    .anyMatch(f -> f.isError() && f.message().contains(message))
                    .anyMatch(f -> f.message().contains(block)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0/0", "10.0.0.0/24", "10.0.0.1/32", "fd00::/64", "::/0"})
  void blocksAsTheyShouldBeAreTaken(String block) {
    blockPlaces(block).entrySet().stream()
        .filter(place -> !place.getKey().equals("ipBlock.except"))
        .forEach(
            place -> assertThat(place.getValue()).as(place.getKey()).noneMatch(Finding::isError));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/24, 10.0.0.0/24",
    "10.0.0.0/24, 10.0.0.0/16",
    "10.0.0.0/24, 10.0.1.0/25",
    "10.0.0.0/24, fd00::/64",
    "10.0.0.1/32, 10.0.0.1/32"
  })
  void exceptIsAStrictSubset(String cidr, String except) {
    assertThat(
            ofPolicy(
                ingress("from: [{ipBlock: {cidr: '" + cidr + "', except: ['" + except + "']}}]")))
        .anyMatch(f -> f.isError() && f.message().contains("must be a strict subset of `cidr`"));
  }

  @ParameterizedTest
  @CsvSource({
    "::ffff:10.0.0.2, write 10.0.0.2",
    "010.0.0.2, write 10.0.0.2",
    "10.0.0.2/24, without its prefix",
    "10.0.0, must be a valid IP address",
    "10.0.0.2-10.0.0.3, must be a valid IP address",
    "10.0.0.2 10.0.0.3, must be a valid IP address",
    "gateway, must be a valid IP address",
  })
  void addressesAreRefusedEverywhere(String address, String message) {
    String quoted = "\"" + address + "\"";
    for (List<Finding> findings :
        List.of(
            ofInventory(inventory("10.0.0.0/24", quoted, "10.0.0.10", "10.0.0.12")),
            ofInventory(inventory("10.0.0.0/24", "10.0.0.1", quoted, "10.0.0.12")),
            ofPolicy(subnet("gateway: " + quoted)),
            ofPolicy(subnet("excludeIps: [" + quoted + "]")))) {
      assertThat(findings).anyMatch(f -> f.isError() && f.message().contains(message));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.10-10.0.0.20",
        "10.0.0.10..10.0.0.20",
        "10.0.0.10, 10.0.0.12",
        "10.0.0.10 10.0.0.12",
        "10.0.0.12/24/8",
        "52-54-00-00-00-12",
        "10.0.0.12;",
        "10.0.0.12 // mon",
        " 10.0.0.12",
        "10.0.0.12/24",
        "52",
        "0x0a00000c",
        "mon",
        "$other",
        "\\\"10.0.0.12\\\"",
        "{10.0.0.12}",
        "10.0.0.12/",
        "!10.0.0.12",
        ""
      })
  void anEntryOfAnAddressSetIsReadToItsEnd(String entry) throws PolicyException {
    String yaml = inventory("10.0.0.0/24", "10.0.0.1", "10.0.0.10", "10.0.0.9, \"" + entry + "\"");
    assertThat(ofInventory(yaml))
        .anyMatch(
            f ->
                f.isError() && f.message().contains("address set set") && f.location().line() == 5);
    // A drop of the set drops, and an allow of it allows nothing, until the set is right.
    Inventory inventory = InventoryReader.read("inventory.yaml", yaml).inventory();
    for (String acls :
        List.of(
            "acls: [{direction: to-lport, priority: 1, action: drop, match: ip4.src == $set}]",
            "acls: [{direction: to-lport, priority: 2, action: allow, match: ip4.src == $set},"
                + " {direction: to-lport, priority: 1, action: drop, match: ip4}]")) {
      PolicyReader reader = new PolicyReader(inventory, Optional.empty());
      reader.read("policy.yaml", subnet(acls));
      assertThat(reader.findings()).anyMatch(f -> f.isError() && f.message().contains("$set"));
      assertThat(
              TestPolicies.matrix(inventory, reader.policies(), Flow.ping()).get("a>b").forward())
          .isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.12",
        "10.0.0.0/24",
        "fd00::12",
        "fd00::/64",
        "52:54:00:00:00:12",
        "10.0.0.0/255.255.255.0"
      })
  void entriesAsTheyShouldBeAreTaken(String entry) {
    assertThat(ofInventory(inventory("10.0.0.0/24", "10.0.0.1", "10.0.0.10", "\"" + entry + "\"")))
        .noneMatch(Finding::isError);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "010",
        "0x50",
        "8_0",
        "80.0",
        "+80",
        "-80",
        "0",
        "65536",
        "99999999999",
        "1e2",
        "\"80\"",
        "8080-8090",
        "\"80-90\"",
        "a--b",
        "\"-80\"",
        "1024-",
        "-http",
        "http-",
        "HTTP",
        "h_ttp",
        "sixteen-letters-",
        "\"\"",
        "yes",
        "80/tcp"
      })
  void portsAreRefused(String port) {
    assertThat(ofPolicy(ingress("ports: [{port: " + port + "}]")))
        .anyMatch(f -> f.isError() && f.message().contains("\"port\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"80", "1", "65535", "http", "a-1", "1a", "fifteen-letters"})
  void portsAsTheyShouldBeAreTaken(String port) {
    assertThat(ofPolicy(ingress("ports: [{port: " + port + "}]"))).noneMatch(Finding::isError);
  }

  @ParameterizedTest
  @ValueSource(strings = {"010", "\"90\"", "79", "0", "65536", "http"})
  void endPortsAreRefused(String endPort) {
    assertThat(ofPolicy(ingress("ports: [{port: 80, endPort: " + endPort + "}]")))
        .anyMatch(f -> f.isError() && f.message().contains("\"endPort\""));
  }

  /** OVN masks in a match, and so does this, but it says so. */
  @ParameterizedTest
  @CsvSource({
    "ip4.src == 10.0.0.10/24, true",
    "ip4.src == 10.0.0.0/24, false",
    "ip4.src == 10.0.0.10/255.255.255.0, true",
    "ip6.dst == fd00::1/64, true",
    "eth.src == 52:54:00:00:00:01/ff:ff:ff:00:00:00, true",
    "eth.src == 52:54:00:00:00:00/ff:ff:ff:00:00:00, false",
    "tcp.flags == 0x12/0xf0, false"
  })
  void bitsBeyondTheMaskOfAMatchAreWarnedOf(String match, boolean warned) {
    List<Finding> findings =
        ofPolicy(
            subnet(
                "acls: [{direction: to-lport, priority: 1, action: drop, match: \""
                    + match
                    + "\"}]"));
    assertThat(findings).noneMatch(Finding::isError);
    assertThat(findings.stream().anyMatch(f -> f.message().contains("bits set beyond its mask")))
        .isEqualTo(warned);
  }

  @Test
  void aDualStackBlockSelectsItsNetwork() {
    Inventory inventory =
        TestPolicies.inventory(
            "networks: [{name: one, cidr: [10.0.0.0/24, 'fd00::/64']}, {name: two, cidr:"
                + " 10.1.0.0/24}]\n");
    List<String> networks = new ArrayList<>();
    TestPolicies.policies(
            inventory, subnet("cidrBlock: '10.0.0.0/24,fd00::/64'").replace("name: net", "name: s"))
        .subnets()
        .forEach(subnet -> networks.add(subnet.networkId()));
    assertThat(networks).containsExactly("one");
  }
}
