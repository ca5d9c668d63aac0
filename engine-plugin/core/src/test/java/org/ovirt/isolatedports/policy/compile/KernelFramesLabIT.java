// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.policy.TestPolicies;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.evaluate.Endpoint;
import org.ovirt.isolatedports.policy.evaluate.Evaluator;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.SeenPackets;
import org.ovirt.isolatedports.policy.evaluate.Tracer;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;
import org.ovirt.isolatedports.policy.match.RandomMatches;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * The kernel, the interpreter and the evaluator decide alike about random frames under random
 * rules. Needs root, nftables, iproute2 and Python 3. Rules that need connection tracking are left
 * to the interpreter, since not every kernel tests run on has it for bridges.
 */
class KernelFramesLabIT {

  private static final int RULESETS = 60;
  private static final int FRAMES = 150;
  private static final String UPLINK = "uplink0";
  private static final String HOST = "br0";
  private static final String UNKNOWN = "vnet9";
  private static final Bits HOST_MAC = Bits.of(0x02ffffffff01L);
  private static final Bits UNKNOWN_MAC = Bits.of(0x52540000ff09L);
  private static final NftInterpreter.Tracked NEW = new NftInterpreter.Tracked("new", "original");

  @TempDir Path folder;

  private record Sent(String port, Packet packet, String hex) {
    Sent(String port, Packet packet) {
      this(port, packet, FrameBytes.of(packet));
    }
  }

  /** A network's rules on host h1, and where the frames with a MAC are sent. */
  private record Case(
      ResolvedNetwork network,
      Ruleset ruleset,
      List<String> ports,
      Map<Bits, String> at,
      List<Sent> frames) {}

  private static Case makeCase(ResolvedNetwork network, Ruleset ruleset, Random random) {
    Map<Bits, String> at = new LinkedHashMap<>();
    Set<String> ports = new LinkedHashSet<>(List.of(UPLINK, UNKNOWN));
    at.put(Bits.of(0x020000000001L), UPLINK);
    at.put(UNKNOWN_MAC, UNKNOWN);
    at.put(HOST_MAC, HOST);
    for (Nic nic : network.nics()) {
      boolean here = nic.host().equals(Optional.of("h1"));
      at.put(nic.mac(), here ? nic.device() : UPLINK);
      if (here) {
        ports.add(nic.device());
      }
    }
    List<String> senders = new ArrayList<>(ports);
    senders.add(HOST);
    List<Bits> macs = new ArrayList<>(at.keySet());
    List<Sent> frames = new ArrayList<>();
    for (int i = 0; i < FRAMES; i++) {
      Packet packet = RandomMatches.packet(random);
      String port = senders.get(random.nextInt(senders.size()));
      // Mostly honest senders, else little is left to be decided after the binding.
      if (random.nextInt(5) > 0) {
        List<Bits> own = macs.stream().filter(mac -> at.get(mac).equals(port)).toList();
        packet.set(Field.ETH_SRC, own.get(random.nextInt(own.size())));
        packet.set(Field.ARP_SHA, packet.get(Field.ETH_SRC));
      }
      if (random.nextInt(8) > 0) {
        packet.set(Field.ETH_DST, macs.get(random.nextInt(macs.size())));
      }
      if (port.equals(HOST) && !packet.get(Field.VLAN_TCI).isZero()) {
        // A packet socket leaves the tag where the kernel's own senders never have it.
        packet.set(Field.VLAN_TCI, 0).set(Field.ETH_TYPE, 0x88cc);
      }
      frames.add(new Sent(port, packet));
    }
    return new Case(network, ruleset, List.copyOf(ports), at, frames);
  }

  private static Case randomCase(Random random, int kind) {
    while (true) {
      ResolvedNetwork network =
          switch (kind % 3) {
            case 0 -> RandomPolicies.acls(random, 1 + random.nextInt(30));
            case 1 -> RandomPolicies.foldingAcls(random, 1 + random.nextInt(40));
            default -> RandomPolicies.everything(random);
          };
      try {
        Ruleset ruleset =
            HostCompiler.compile("h1", HostCapabilities.BASIC, Map.of("net", network));
        return makeCase(network, ruleset, random);
      } catch (CompileException e) {
        assertThat(e).hasMessageContaining("kernel");
      }
    }
  }

