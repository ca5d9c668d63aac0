// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;
import org.ovirt.isolatedports.policy.role.PortRole;

/**
 * Compiles what rules the networks of one host. docs/design/policy.md shows the chains.
 *
 * <p>The same inventory, policies and capabilities always give the same ruleset.
 */
public final class HostCompiler {

  /** Devices of VMs' vNICs, as libvirt names them. */
  private static final String TAPS = "vnet*";

  /** A tag within a tag; the kernel keeps the outer one beside the frame. See the evaluator. */
  private static final Nft.Match STACKED =
      new Nft.Match(
          "==",
          new Nft.Meta("protocol"),
          new Nft.Anonymous(Stream.of("0x8100", "0x88a8", "0x9100").map(Fields::plain).toList()));

  /** The chain that keeps the connections of networks apart; a rule for each of them. */
  static final String ZONES = "zones";

  private static final int BEFORE_TRACKING = -300;
  private static final int AFTER_TRACKING = -150;

  private final String host;
  private final boolean anywhere;
  private final HostCapabilities capabilities;
  private final Map<String, ResolvedNetwork> networks;
  private final Ruleset ruleset = new Ruleset();
  private final List<NetworkCompiler> managed = new ArrayList<>();

  private HostCompiler(
      String host,
      boolean anywhere,
      HostCapabilities capabilities,
      Map<String, ResolvedNetwork> networks) {
    this.host = host;
    this.anywhere = anywhere;
    this.capabilities = capabilities;
    this.networks = networks;
  }

  /**
   * Compiles a host's ruleset.
   *
   * @param host the host's name in the inventory
   * @param capabilities what its kernel can do
   * @param networks all networks, by name; those without a vNIC on the host are left out
   * @throws CompileException if the host cannot enforce a rule of one of its networks
   */
  public static Ruleset compile(
      String host, HostCapabilities capabilities, Map<String, ResolvedNetwork> networks)
      throws CompileException {
    return new HostCompiler(host, false, capabilities, networks).compile();
  }

  /**
   * Compiles one network for a host on which any of its vNICs may be, now or later, under the
   * stand-in for its device; see {@link NetworkRules}.
   */
  static Ruleset compileAnywhere(
      String host, HostCapabilities capabilities, ResolvedNetwork network) throws CompileException {
    return new HostCompiler(host, true, capabilities, Map.of(network.network().id(), network))
        .compile();
  }

  /** Compiles as {@link #compile} does, and keeps what is needed to change one rule quickly. */
  public static CompiledHost compileForUpdates(
      String host, HostCapabilities capabilities, Map<String, ResolvedNetwork> networks)
      throws CompileException {
    HostCompiler compiler = new HostCompiler(host, false, capabilities, networks);
    Ruleset ruleset = compiler.compile();
    return new CompiledHost(ruleset, compiler.managed);
  }

  private Ruleset compile() throws CompileException {
    for (ResolvedNetwork network : networks.values()) {
      List<Integer> local = localNics(network);
      if ((anywhere || !local.isEmpty()) && network.isManaged()) {
        managed.add(
            new NetworkCompiler(
                NetworkScope.of(
                    host, capabilities, network, local, anywhere, prefix(network), ruleset)));
      }
    }
    if (managed.isEmpty()) {
      return ruleset;
    }
    addFrame();
    for (NetworkCompiler network : managed) {
      network.compile();
    }
    return ruleset;
  }

  private List<Integer> localNics(ResolvedNetwork network) {
    List<Integer> local = new ArrayList<>();
    for (int i = 0; i < network.nics().size(); i++) {
      if (anywhere || network.nics().get(i).host().equals(Optional.of(host))) {
        local.add(i);
      }
    }
    return local;
  }

  /** What names of a network's sets and chains begin with: readable, and its own. */
  private static String prefix(ResolvedNetwork network) {
    String name = network.network().name();
    CRC32 sum = new CRC32();
    sum.update(network.network().id().getBytes(StandardCharsets.UTF_8));
    String readable = name.replaceAll("[^A-Za-z0-9]", "");
    return String.format(
        "n_%s_%08x", readable.substring(0, Math.min(20, readable.length())), sum.getValue());
  }

