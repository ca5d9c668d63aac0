// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.BitSet;
import java.util.List;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/**
 * What a network's rules on a host are compiled from and into.
 *
 * @param host the host's name
 * @param capabilities what its kernel can do
 * @param network the network
 * @param local indexes of the vNICs that are on the host
 * @param localSet the same, to look up
 * @param anywhere whether each of them may as well be elsewhere, and its frames come in from the
 *     uplink
 * @param audits whether it only counts what it would drop
 * @param edition where it only counts, what its network policies say, in short
 * @param prefix what the names of its sets and chains begin with
 * @param ruleset what it is compiled into
 */
record NetworkScope(
    String host,
    HostCapabilities capabilities,
    ResolvedNetwork network,
    List<Integer> local,
    BitSet localSet,
    boolean anywhere,
    boolean audits,
    String edition,
    String prefix,
    Ruleset ruleset) {

  /** What the names of maps and chains of audited policies begin with. */
  static final String AUDIT = "audit_";

  /** Of a network; what is more counts as one. */
  private static final int MOST_COUNTERS = 200;

  static NetworkScope of(
      String host,
      HostCapabilities capabilities,
      ResolvedNetwork network,
      List<Integer> local,
      boolean anywhere,
      String prefix,
      Ruleset ruleset) {
    BitSet localSet = new BitSet();
    local.forEach(localSet::set);
    return new NetworkScope(
        host, capabilities, network, local, localSet, anywhere, false, "", prefix, ruleset);
  }

  /** The same place for policies that only count. */
  NetworkScope auditing(ResolvedNetwork audited, String edition) {
    return new NetworkScope(
        host,
        capabilities,
        audited,
        local,
        localSet,
        anywhere,
        true,
        edition,
        prefix + "_audit",
        ruleset);
  }

  /**
   * What happens to a frame that a policy stops.
   *
   * @param place the rule, or policies, as whoever reads the counters knows them
   * @param content what it says; with another content it counts from 0
   */
  Nft.Verdict denied(String place, String content) {
    return audits ? Nft.Verdict.goTo(counting(place, content)) : Nft.Verdict.DROP;
  }

  /** A chain that counts and lets pass. */
  private String counting(String place, String content) {
    boolean full = ruleset.counters().size() >= MOST_COUNTERS;
    String counted = full && !ruleset.counters().containsValue(place) ? "others" : place;
    CRC32Name sum = new CRC32Name();
    sum.add(network.network().id());
    sum.add(counted);
    if (counted.equals(place)) {
      sum.add(content);
    }
    while (!ruleset.count(AUDIT + sum.hex(), counted)) {
      sum.add("again");
    }
    Ruleset.Chain chain = ruleset.chain(AUDIT + sum.hex());
    if (chain.rules().isEmpty()) {
      chain.add(new Nft.Count(chain.name()));
    }
    return chain.name();
  }

  boolean isLocal(int nic) {
    return localSet.get(nic);
  }

  /** Those of some vNICs that may be on this host. */
  BitSet here(BitSet nics) {
    BitSet here = (BitSet) nics.clone();
    here.and(localSet);
    return here;
  }

  /** Those of some vNICs that may be on another host. */
  BitSet elsewhere(BitSet nics) {
    BitSet elsewhere = (BitSet) nics.clone();
    if (!anywhere) {
      elsewhere.andNot(localSet);
    }
    return elsewhere;
  }

  Nft device(int nic) {
    return Fields.device(network.nics().get(nic).device());
  }

  Nft mac(int nic) {
    return Fields.plain(Addresses.formatMac(network.nics().get(nic).mac()));
  }

  /** Sends the frames of a vNIC to a chain. */
  void dispatch(String map, int nic, String chain) {
    ruleset
        .map(audits ? AUDIT + map : map, false, List.of("ifname"))
        .add(device(nic), Nft.Verdict.jump(chain));
  }

  static Nft.Match in(Nft left, String set) {
    return new Nft.Match("==", left, new Nft.Named(set));
  }

  Nft.Match notVmPort(String side) {
    return new Nft.Match(
        "!=", new Nft.Meta(side), new Nft.Named(audits ? AUDIT + "ports" : "vm_ports"));
  }

  /**
   * A port that is the uplink and nothing else: what comes in or goes out there is of no vNIC, as
   * far as its MAC tells.
   *
   * @param side {@code iifname} or {@code oifname}
   */
  List<Nft.Match> uplinkItself(String side) {
    String name = prefix + "_vnic_mac";
    NftSet macs = ruleset.set(name, false, "ether_addr");
    for (int i = 0; i < network.nics().size(); i++) {
      macs.add(mac(i));
    }
    return List.of(
        notVmPort(side),
        new Nft.Match(
            "!=", ether(side.equals("iifname") ? "saddr" : "daddr"), new Nft.Named(name)));
  }

  static Nft ether(String field) {
    return new Nft.Payload("ether", field);
  }

  /**
   * Lets pass what belongs to a connection that was let through: replies, and errors about it.
   * Packets in the direction of the connection meet the rules each time, as in OVN.
   */
  static void addTracked(Ruleset.Chain chain) {
    chain.add(
        new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("established"))),
        new Nft.Match("==", new Nft.Ct("direction"), Fields.plain("reply")),
        Nft.Verdict.RETURN);
    chain.add(
        new Nft.Match("in", new Nft.Ct("state"), new Nft.Flags(List.of("related"))),
        Nft.Verdict.RETURN);
  }
}