  /** Which ports the kernel lets each frame out of, for each case. */
  private List<List<Set<String>>> judge(List<Case> cases, boolean withRules)
      throws IOException, InterruptedException {
    Namespaces namespaces = new Namespaces(folder);
    ObjectNode spec = new ObjectMapper().createObjectNode();
    Set<String> ports = new LinkedHashSet<>();
    cases.forEach(c -> ports.addAll(c.ports()));
    ports.forEach(spec.putArray("ports")::add);
    ArrayNode list = spec.putArray("cases");
    for (int i = 0; i < cases.size(); i++) {
      ObjectNode one = list.addObject();
      String rules = cases.get(i).ruleset().toJson();
      one.put("rules", withRules ? namespaces.write("rules" + i + ".json", rules).toString() : "");
      ObjectNode at = one.putObject("at");
      cases.get(i).at().forEach((mac, port) -> at.put(Addresses.formatMac(mac), port));
      ArrayNode frames = one.putArray("frames");
      for (Sent sent : cases.get(i).frames()) {
        frames.addObject().put("in", sent.port()).put("hex", sent.hex());
      }
    }
    Path program = namespaces.write("frames.py", TestPolicies.resource("bridge_frames.py"));
    Path file = namespaces.write("spec.json", spec.toString());
    Namespaces.Result result = namespaces.run("exec python3 " + program + " " + file + "\n");
    assertThat(result.code()).as(result.output()).isZero();
    List<List<Set<String>>> reached = new ArrayList<>();
    for (String line : result.output().lines().toList()) {
      List<Set<String>> ofCase = new ArrayList<>();
      for (JsonNode frame : TestPolicies.json(line)) {
        Set<String> names = new TreeSet<>();
        frame.forEach(name -> names.add(name.asText()));
        ofCase.add(names);
      }
      reached.add(ofCase);
    }
    assertThat(reached).hasSameSizeAs(cases);
    return reached;
  }

  /** Where a bridge without rules brings a frame. */
  private static Set<String> wayOf(Case c, Sent sent) {
    Bits destination = sent.packet().get(Field.ETH_DST);
    Set<String> way = new TreeSet<>();
    if (c.at().containsKey(destination)) {
      way.add(c.at().get(destination));
    } else {
      way.addAll(c.ports());
      way.add(HOST);
    }
    way.remove(sent.port());
    return way;
  }

  private static boolean interpreted(NftInterpreter interpreter, Sent sent, String out) {
    boolean fromHost = sent.port().equals(HOST);
    boolean toHost = out.equals(HOST);
    NftInterpreter.Frame frame =
        new NftInterpreter.Frame(
            sent.packet(),
            fromHost ? Optional.empty() : Optional.of(sent.port()),
            toHost ? Optional.empty() : Optional.of(out),
            HOST,
            NEW);
    return fromHost
        ? interpreter.passes(frame, "output")
        : interpreter.passes(frame, "prerouting", toHost ? "input" : "forward");
  }

  /** The evaluator's word, where the frame is none that another host has a say in. */
  private static Optional<Boolean> evaluated(Case c, Evaluator evaluator, Sent sent, String out) {
    Optional<Endpoint> from = end(c, sent.port());
    Optional<Endpoint> to = end(c, out);
    boolean known = from.isPresent() && to.isPresent() && !from.equals(to);
    // A vNIC's MAC coming in from the uplink stands for the vNIC, which another host then binds.
    boolean elsewhere =
        c.network().nics().stream()
            .anyMatch(
                nic ->
                    isFromAfar(c, nic, sent)
                        || (c.at().get(nic.mac()).equals(UPLINK)
                            && nic.mac().equals(sent.packet().get(Field.ETH_DST))));
    if (sent.port().equals(HOST) && c.network().network().dropsHairpin()) {
      // The host is no gateway: its own address may be one of the network.
      return Optional.empty();
    }
    if (sent.port().equals(HOST) && isAnswer(sent.packet()) && to.isPresent()) {
      return Optional.of(true);
    }
    return known && !elsewhere
        ? Optional.of(evaluator.decide(from.get(), to.get(), sent.packet().copy(), false).passes())
        : Optional.empty();
  }