  /** The chains every frame goes through, and the maps that tell its port's rules. */
  private void addFrame() throws CompileException {
    Ruleset.NftSet ports = ruleset.set("vm_ports", false, "ifname");
    for (NetworkCompiler network : managed) {
      network.localNics().forEach(nic -> ports.add(Fields.device(nic.device())));
    }
    addAntiSpoof();
    addZones();
    Ruleset.Chain enter = ruleset.baseChain("enter", "prerouting", AFTER_TRACKING);
    lookup(enter, "iifname", "acl_enter");
    Ruleset.Chain forward = ruleset.baseChain("forward", "forward", AFTER_TRACKING);
    forward.add(match("oifname", "==", "vm_ports"), STACKED, Nft.Verdict.DROP);
    addUnknownPorts(forward);
    lookup(forward, "iifname", "role_from");
    fromUplink(forward);
    forward.add(match("iifname", "!=", "vm_ports"), new Nft.Lookup(oif(), "acl_from_uplink"));
    lookup(forward, "iifname", "egress");
    lookup(forward, "oifname", "ingress");
    lookup(forward, "oifname", "acl_leave");
    forward.add(match("oifname", "!=", "vm_ports"), new Nft.Lookup(iif(), "acl_to_uplink"));
    // Frames from a VM to the host itself, and back: the host counts as the uplink.
    Ruleset.Chain input = ruleset.baseChain("input", "input", AFTER_TRACKING);
    lookup(input, "iifname", "egress");
    lookup(input, "iifname", "acl_to_uplink");
    Ruleset.Chain output = ruleset.baseChain("output", "output", AFTER_TRACKING);
    output.add(match("oifname", "==", "vm_ports"), STACKED, Nft.Verdict.DROP);
    output.add(new Nft.Lookup(oif(), "role_to"));
    output.add(new Nft.Lookup(oif(), "acl_from_uplink"));
    lookup(output, "oifname", "ingress");
    lookup(output, "oifname", "acl_leave");
    for (String map :
        List.of(
            "acl_enter",
            "acl_from_uplink",
            "acl_leave",
            "acl_to_uplink",
            "announced",
            "egress",
            "guard",
            "ingress",
            "role_from",
            "role_to")) {
      ruleset.map(map, false, List.of("ifname"));
    }
  }

  private static Nft iif() {
    return new Nft.Meta("iifname");
  }

  private static Nft oif() {
    return new Nft.Meta("oifname");
  }

  private static void lookup(Ruleset.Chain chain, String key, String map) {
    chain.add(new Nft.Lookup(new Nft.Meta(key), map));
  }

  private static Nft.Match match(String key, String operator, String set) {
    return new Nft.Match(operator, new Nft.Meta(key), new Nft.Named(set));
  }

  private static void fromUplink(Ruleset.Chain chain) {
    chain.add(match("iifname", "!=", "vm_ports"), new Nft.Lookup(oif(), "role_to"));
  }

  /** A port that is not known yet is closed: towards known ports, and where possible altogether. */
  private void addUnknownPorts(Ruleset.Chain chain) {
    for (String[] side : new String[][] {{"iifname", "oifname"}, {"oifname", "iifname"}}) {
      chain.add(
          new Nft.Match("==", new Nft.Meta(side[0]), Fields.device(TAPS)),
          match(side[0], "!=", "vm_ports"),
          match(side[1], "==", "vm_ports"),
          Nft.Verdict.DROP);
    }
    if (capabilities.bridgeName()) {
      Ruleset.NftSet bridges = ruleset.set("bridges", false, "ifname");
      managed.forEach(network -> bridges.add(Fields.device(network.bridge())));
      for (String side : List.of("iifname", "oifname")) {
        chain.add(
            new Nft.Match("==", new Nft.Meta(side), Fields.device(TAPS)),
            match(side, "!=", "vm_ports"),
            match("ibrname", "==", "bridges"),
            Nft.Verdict.DROP);
      }
    }
  }

