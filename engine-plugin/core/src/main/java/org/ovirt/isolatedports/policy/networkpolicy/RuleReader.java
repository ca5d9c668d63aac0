// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.networkpolicy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.finding.ErrorWatch;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.AnyPort;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.BlockPeer;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.NamedPort;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.NoPeer;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.NoPort;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Peer;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Port;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.PortNumber;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.PortRange;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Protocol;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.Rule;
import org.ovirt.isolatedports.policy.networkpolicy.NetworkPolicy.VnicPeer;
import org.ovirt.isolatedports.policy.yaml.YamlFields;
import org.ovirt.isolatedports.policy.yaml.YamlNode;

/**
 * Reads the rules of a direction. A rule can only allow, and one without peers or ports allows
 * everyone or everything: so a peer or port that cannot be read stays in the rule as one that is
 * nobody or nothing, and what is found wrong with it is a finding of what was read closed.
 */
final class RuleReader {

  private final Consumer<Finding> findings;
  private final SelectorReader selectors;
  private final String key;
  private final String peersKey;

  /**
   * @param key {@code ingress} or {@code egress}
   * @param peersKey the key of the peers: {@code from} or {@code to}
   */
  RuleReader(String key, String peersKey, Consumer<Finding> findings) {
    this.key = key;
    this.peersKey = peersKey;
    this.findings = finding -> findings.accept(finding.readClosed());
    this.selectors = new SelectorReader(this.findings);
  }

  List<Rule> read(YamlFields spec) {
    List<Rule> rules = new ArrayList<>();
    for (YamlNode node : spec.list(key)) {
      if (node.saysNothing()) {
        findings.accept(
            Finding.error(
                node.location(),
                "This rule says nothing; write {} to allow everything, or remove it."));
        rules.add(closed(node));
        continue;
      }
      ErrorWatch watch = new ErrorWatch(findings);
      rules.add(
          YamlFields.of(node, "A rule of " + key, watch)
              .map(rule -> readRule(rule, watch))
              .orElse(closed(node)));
    }
    return rules;
  }

  private Rule readRule(YamlFields rule, ErrorWatch watch) {
    rule.allowOnly(Set.of(peersKey, "ports"));
    rule.warnEmpty();
    List<Peer> peers = readPeers(rule);
    List<Port> ports = readPorts(rule);
    // A key that is not known may be one of those that would have limited the rule.
    return new Rule(watch.sawError() ? List.of(new NoPeer()) : peers, ports, rule.location());
  }

  private List<Peer> readPeers(YamlFields rule) {
    List<Peer> peers = new ArrayList<>();
    for (YamlNode node : rule.list(peersKey)) {
      peers.add(
          node.saysNothing()
              ? nobody(Finding.error(node.location(), mustSpecify("This item has no value.")))
              : YamlFields.of(node, "A peer", findings)
                  .flatMap(this::readPeer)
                  .orElse(new NoPeer()));
    }
    return peers;
  }

  /** A rule that could not be read: it allows nobody, and still limits its direction. */
  private static Rule closed(YamlNode node) {
    return new Rule(List.of(new NoPeer()), List.of(), node.location());
  }

  private Peer nobody(Finding finding) {
    findings.accept(finding);
    return new NoPeer();
  }

  private static String mustSpecify(String what) {
    return what
        + " The Kubernetes API says: must specify a peer. Write podSelector, namespaceSelector or"
        + " ipBlock; \"podSelector: {}\" means all vNICs of the namespace.";
  }

  private Optional<Peer> readPeer(YamlFields peer) {
    ErrorWatch watch = new ErrorWatch(findings);
    YamlFields fields = peer.reportingTo(watch);
    Optional<Peer> read = readParts(fields);
    return watch.sawError() ? read.filter(BlockPeer.class::isInstance) : read;
  }

  private Optional<Peer> readParts(YamlFields fields) {
    fields.allowOnly(Set.of("podSelector", "namespaceSelector", "ipBlock"));
    boolean selects = fields.has("podSelector") || fields.has("namespaceSelector");
    if (!selects && !fields.has("ipBlock")) {
      fields.errorAt(fields.location(), mustSpecify("A peer with nothing set is nobody."));
      return Optional.empty();
    }
    fields.warnEmpty();
    if (selects && fields.has("ipBlock")) {
      fields.error(
          "ipBlock",
          "A peer may not specify both ipBlock and another peer; write two peers (\"- ipBlock\""
              + " and \"- podSelector\").");
      return Optional.empty();
    }
    return fields.has("ipBlock")
        ? fields.fields("ipBlock").flatMap(this::readBlock)
        : readSelectors(fields);
  }

  private Optional<Peer> readSelectors(YamlFields fields) {
    Optional<LabelSelector> pods = selectors.read(fields, "podSelector");
    Optional<LabelSelector> namespaces = selectors.read(fields, "namespaceSelector");
    boolean broken =
        (fields.has("podSelector") && pods.isEmpty())
            || (fields.has("namespaceSelector") && namespaces.isEmpty());
    return broken
        ? Optional.empty()
        : Optional.of(new VnicPeer(pods.orElse(LabelSelector.EVERYTHING), namespaces));
  }