  /** What the host's own kernel answers: no rule stops it, whoever it says it is from. */
  private static boolean isAnswer(Packet packet) {
    long protocol = packet.low(Field.IP_PROTO);
    return switch ((int) packet.low(Field.ETH_TYPE)) {
      case 0x800 -> isReset(packet) || (protocol == 1 && packet.low(Field.ICMP4_TYPE) == 3);
      case 0x86dd -> isReset(packet) || (protocol == 58 && packet.low(Field.ICMP6_TYPE) == 1);
      default -> false;
    };
  }

  private static boolean isReset(Packet packet) {
    return packet.low(Field.IP_PROTO) == 6 && (packet.low(Field.TCP_FLAGS) & 4) != 0;
  }

  private static boolean isFromAfar(Case c, Nic nic, Sent sent) {
    boolean outside = sent.port().equals(UPLINK) || sent.port().equals(HOST);
    return (outside || c.at().get(nic.mac()).equals(UPLINK))
        && nic.mac().equals(sent.packet().get(Field.ETH_SRC));
  }

  private static Optional<Endpoint> end(Case c, String port) {
    if (port.equals(UPLINK) || port.equals(HOST)) {
      return Optional.of(new Endpoint.Uplink());
    }
    for (int i = 0; i < c.network().nics().size(); i++) {
      if (c.network().nics().get(i).device().equals(port)) {
        return Optional.of(new Endpoint.Vnic(i));
      }
    }
    return Optional.empty();
  }

  @Test
  void kernelInterpreterAndEvaluatorAgreeOnRandomFrames() throws Exception {
    Random random = new Random(20260106);
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < RULESETS; i++) {
      cases.add(randomCase(random, i));
    }

    // The bridge itself loses nothing, so what does not arrive later was dropped by a rule.
    List<Set<String>> open = judge(cases.subList(0, 1), false).get(0);
    for (int i = 0; i < FRAMES; i++) {
      Sent sent = cases.get(0).frames().get(i);
      assertThat(open.get(i)).as(fields(sent)).isEqualTo(wayOf(cases.get(0), sent));
    }