  /** Connections of networks whose addresses may be the same are kept apart. */
  private void addZones() throws CompileException {
    List<NetworkCompiler> tracked =
        managed.stream().filter(NetworkCompiler::tracksConnections).toList();
    for (NetworkCompiler network : tracked) {
      if (!capabilities.connectionTracking() || !capabilities.bridgeName()) {
        throw new CompileException(
            "Host "
                + host
                + " cannot enforce the rules of network "
                + network.name()
                + ": "
                + network.trackingReason()
                + " need connection tracking on bridges (kernel modules nf_conntrack_bridge and"
                + " nft_meta_bridge, kernel 5.3 and newer), which its kernel does not have. Load"
                + " the modules, move the VMs to another host, or use ACLs without allow-related.");
      }
    }
    if (tracked.isEmpty()) {
      return;
    }
    Ruleset.Chain zones = ruleset.baseChain(ZONES, "prerouting", BEFORE_TRACKING);
    Set<Integer> taken = new TreeSet<>();
    for (NetworkCompiler network : tracked) {
      CRC32 sum = new CRC32();
      sum.update(network.name().getBytes(StandardCharsets.UTF_8));
      int zone = 1 + (int) (sum.getValue() % 65_534);
      while (!taken.add(zone)) {
        zone = nextZone(zone);
      }
      zones.add(
          new Nft.Match("==", new Nft.Meta("ibrname"), Fields.device(network.bridge())),
          new Nft.SetZone(zone));
    }
  }

  static int nextZone(int zone) {
    return 1 + zone % 65_534;
  }

  // Anti-spoofing: a port's frames come from its MAC, and from its addresses where they were given.

  private void addAntiSpoof() {
    Ruleset.NftSet guard = ruleset.map("guard", false, List.of("ifname"));
    Ruleset.NftSet macs = ruleset.set("bound_mac", false, "ifname", "ether_addr");
    Ruleset.NftSet ipv4 = ruleset.set("bound_ip4", false, "ifname", "ether_addr", "ipv4_addr");
    Ruleset.NftSet ipv6 = ruleset.set("bound_ip6", false, "ifname", "ether_addr", "ipv6_addr");
    Ruleset.Chain base = ruleset.baseChain("antispoof", "prerouting", BEFORE_TRACKING);
    base.add(match("iifname", "==", "vm_ports"), STACKED, Nft.Verdict.DROP);
    lookup(base, "iifname", "guard");
    addGuards();
    for (NetworkCompiler network : managed) {
      for (Nic nic : network.localNics()) {
        if (nic.antiSpoof()) {
          bind(nic, guard, macs, ipv4, ipv6);
        }
      }
    }
  }

  private void bind(
      Nic nic,
      Ruleset.NftSet guard,
      Ruleset.NftSet macs,
      Ruleset.NftSet ipv4,
      Ruleset.NftSet ipv6) {
    Nft device = Fields.device(nic.device());
    Nft mac = Fields.plain(Addresses.formatMac(nic.mac()));
    macs.add(new Nft.Concat(List.of(device, mac)));
    boolean has4 = nic.address(false).isPresent();
    boolean has6 = nic.address(true).isPresent();
    nic.addresses()
        .forEach(
            address ->
                (address.ipv6() ? ipv6 : ipv4)
                    .add(
                        new Nft.Concat(List.of(device, mac, Fields.plain(address.addressText())))));
    String chain = has4 ? has6 ? "guard_both" : "guard_ip4" : has6 ? "guard_ip6" : "guard_mac";
    guard.add(device, Nft.Verdict.jump(chain));
    if (has6) {
      bindAdvertised(nic);
    }
  }