  private Optional<Peer> readBlock(YamlFields fields) {
    if (!fields.others(Set.of("cidr", "except")).isEmpty()) {
      fields.allowOnly(Set.of("cidr", "except"));
      return Optional.empty();
    }
    fields.warnEmpty();
    Optional<String> text = fields.requiredString("cidr");
    Optional<IpRange> block = text.flatMap(t -> narrow(fields, t));
    if (block.isEmpty()) {
      return Optional.empty();
    }
    List<IpRange> except = new ArrayList<>();
    List<YamlNode.Scalar> parts = fields.strings("except");
    if (fields.has("except") && parts.size() != size(fields, "except")) {
      // What was to be taken away is not known, so nothing is left.
      except.add(block.get());
    }
    for (YamlNode.Scalar part : parts) {
      Optional<String> problem = IpText.blockProblem(part.text());
      // Bits beyond the prefix: the wider reading takes more away.
      Optional<IpRange> range = IpRange.parse(part.text());
      if (problem.isEmpty() && !block.get().isWiderThan(range.orElseThrow())) {
        problem =
            Optional.of("must be a strict subset of `cidr` (" + text.get() + "), smaller than it");
      }
      problem.ifPresent(
          p ->
              fields.errorAt(
                  part.location(),
                  "\"except\" has an invalid value: \"" + part.text() + "\": " + p + "."));
      range.ifPresent(except::add);
      if (range.isEmpty()) {
        except.add(block.get());
      }
    }
    return Optional.of(new BlockPeer(block.get(), except));
  }

  private static int size(YamlFields fields, String key) {
    return fields.node(key).orElseThrow() instanceof YamlNode.Sequence list
        ? list.items().size()
        : -1;
  }

  /** A block; where its spelling can be read in two ways, the one that allows less. */
  private static Optional<IpRange> narrow(YamlFields fields, String text) {
    Optional<String> problem = IpText.blockProblem(text);
    problem.ifPresent(
        p -> fields.error("cidr", "\"cidr\" has an invalid value: \"" + text + "\": " + p + "."));
    return problem.isEmpty()
        ? IpRange.parse(text)
        : IpRange.parse(text.substring(0, Math.max(0, text.indexOf('/'))));
  }

  private List<Port> readPorts(YamlFields rule) {
    List<Port> ports = new ArrayList<>();
    for (YamlNode node : rule.list("ports")) {
      ErrorWatch watch = new ErrorWatch(findings);
      Optional<Port> port = YamlFields.of(node, "A port", watch).flatMap(RuleReader::readPort);
      ports.add(port.filter(p -> !watch.sawError()).orElse(new Port(Protocol.TCP, new NoPort())));
    }
    return ports;
  }

  private static Optional<Port> readPort(YamlFields fields) {
    fields.allowOnly(Set.of("protocol", "port", "endPort"));
    fields.warnEmpty();
    Optional<String> text = fields.string("protocol");
    Optional<Protocol> protocol =
        fields.has("protocol")
            ? text.flatMap(
                t -> Arrays.stream(Protocol.values()).filter(p -> p.name().equals(t)).findFirst())
            : Optional.of(Protocol.TCP);
    if (text.isPresent() && protocol.isEmpty()) {
      fields.error(
          "protocol",
          "\"protocol\" has an unsupported value: \""
              + text.get()
              + "\": supported values: \"TCP\", \"UDP\", \"SCTP\".");
    }
    Optional<PortNumber> number = readNumber(fields);
    return protocol.flatMap(p -> number.map(n -> new Port(p, n)));
  }

  private static Optional<PortNumber> readNumber(YamlFields fields) {
    if (!fields.has("port")) {
      if (fields.has("endPort")) {
        fields.error(
            "endPort",
            "\"endPort\" may not be specified when `port` is not specified; write \"port\", the"
                + " first port of the range.");
        return Optional.empty();
      }
      return Optional.of(new AnyPort());
    }
    Optional<String> text = fields.text("port");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    boolean isNumber =
        fields.node("port").orElseThrow() instanceof YamlNode.Scalar scalar
            && scalar.otherType().filter("number"::equals).isPresent();
    return isNumber
        ? readRange(fields)
        : fields.string("port").flatMap(name -> readName(fields, name));
  }

  private static Optional<PortNumber> readName(YamlFields fields, String name) {
    Optional<String> problem = KubernetesNames.portName(name);
    problem.ifPresent(
        p ->
            fields.error(
                "port",
                "\"port\" has an invalid value: \""
                    + name
                    + "\": "
                    + p
                    + "; a port is a number from 1 to 65535 without quotes, or such a name, and a"
                    + " range is written with \"endPort\"."));
    if (fields.has("endPort")) {
      fields.error("endPort", "\"endPort\" may not be specified when `port` is non-numeric.");
      return Optional.empty();
    }
    return problem.isEmpty() ? Optional.of(new NamedPort(name)) : Optional.empty();
  }

  private static Optional<PortNumber> readRange(YamlFields fields) {
    Optional<Integer> first = fields.integer("port", 1, 65535);
    Optional<Integer> last = fields.has("endPort") ? fields.integer("endPort", 1, 65535) : first;
    if (first.isEmpty() || last.isEmpty()) {
      return Optional.empty();
    }
    if (last.get() < first.get()) {
      fields.error("endPort", "\"endPort\" must be greater than or equal to `port`.");
      return Optional.empty();
    }
    return Optional.of(new PortRange(first.get(), last.get()));
  }
}
