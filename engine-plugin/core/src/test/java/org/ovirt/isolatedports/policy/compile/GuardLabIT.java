// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * What a vNIC may not say, whatever the policies are, by frames on a real bridge: that it is a
 * router or a DHCP server, that it has another's MAC, and what rules cannot look into. Needs root,
 * nftables, iproute2 and Python 3.
 */
class GuardLabIT {

  private static final String MALLORY = "525400000002";
  private static final String VICTIM = "525400000003";
  private static final String GATEWAY = "020000000001";
  private static final String FD = "fd" + "00".repeat(14);

  @TempDir Path folder;

  /**
   * A frame to the victim.
   *
   * @param from whom it is from: the MAC's port
   * @param bound whether it arrives from an isolated vNIC that is held to what is its own
   * @param free whether it arrives from a vNIC that is not, or is promiscuous
   */
  private record Said(String name, String from, boolean bound, boolean free, String rest) {}

  private static Said server(String name, String rest) {
    return new Said(name, MALLORY, false, true, rest);
  }

  private static Said honest(String name, String rest) {
    return new Said(name, MALLORY, true, true, rest);
  }

  private static Said hiding(String name, String rest) {
    return new Said(name, MALLORY, false, false, rest);
  }

  private static String ipv4(String protocol, int length, String rest) {
    return String.format("0800" + "4500%04x00000000", 20 + length)
        + "40"
        + protocol
        + "0000"
        + "0a000002"
        + "0a000003"
        + rest;
  }

  private static String ipv6(String next, int length, String rest) {
    return String.format("86dd60000000%04x%sff", length, next) + FD + "02" + FD + "03" + rest;
  }

  private static String udp(int source, int destination) {
    return String.format("%04x%04x00100000", source, destination) + "00".repeat(8);
  }

  private static String icmp(int type) {
    return String.format("%02x000000", type) + "00".repeat(20);
  }

  private static String tcp() {
    return "9c400050" + "0000000000000000" + "50020400" + "00000000" + "00000000";
  }

  /** A fragment header: the first of several, or all there is. */
  private static String fragment(String next, boolean more) {
    return next + "00000" + (more ? "1" : "0") + "12345678";
  }

  private static final List<Said> SAID =
      List.of(
          honest("an echo request", ipv4("01", 24, icmp(8))),
          honest("an error", ipv4("01", 24, icmp(3))),
          honest("a DHCP request", ipv4("11", 16, udp(68, 67))),
          honest("a relay's answer", ipv4("11", 16, udp(67, 67))),
          honest("a router solicitation", ipv6("3a", 24, icmp(133))),
          honest("a neighbour solicitation", ipv6("3a", 24, icmp(135))),
          honest("a DHCPv6 request", ipv6("11", 16, udp(546, 547))),
          server("a DHCP offer", ipv4("11", 16, udp(67, 68))),
          server("a DHCP offer from another port", ipv4("11", 16, udp(6767, 68))),
          server("a DHCP offer with a tag", "81000000" + ipv4("11", 16, udp(67, 68))),
          server("a redirect of IPv4", ipv4("01", 24, icmp(5))),
          server("a router advertisement of IPv4", ipv4("01", 24, icmp(9))),
          server("a DHCPv6 answer", ipv6("11", 16, udp(547, 546))),
          server("a router advertisement", ipv6("3a", 24, icmp(134))),
          server("a redirect", ipv6("3a", 24, icmp(137))),
          server(
              "a router advertisement behind options",
              ipv6("00", 32, "3a00010400000000" + icmp(134))),
          server(
              "a router advertisement in a fragment that is all",
              ipv6("2c", 32, fragment("3a", false) + icmp(134))),
          honest("a first fragment", ipv6("2c", 32, fragment("06", true) + tcp())),
          honest("a fragment that is all", ipv6("2c", 32, fragment("06", false) + tcp())),
          honest("a later fragment", ipv6("2c", 32, "0600" + "0020" + "12345678" + tcp())),
          hiding(
              "a first fragment of options alone",
              ipv6("2c", 16, fragment("3c", true) + "0600010400000000")),
          hiding(
              "the same with a header behind the packet",
              ipv6("2c", 16, fragment("3c", true) + "0600010400000000" + tcp())),
          hiding(
              "the same of the usual length",
              ipv6("2c", 32, fragment("3c", true) + "0602" + "0114" + "00".repeat(20) + tcp())),
          hiding(
              "a first fragment with a part of the header",
              ipv6("2c", 16, fragment("06", true) + tcp())),
          hiding(
              "a fragment behind options",
              ipv6("00", 40, "2c00010400000000" + fragment("06", true) + tcp())),
          hiding(
              "a fragment within a fragment",
              ipv6("2c", 40, fragment("2c", true) + fragment("06", true) + tcp())),
          new Said(
              "the gateway's router advertisement", GATEWAY, true, true, ipv6("3a", 24, icmp(134))),
          new Said(
              "the uplink's first fragment of options alone",
              GATEWAY,
              false,
              false,
              ipv6("2c", 16, fragment("3c", true) + "0600010400000000")));

