// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.resolve;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.acl.Acl;
import org.ovirt.isolatedports.policy.acl.AclAction;
import org.ovirt.isolatedports.policy.acl.Subnet;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.policy.match.MatchException;
import org.ovirt.isolatedports.policy.match.MatchLanguage;
import org.ovirt.isolatedports.policy.match.NameSets;
import org.ovirt.isolatedports.policy.networkpolicy.LabelSelector;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.role.PortRole;

/** One network with its vNICs, and what rules them looked up: the input of trace and compiler. */
public final class ResolvedNetwork {

  /** Neighbour discovery and MLD pass whatever the ACLs say, as in OVN (northd, build_acls). */
  private static final String ALWAYS_ALLOWED = "nd || nd_rs || nd_ra || mldv1 || mldv2";

  private static final int ALWAYS_PRIORITY = 65532;

  private final Network network;
  private final Optional<Subnet> subnet;
  private final boolean stateful;
  private final List<Acl> fromLport;
  private final List<Acl> toLport;
  private final List<Nic> nics;
  private final List<NetworkPolicy> policies;
  private final PortNames portNames;
  private final Map<Integer, List<NetworkPolicy>> ingress = new HashMap<>();
  private final Map<Integer, List<NetworkPolicy>> egress = new HashMap<>();

  /** By the rule itself: the hash of all it says would be made again for each packet. */
  private final IdentityHashMap<NetworkPolicy.Rule, ResolvedRule> rules = new IdentityHashMap<>();

  private final Map<NetworkPolicy, Integer> selectedCount = new HashMap<>();

  private ResolvedNetwork(Network network, PolicySet policies, List<Nic> nics) {
    this.network = network;
    this.subnet = policies.subnetOf(network);
    this.stateful = subnet.map(Subnet::stateful).orElse(false);
    this.nics = List.copyOf(nics);
    this.policies = policies.networkPoliciesOf(network);
    this.portNames = new PortNames(nics);
    this.fromLport = acls(true);
    this.toLport = acls(false);
  }

  /** Looks up one network's policies. */
  public static ResolvedNetwork of(Inventory inventory, PolicySet policies, Network network) {
    ResolvedNetwork resolved = new ResolvedNetwork(network, policies, inventory.nicsOn(network));
    resolved.select(inventory);
    return resolved;
  }

  /** Looks up the policies of all networks, by id. */
  public static Map<String, ResolvedNetwork> all(Inventory inventory, PolicySet policies) {
    Map<String, ResolvedNetwork> all = new TreeMap<>();
    inventory
        .networks()
        .all()
        .forEach(network -> all.put(network.id(), of(inventory, policies, network)));
    return all;
  }

  private List<Acl> acls(boolean from) {
    if (subnet.isEmpty() || subnet.get().acls().isEmpty()) {
      return List.of();
    }
    List<Acl> acls = new ArrayList<>();
    try {
      acls.add(
          new Acl(
              from,
              ALWAYS_PRIORITY,
              ALWAYS_ALLOWED,
              new MatchLanguage().parse(ALWAYS_ALLOWED, NameSets.NONE),
              AclAction.ALLOW_STATELESS,
              subnet.get().location()));
    } catch (MatchException e) {
      throw new IllegalStateException(e);
    }
    subnet.get().acls().stream().filter(acl -> acl.fromLport() == from).forEach(acls::add);
    return Collections.unmodifiableList(acls);
  }

  private void select(Inventory inventory) {
    if (policies.isEmpty()) {
      return;
    }
    Map<String, LabelIndex> byNamespace = new TreeMap<>();
    for (int i = 0; i < nics.size(); i++) {
      Nic nic = nics.get(i);
      byNamespace.computeIfAbsent(nic.namespace(), n -> new LabelIndex()).add(i, nic.labels());
    }
    List<String> namespaces = List.copyOf(byNamespace.keySet());
    LabelIndex namespaceIndex = new LabelIndex();
    for (int i = 0; i < namespaces.size(); i++) {
      namespaceIndex.add(i, inventory.namespaceLabels(namespaces.get(i)));
    }
    PeerLookup lookup = new PeerLookup(byNamespace, namespaces, namespaceIndex);
    for (NetworkPolicy policy : policies) {
      LabelIndex own = byNamespace.get(policy.namespace());
      List<Integer> selected = own == null ? List.of() : own.select(policy.podSelector());
      selectedCount.put(policy, selected.size());
      if (policy.ingress().isPresent()) {
        selected.forEach(i -> ingress.computeIfAbsent(i, n -> new ArrayList<>(1)).add(policy));
      }
      if (policy.egress().isPresent()) {
        selected.forEach(i -> egress.computeIfAbsent(i, n -> new ArrayList<>(1)).add(policy));
      }
      policy.ingress().ifPresent(list -> list.forEach(rule -> lookup.add(policy, rule)));
      policy.egress().ifPresent(list -> list.forEach(rule -> lookup.add(policy, rule)));
    }
  }

  /** Looks up peers, each combination of selectors once. */
  private final class PeerLookup {
    private final Map<String, LabelIndex> byNamespace;
    private final List<String> namespaces;
    private final LabelIndex namespaceIndex;
    private final Map<List<Object>, BitSet> known = new HashMap<>();