  private void addGuards() {
    Ruleset.Chain mac = ruleset.chain("guard_mac");
    mac.add(bound("!=", "bound_mac", ether("saddr")), Nft.Verdict.DROP);
    mac.add(
        isType("arp"),
        bound("!=", "bound_mac", new Nft.Payload("arp", "saddr ether")),
        Nft.Verdict.DROP);
    Ruleset.Chain ip4 = ruleset.chain("guard_ip4");
    ip4.add(Nft.Verdict.jump("guard_mac"));
    ip4.add(Nft.Verdict.jump("guard_4"));
    Ruleset.Chain ip6 = ruleset.chain("guard_ip6");
    ip6.add(Nft.Verdict.jump("guard_mac"));
    ip6.add(Nft.Verdict.jump("guard_6"));
    Ruleset.Chain both = ruleset.chain("guard_both");
    both.add(Nft.Verdict.jump("guard_mac"));
    both.add(Nft.Verdict.jump("guard_4"));
    both.add(Nft.Verdict.jump("guard_6"));
    Ruleset.Chain four = ruleset.chain("guard_4");
    Nft sender = new Nft.Payload("arp", "saddr ip");
    // A sender of 0.0.0.0 asks whether an address is free (RFC 5227, section 2.1.1).
    four.add(
        isType("arp"),
        new Nft.Match("!=", sender, Fields.plain("0.0.0.0")),
        bound("!=", "bound_ip4", new Nft.Payload("arp", "saddr ether"), sender),
        Nft.Verdict.DROP);
    Nft source4 = new Nft.Payload("ip", "saddr");
    four.add(
        isType("ip"),
        new Nft.Match("==", source4, Fields.plain("0.0.0.0")),
        protocol(17),
        port("udp", "sport", 68),
        port("udp", "dport", 67),
        Nft.Verdict.RETURN);
    four.add(isType("ip"), bound("!=", "bound_ip4", ether("saddr"), source4), Nft.Verdict.DROP);
    Ruleset.Chain six = ruleset.chain("guard_6");
    Nft source6 = new Nft.Payload("ip6", "saddr");
    Nft local = new Nft.Anonymous(List.of(Fields.plain("::"), new Nft.Prefix("fe80::", 10)));
    six.add(
        isType("ip6"),
        new Nft.Match("!=", source6, local),
        bound("!=", "bound_ip6", ether("saddr"), source6),
        Nft.Verdict.DROP);
    // An advertisement may announce only what the vNIC owns.
    six.add(
        isType("ip6"),
        protocol(58),
        new Nft.Match("==", new Nft.Payload("icmpv6", "type"), new Nft.Value(136, false)),
        Nft.Verdict.jump("guard_na"));
    Ruleset.Chain advertisement = ruleset.chain("guard_na");
    advertisement.add(
        new Nft.Match(
            "==",
            new Nft.Masked(new Nft.Raw(64, 16), Fields.plain("0xffc0")),
            Fields.plain("0xfe80")),
        Nft.Verdict.RETURN);
    lookup(advertisement, "iifname", "announced");
  }

  /**
   * nft 1.0.6 cannot make the target of an advertisement part of a key, so each vNIC has a chain.
   */
  private void bindAdvertised(Nic nic) {
    Ruleset.Chain chain =
        ruleset.chain("announced_" + Addresses.formatMac(nic.mac()).replace(":", ""));
    List<Nft> targets = new ArrayList<>();
    nic.addresses().stream()
        .filter(IpRange::ipv6)
        .forEach(address -> targets.add(Fields.value(Field.ND_TARGET, address.address())));
    chain.add(
        new Nft.Match("!=", new Nft.Raw(64, 128), new Nft.Anonymous(targets)), Nft.Verdict.DROP);
    ruleset
        .map("announced", false, List.of("ifname"))
        .add(Fields.device(nic.device()), Nft.Verdict.jump(chain.name()));
  }

  private static Nft ether(String field) {
    return new Nft.Payload("ether", field);
  }

  static Nft.Match isType(String type) {
    return new Nft.Match("==", new Nft.Meta("protocol"), Fields.plain(type));
  }

  static Nft.Match protocol(int number) {
    return new Nft.Match("==", new Nft.Meta("l4proto"), new Nft.Value(number, false));
  }

  static Nft.Match port(String protocol, String field, int number) {
    return new Nft.Match("==", new Nft.Payload(protocol, field), new Nft.Value(number, false));
  }

  private static Nft.Match bound(String operator, String set, Nft... fields) {
    List<Nft> key = new ArrayList<>(List.of(iif()));
    key.addAll(List.of(fields));
    return new Nft.Match(operator, new Nft.Concat(key), new Nft.Named(set));
  }

  /** Whether a vNIC is closed to some others. */
  static boolean isClosed(Nic nic) {
    return !(nic.role() instanceof PortRole.Promiscuous);
  }
}
