// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.ovirt.isolatedports.policy.inventory.Nic;
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

  /** The chain that keeps the connections of networks apart; a rule for each of them. */
  static final String ZONES = "zones";

  private static final int BEFORE_TRACKING = -300;
  private static final int AFTER_TRACKING = -150;

  private final String host;
  private final boolean anywhere;
  private final HostCapabilities capabilities;
  private final Map<String, ResolvedNetwork> networks;
  private final Ruleset ruleset = new Ruleset();
  private final PortGuards guards = new PortGuards(ruleset);
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

  /**
   * Adds to a network's rules its policies that are in audit, to count what they would drop. A host
   * that cannot track the connections they need counts nothing.
   *
   * @param audited the network with these policies
   * @param edition what the network policies among them say, in short
   * @param ruleset what they are added to
   * @param zoned whether the network's connections have a zone already
   */
  static void audit(
      String host,
      HostCapabilities capabilities,
      ResolvedNetwork audited,
      String edition,
      Ruleset ruleset,
      boolean zoned)
      throws CompileException {
    HostCompiler compiler =
        new HostCompiler(host, true, capabilities, Map.of(audited.network().id(), audited));
    NetworkScope scope =
        NetworkScope.of(
                host,
                capabilities,
                audited,
                compiler.localNics(audited),
                true,
                prefix(audited),
                ruleset)
            .auditing(audited, edition);
    NetworkCompiler network = new NetworkCompiler(scope);
    if (network.tracksConnections()) {
      if (!capabilities.connectionTracking() || !capabilities.bridgeName()) {
        return;
      }
      if (!zoned) {
        addZone(ruleset.baseChain(ZONES, "prerouting", BEFORE_TRACKING), network, zoneOf(network));
      }
    }
    new AuditCompiler(scope).compile();
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
    if (!anywhere) {
      ruleset.leaveOutEmptyMaps();
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
    NftSet ports = ruleset.set("vm_ports", false, "ifname");
    for (NetworkCompiler network : managed) {
      network.localNics().forEach(nic -> ports.add(Fields.device(nic.device())));
    }
    addGuards();
    addZones();
    Ruleset.Chain enter = ruleset.baseChain("enter", "prerouting", AFTER_TRACKING);
    lookup(enter, "iifname", "acl_enter");
    Ruleset.Chain forward = ruleset.baseChain("forward", "forward", AFTER_TRACKING);
    // Two ports that are known need not be asked whether they are the uplink, or unknown.
    Ruleset.Chain between = ruleset.chain("between");
    forward.add(
        match("iifname", "==", "vm_ports"),
        match("oifname", "==", "vm_ports"),
        Nft.Verdict.goTo(between.name()));
    between.add(PortGuards.NOT_IPV4, Nft.Verdict.jump(guards.hidden()));
    lookup(between, "iifname", "role_from");
    lookup(between, "iifname", "egress");
    lookup(between, "oifname", "ingress");
    lookup(between, "oifname", "acl_leave");
    // Of the two ports one at most is known from here on, and the other may be the uplink.
    addHidden(forward, "oifname");
    addUnknownPorts(forward);
    lookup(forward, "iifname", "role_from");
    lookup(forward, "oifname", "role_to");
    lookup(forward, "oifname", "returned");
    lookup(forward, "oifname", "acl_from_uplink");
    lookup(forward, "iifname", "egress");
    lookup(forward, "oifname", "ingress");
    lookup(forward, "oifname", "acl_leave");
    lookup(forward, "iifname", "acl_to_uplink");
    // Frames from a VM to the host itself, and back: the host counts as the uplink.
    Ruleset.Chain input = ruleset.baseChain("input", "input", AFTER_TRACKING);
    // What is for the bridge's own protocols (802.1X, LACP) comes here past prerouting, and the
    // bridge learns from it afterwards.
    lookup(input, "iifname", "guard");
    lookup(input, "iifname", "egress");
    lookup(input, "iifname", "acl_to_uplink");
    Ruleset.Chain output = ruleset.baseChain("output", "output", AFTER_TRACKING);
    addHidden(output, "oifname");
    output.add(match("oifname", "==", "vm_ports"), Nft.Verdict.jump(guards.answers()));
    lookup(output, "oifname", "role_to");
    lookup(output, "oifname", "acl_host");
    lookup(output, "oifname", "ingress");
    for (String map :
        List.of(
            "acl_enter",
            "acl_from_uplink",
            "acl_host",
            "acl_leave",
            "acl_to_uplink",
            "announced",
            "clients",
            "egress",
            "guard",
            "ingress",
            "returned",
            "role_from",
            "role_to")) {
      ruleset.map(map, false, List.of("ifname"));
    }
  }

  static Nft iif() {
    return new Nft.Meta("iifname");
  }

  private void addHidden(Ruleset.Chain chain, String side) {
    chain.add(
        PortGuards.NOT_IPV4, match(side, "==", "vm_ports"), Nft.Verdict.jump(guards.hidden()));
  }

  static void lookup(Ruleset.Chain chain, String key, String map) {
    chain.add(new Nft.Lookup(new Nft.Meta(key), map));
  }

  private static Nft.Match match(String key, String operator, String set) {
    return new Nft.Match(operator, new Nft.Meta(key), new Nft.Named(set));
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
      NftSet bridges = ruleset.set("bridges", false, "ifname");
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

  private void addGuards() {
    Ruleset.Chain base = ruleset.baseChain("antispoof", "prerouting", BEFORE_TRACKING);
    addHidden(base, "iifname");
    lookup(base, "iifname", "guard");
    lookup(base, "iifname", "clients");
    guards.addChains();
    for (NetworkCompiler network : managed) {
      network.localNics().stream().filter(Nic::antiSpoof).forEach(guards::bind);
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
      int zone = zoneOf(network);
      while (!taken.add(zone)) {
        zone = nextZone(zone);
      }
      addZone(zones, network, zone);
    }
  }

  private static int zoneOf(NetworkCompiler network) {
    CRC32 sum = new CRC32();
    sum.update(network.name().getBytes(StandardCharsets.UTF_8));
    return 1 + (int) (sum.getValue() % 65_534);
  }

  private static void addZone(Ruleset.Chain zones, NetworkCompiler network, int zone) {
    zones.add(
        new Nft.Match("==", new Nft.Meta("ibrname"), Fields.device(network.bridge())),
        new Nft.SetZone(zone));
  }

  static int nextZone(int zone) {
    return 1 + zone % 65_534;
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

  /** Whether a vNIC is closed to some others. */
  static boolean isClosed(Nic nic) {
    return !(nic.role() instanceof PortRole.Promiscuous);
  }
}