    PeerLookup(
        Map<String, LabelIndex> byNamespace, List<String> namespaces, LabelIndex namespaceIndex) {
      this.byNamespace = byNamespace;
      this.namespaces = namespaces;
      this.namespaceIndex = namespaceIndex;
    }

    void add(NetworkPolicy policy, NetworkPolicy.Rule rule) {
      List<NetworkPolicy.BlockPeer> blocks = new ArrayList<>();
      List<BitSet> sets = new ArrayList<>();
      for (NetworkPolicy.Peer peer : rule.peers()) {
        if (peer instanceof NetworkPolicy.BlockPeer block) {
          blocks.add(block);
        } else if (peer instanceof NetworkPolicy.VnicPeer vnics) {
          sets.add(find(policy.namespace(), vnics));
        }
      }
      BitSet peers = sets.isEmpty() ? new BitSet() : sets.get(0);
      if (sets.size() > 1) {
        peers = new BitSet();
        sets.forEach(peers::or);
      }
      rules.put(rule, new ResolvedRule(rule.peers().isEmpty(), peers, blocks, rule));
    }

    private BitSet find(String ownNamespace, NetworkPolicy.VnicPeer peer) {
      List<Object> key =
          List.of(
              peer.podSelector(),
              peer.namespaceSelector().<Object>map(selector -> selector).orElse(ownNamespace));
      BitSet found = known.get(key);
      if (found == null) {
        found = new BitSet();
        for (String namespace : namespacesOf(ownNamespace, peer.namespaceSelector())) {
          LabelIndex index = byNamespace.get(namespace);
          if (index != null) {
            index.select(peer.podSelector()).forEach(found::set);
          }
        }
        known.put(key, found);
      }
      return found;
    }

    private List<String> namespacesOf(String own, Optional<LabelSelector> selector) {
      return selector.isEmpty()
          ? List.of(own)
          : namespaceIndex.select(selector.get()).stream().map(namespaces::get).toList();
    }
  }

  public Network network() {
    return network;
  }

  public Optional<Subnet> subnet() {
    return subnet;
  }

  /** The vNICs, whose places in this list are the indexes used everywhere else. */
  public List<Nic> nics() {
    return nics;
  }

  public List<NetworkPolicy> policies() {
    return policies;
  }

  /** ACLs of a direction in the order in which they decide; none if the network has no ACLs. */
  public List<Acl> acls(Direction direction) {
    return direction == Direction.FROM_LPORT ? fromLport : toLport;
  }

  /** Which ACLs. */
  public enum Direction {
    FROM_LPORT,
    TO_LPORT
  }

  /** Whether an ACL is one that every network with ACLs has. */
  public static boolean isAlwaysAllowed(Acl acl) {
    return acl.priority() == ALWAYS_PRIORITY;
  }

  /** Whether connections are tracked for the ACLs. */
  public boolean stateful() {
    return stateful;
  }

  /** The policies that limit what comes in to (or goes out of) a vNIC; none: everything may. */
  public List<NetworkPolicy> limiting(int nic, boolean isIngress) {
    return (isIngress ? ingress : egress).getOrDefault(nic, List.of());
  }

  public ResolvedRule resolved(NetworkPolicy.Rule rule) {
    return rules.get(rule);
  }

  /** How many vNICs a policy selects. */
  public int selectedBy(NetworkPolicy policy) {
    return selectedCount.getOrDefault(policy, 0);
  }

  public PortNames portNames() {
    return portNames;
  }

  /** Whether anything but anti-spoofing has a say on this network. */
  public boolean isManaged() {
    return subnet.isPresent()
        || !policies.isEmpty()
        || network.portIsolation()
        || network.dropsHairpin()
        || nics.stream().anyMatch(nic -> !(nic.role() instanceof PortRole.Promiscuous));
  }

  /**
   * The blocks of a family from which nothing comes in from the uplink but the gateways' own; none
   * if the network lets such frames in, or no gateway of the family is known, which would be cut
   * off.
   */
  public List<IpRange> hairpinBlocks(boolean ipv6) {
    return network.dropsHairpin() && !allGateways(ipv6).isEmpty()
        ? ofFamily(network.cidrs(), subnet.map(Subnet::cidrs), ipv6)
        : List.of();
  }

  /** The addresses of all gateways in a family. */
  public List<IpRange> allGateways(boolean ipv6) {
    return ofFamily(network.gateways(), subnet.map(Subnet::gateways), ipv6);
  }

  private static List<IpRange> ofFamily(
      List<IpRange> own, Optional<List<IpRange>> subnets, boolean ipv6) {
    return Stream.concat(own.stream(), subnets.stream().flatMap(List::stream))
        .filter(range -> range.ipv6() == ipv6)
        .distinct()
        .toList();
  }

  /** The gateway's address in a family: the network's own, else the subnet's. */
  public Optional<IpRange> gateway(boolean ipv6) {
    return network
        .gateway(ipv6)
        .or(
            () ->
                subnet.flatMap(
                    s -> s.gateways().stream().filter(g -> g.ipv6() == ipv6).findFirst()));
  }
}