    List<List<Set<String>>> reached = judge(cases, true);
    int passed = 0;
    int dropped = 0;
    int asked = 0;
    for (int i = 0; i < cases.size(); i++) {
      Case c = cases.get(i);
      NftInterpreter interpreter = new NftInterpreter(c.ruleset().toJson());
      Evaluator evaluator = new Evaluator(c.network());
      for (int j = 0; j < c.frames().size(); j++) {
        Sent sent = c.frames().get(j);
        for (String out : wayOf(c, sent)) {
          boolean came = reached.get(i).get(j).contains(out);
          assertThat(interpreted(interpreter, sent, out))
              .as(() -> "interpreter: " + explain(c, sent, out))
              .isEqualTo(came);
          Optional<Boolean> verdict = evaluated(c, evaluator, sent, out);
          if (verdict.isPresent()) {
            asked++;
            assertThat(verdict.get())
                .as(() -> "evaluator: " + explain(c, sent, out))
                .isEqualTo(came);
          }
          passed += came ? 1 : 0;
          dropped += came ? 0 : 1;
        }
      }
    }
    assertThat(passed).isGreaterThan(2_000);
    assertThat(dropped).isGreaterThan(2_000);
    assertThat(asked).isGreaterThan(2_000);
  }

  private static final String MALLORY = "525400000002";

  /** What an attacker on vNIC mallory sends to vNIC victim, and whether it may arrive. */
  private record Attack(String name, boolean arrives, String typeAndRest) {}

  private static final List<Attack> ATTACKS =
      List.of(
          new Attack("an honest packet", true, ipv4("06", "0a000002") + tcp(80)),
          new Attack("the port that is closed", false, ipv4("06", "0a000002") + tcp(22)),
          new Attack(
              "the same behind IPv4 options",
              false,
              "0800" + "46000030000000004006000" + "00a0000020a000003" + "01010101" + tcp(22)),
          new Attack(
              "the same with a VLAN tag", false, "81000007" + ipv4("06", "0a000002") + tcp(22)),
          new Attack(
              "the same with a priority tag", false, "81000000" + ipv4("06", "0a000002") + tcp(22)),
          new Attack(
              "the same with two priority tags",
              false,
              "8100000081000000" + ipv4("06", "0a000002") + tcp(22)),
          new Attack(
              "the same with a provider's tag around it",
              false,
              "88a8000081000000" + ipv4("06", "0a000002") + tcp(22)),
          new Attack("another's IPv4 address", false, ipv4("06", "0a000001") + tcp(80)),
          new Attack(
              "another's IPv4 address in two tags",
              false,
              "8100000081000000" + ipv4("06", "0a000001") + tcp(80)),
          new Attack("an honest ARP reply", true, arp("0001", MALLORY, "0a000002")),
          new Attack("an ARP reply for the gateway", false, arp("0001", MALLORY, "0a000001")),
          new Attack(
              "an ARP reply for the gateway, as of an IEEE 802 network (Linux takes both)",
              false,
              arp("0006", MALLORY, "0a000001")),
          new Attack(
              "an ARP reply with another's MAC inside",
              false,
              arp("0001", "525400000003", "0a000002")),
          new Attack(
              "an ARP reply for the gateway with a tag",
              false,
              "81000000" + arp("0001", MALLORY, "0a000001")),
          new Attack("an honest advertisement", true, ipv6("3a", 32) + advertisement("02")),
          new Attack("an advertisement for another", false, ipv6("3a", 32) + advertisement("01")),
          new Attack(
              "the same behind a header of options",
              false,
              ipv6("00", 40) + "3a00010400000000" + advertisement("01")),
          new Attack("an honest packet of IPv6", true, ipv6("06", 28) + tcp(80)),
          new Attack("the closed port over IPv6", false, ipv6("06", 28) + tcp(22)),
          new Attack(
              "the same behind two headers of options",
              false,
              ipv6("00", 44) + "3c00010400000000" + "0600010400000000" + tcp(22)),
          new Attack(
              "the same in a fragment that says where it goes",
              false,
              ipv6("2c", 36) + "0600000112345678" + tcp(22)));

  private static String tcp(int port) {
    return String.format("9c40%04x", port) + "0000000000000000" + "50020400" + "00000000";
  }

  private static String ipv4(String protocol, String source) {
    return "0800" + "4500003000000000" + "40" + protocol + "0000" + source + "0a000003";
  }

  private static String ipv6(String next, int length) {
    String network = "fd" + "00".repeat(14);
    return String.format("86dd60000000%04x%sff", length, next) + network + "02" + network + "03";
  }

  private static String advertisement(String address) {
    return "8800000020000000" + "fd" + "00".repeat(14) + address;
  }

  private static String arp(String hardware, String mac, String address) {
    return "0806" + hardware + "080006040002" + mac + address + "525400000003" + "0a000003";
  }

  @Test
  void attacksThatHideOrForgeDoNotArrive() throws Exception {
    var inventory =
        TestPolicies.inventory(
            """
            networks: [{name: net, bridge: br0}]
            vms:
            - {name: mallory, host: h1, nics: [{network: net, mac: "52:54:00:00:00:02", ips: [10.0.0.2, "fd00::2"], port: vnet0}]}
            - {name: victim, host: h1, nics: [{network: net, mac: "52:54:00:00:00:03", ips: [10.0.0.3, "fd00::3"], port: vnet1}]}
            """);
    var policies =
        TestPolicies.policies(
            inventory,
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls:"
                + " [{direction: to-lport, priority: 1, action: drop, match: 'tcp.dst == 22'}]}\n");
    Map<String, ResolvedNetwork> networks = ResolvedNetwork.all(inventory, policies);
    List<Sent> frames =
        ATTACKS.stream()
            .map(
                attack ->
                    new Sent(
                        "vnet0", new Packet(), "525400000003" + MALLORY + attack.typeAndRest()))
            .toList();
    Case attacks =
        new Case(
            networks.get("net"),
            HostCompiler.compile("h1", HostCapabilities.BASIC, networks),
            List.of("vnet0", "vnet1"),
            Map.of(Bits.of(0x525400000003L), "vnet1"),
            frames);
    List<Set<String>> open = judge(List.of(attacks), false).get(0);
    List<Set<String>> guarded = judge(List.of(attacks), true).get(0);
    for (int i = 0; i < frames.size(); i++) {
      Attack attack = ATTACKS.get(i);
      assertThat(open.get(i)).as(attack.name() + ", without rules").containsExactly("vnet1");
      assertThat(guarded.get(i).contains("vnet1")).as(attack.name()).isEqualTo(attack.arrives());
    }
  }

  /** Each field of the match language, in the packets that trace and reachability are about. */
  @Test
  void aDropOnAnyFieldIsForTheKernelWhatItIsForTrace() throws Exception {
    Map<Bits, String> at = new LinkedHashMap<>();
    OneAnswerTest.INVENTORY.nics().forEach(nic -> at.put(nic.mac(), nic.device()));
    List<Case> cases = new ArrayList<>();
    List<List<Boolean>> expected = new ArrayList<>();
    for (String match : OneAnswerTest.matches()) {
      Map<String, ResolvedNetwork> networks = OneAnswerTest.dropping("to-lport", match);
      List<Sent> frames = new ArrayList<>();
      List<Boolean> verdicts = new ArrayList<>();
      for (Flow flow : OneAnswerTest.FLOWS) {
        for (Tracer.Traced traced :
            new Tracer(OneAnswerTest.INVENTORY, networks).trace("a", "b", flow).all()) {
          frames.add(
              new Sent(at.get(Bits.of(0x525400000010L)), SeenPackets.request(traced.way(), flow)));
          verdicts.add(traced.way().exchange().forward().passes());
        }
      }
      cases.add(
          new Case(
              networks.get("net"),
              HostCompiler.compile("h1", HostCapabilities.BASIC, networks),
              List.copyOf(at.values()),
              at,
              frames));
      expected.add(verdicts);
    }
    String device = at.get(Bits.of(0x525400000011L));
    List<List<Set<String>>> reached = judge(cases, true);
    for (int i = 0; i < cases.size(); i++) {
      for (int j = 0; j < expected.get(i).size(); j++) {
        Sent sent = cases.get(i).frames().get(j);
        assertThat(reached.get(i).get(j).contains(device))
            .as(OneAnswerTest.matches().get(i) + " " + fields(sent))
            .isEqualTo(expected.get(i).get(j));
      }
    }
  }

  /** The second entry of a set counts as the first does. */
  @Test
  void everyAddressOfASetIsDropped() throws Exception {
    var inventory =
        TestPolicies.inventory(
            """
            networks: [{name: net, bridge: br0}]
            vms:
            - {name: mallory, host: h1, nics: [{network: net, mac: "52:54:00:00:00:02", port: vnet0}]}
            - {name: victim, host: h1, nics: [{network: net, mac: "52:54:00:00:00:03", port: vnet1}]}
            address_sets: {admins: [10.0.0.8, 10.0.0.2, 10.0.0.16/30]}
            """);
    var policies =
        TestPolicies.policies(
            inventory,
            "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: net}\nspec: {acls:"
                + " [{direction: to-lport, priority: 1, action: drop, match: 'ip4.src == $admins'}]}\n");
    Map<String, ResolvedNetwork> networks = ResolvedNetwork.all(inventory, policies);
    Map<String, Boolean> arrives = new LinkedHashMap<>();
    for (String address : List.of("0a000008", "0a000002", "0a000010", "0a000013")) {
      arrives.put(address, false);
    }
    for (String address : List.of("0a000009", "0a000014", "0a00000f")) {
      arrives.put(address, true);
    }
    List<Sent> frames =
        arrives.keySet().stream()
            .map(
                address ->
                    new Sent(
                        "vnet0",
                        new Packet(),
                        "525400000003" + MALLORY + ipv4("06", address) + tcp(80)))
            .toList();
    Case set =
        new Case(
            networks.get("net"),
            HostCompiler.compile("h1", HostCapabilities.BASIC, networks),
            List.of("vnet0", "vnet1"),
            Map.of(Bits.of(0x525400000003L), "vnet1"),
            frames);
    List<Set<String>> reached = judge(List.of(set), true).get(0);
    int i = 0;
    for (Map.Entry<String, Boolean> address : arrives.entrySet()) {
      assertThat(reached.get(i++).contains("vnet1"))
          .as(address.getKey())
          .isEqualTo(address.getValue());
    }
  }

  private static String explain(Case c, Sent sent, String out) {
    return "to " + out + ": " + fields(sent) + "\n" + c.ruleset().toText();
  }

  private static String fields(Sent sent) {
    StringBuilder text = new StringBuilder(sent.port()).append(": ");
    for (Field field : Field.values()) {
      if (!sent.packet().get(field).isZero()) {
        text.append(field.ovnName()).append('=').append(sent.packet().get(field)).append(' ');
      }
    }
    return text.toString();
  }
}