  private static Ruleset rules(String mallory) throws CompileException {
    var inventory =
        TestPolicies.inventory(
            """
            networks: [{name: net, bridge: br0, port_isolation: true}]
            vms:
            - {name: mallory, host: h1, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2, "fd00::2"], port: vnet0, %s}]}
            - {name: victim, host: h1, nics: [{network: net, mac: "52:54:00:00:00:03", role: promiscuous, port: vnet1}]}
            """
                .formatted(mallory));
    return HostCompiler.compile(
        "h1", HostCapabilities.BASIC, ResolvedNetwork.all(inventory, PolicySet.NONE));
  }

  private static String withColons(String mac) {
    return mac.replaceAll("..(?=.)", "$0:");
  }

  @Test
  void routersAndDhcpServersAreThePromiscuousAndNothingHides() throws Exception {
    Namespaces namespaces = new Namespaces(folder);
    List<String> malloriesRules = List.of("", "role: isolated", "role: promiscuous");
    ObjectNode spec = new ObjectMapper().createObjectNode();
    spec.putArray("ports").add("vnet0").add("vnet1").add("uplink0");
    ArrayNode cases = spec.putArray("cases");
    for (int i = 0; i < malloriesRules.size() + 1; i++) {
      String rules =
          i == 0
              ? ""
              : rules(
                      i < malloriesRules.size()
                          ? malloriesRules.get(i)
                          : "role: isolated, anti_spoof: false")
                  .toJson();
      ObjectNode one = cases.addObject();
      one.put("rules", i == 0 ? "" : namespaces.write("rules" + i + ".json", rules).toString());
      ObjectNode at = one.putObject("at");
      Map.of(MALLORY, "vnet0", VICTIM, "vnet1", GATEWAY, "uplink0")
          .forEach((mac, port) -> at.put(withColons(mac), port));
      ArrayNode frames = one.putArray("frames");
      for (Said said : SAID) {
        frames
            .addObject()
            .put("in", said.from().equals(GATEWAY) ? "uplink0" : "vnet0")
            .put("hex", VICTIM + said.from() + said.rest());
      }
    }
    Path program = namespaces.write("frames.py", TestPolicies.resource("bridge_frames.py"));
    Path file = namespaces.write("spec.json", spec.toString());
    Namespaces.Result result = namespaces.run("exec python3 " + program + " " + file + "\n");
    assertThat(result.code()).as(result.output()).isZero();
    List<JsonNode> reached = new ArrayList<>();
    result.output().lines().forEach(line -> reached.add(TestPolicies.json(line)));
    assertThat(reached).hasSize(4);
    for (int i = 0; i < SAID.size(); i++) {
      Said said = SAID.get(i);
      List<Boolean> arrived = new ArrayList<>();
      for (JsonNode ofCase : reached) {
        arrived.add(ofCase.get(i).toString().contains("vnet1"));
      }
      assertThat(arrived)
          .as("%s: without rules, isolated, promiscuous, not held to its own", said.name())
          .containsExactly(true, said.bound(), said.free(), said.free());
    }
  }

  /**
   * The bridge learns after prerouting, and from what is for its own protocols after input. (From
   * LLDP it learns without asking anybody; the host's service turns that off.)
   */
  @Test
  void anothersMacMovesNoEntryOfTheBridge() throws Exception {
    Namespaces namespaces = new Namespaces(folder);
    Path rules = namespaces.write("rules.json", rules("role: isolated").toJson());
    Namespaces.Result result =
        namespaces.run(
            """
            ip link add br0 type bridge mcast_snooping 0 stp_state 0
            ip link set br0 up
            for i in 0 1; do
              ip link add vnet$i type veth peer name guest$i
              ip link set vnet$i master br0 up
              ip link set guest$i up
            done
            say() { # GUEST DESTINATION TYPE
              python3 -c 'import socket, sys
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            s.bind((sys.argv[1], 0))
            s.send(bytes.fromhex(sys.argv[2] + "%2$s" + sys.argv[3]) + bytes(46))' "$@"
            }
            where() { bridge fdb show br br0 | sed -n 's/^%3$s dev \\([^ ]*\\) .*/\\1/p'; }
            forge() {
              for to in ffffffffffff:88b5 0180c2000003:888e; do
                say guest1 ffffffffffff 88b5
                say guest0 "${to%%:*}" "${to#*:}"
                where
              done
            }
            forge
            nft -j -f %1$s
            forge
            """
                .formatted(rules, VICTIM, withColons(VICTIM)));
    assertThat(result.output().lines())
        .as("a frame to all and one to the bridge, without rules and with them")
        .containsExactly("vnet0", "vnet0", "vnet1", "vnet1");
  }
}
