// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Field;
import org.ovirt.isolatedports.policy.match.Packet;

/**
 * Runs the subset of nftables we emit, from its JSON, for one frame. It knows nothing of policies:
 * it reads what the kernel would read. Fails on anything outside the subset.
 */
final class NftInterpreter {

  private static final Map<String, Integer> ETHER_TYPES =
      Map.of("ip", 0x800, "ip6", 0x86dd, "arp", 0x806, "vlan", 0x8100);

  private final Map<String, JsonNode> sets = new HashMap<>();
  private final Map<String, Map<String, JsonNode>> exact = new HashMap<>();
  private final Map<String, List<JsonNode>> rules = new HashMap<>();
  private final Map<String, List<JsonNode>> hooks = new HashMap<>();
  private final Map<String, Integer> counted = new HashMap<>();

  /** What the kernel knows of a connection. */
  record Tracked(String state, String direction) {}

  /** A frame on its way. */
  record Frame(
      Packet packet, Optional<String> in, Optional<String> out, String bridge, Tracked tracked) {}

  /** What a chain came to. */
  private enum Outcome {
    GO_ON,
    RETURN,
    /** The base chain has done with the frame; those after it have not. */
    ACCEPT,
    DROP
  }

  NftInterpreter(String json) {
    try {
      for (JsonNode command : new ObjectMapper().readTree(json).get("nftables")) {
        if (command.has("add")) {
          add(command.get("add"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(JsonNode object) {
    if (object.has("chain")) {
      JsonNode chain = object.get("chain");
      rules.putIfAbsent(chain.get("name").asText(), new ArrayList<>());
      if (chain.has("hook")) {
        hooks.computeIfAbsent(chain.get("hook").asText(), h -> new ArrayList<>()).add(chain);
      }
    } else if (object.has("rule")) {
      rules.get(object.get("rule").get("chain").asText()).add(object.get("rule").get("expr"));
    } else if (object.has("set") || object.has("map")) {
      addSet(object.has("set") ? object.get("set") : object.get("map"));
    }
  }

  private void addSet(JsonNode set) {
    String name = set.get("name").asText();
    if (!set.has("elem")) {
      sets.put(name, new ObjectMapper().createArrayNode());
      return;
    }
    sets.put(name, set.get("elem"));
    if (!set.has("flags")) {
      Map<String, JsonNode> index = new HashMap<>();
      for (JsonNode element : set.get("elem")) {
        index.put((set.has("map") ? element.get(0) : element).toString(), element);
      }
      exact.put(name, index);
    }
  }

  /** How many frames each counter has seen. */
  Map<String, Integer> counted() {
    return counted;
  }

  /** Whether a frame passes all chains of the hooks, each chain in its order of priority. */
  boolean passes(Frame frame, String... hookNames) {
    for (String hook : hookNames) {
      Map<Integer, List<JsonNode>> byPriority = new TreeMap<>();
      for (JsonNode chain : hooks.getOrDefault(hook, List.of())) {
        byPriority.computeIfAbsent(chain.get("prio").asInt(), p -> new ArrayList<>()).add(chain);
      }
      for (List<JsonNode> chains : byPriority.values()) {
        for (JsonNode chain : chains) {
          if (run(chain.get("name").asText(), frame) == Outcome.DROP) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private Outcome run(String chain, Frame frame) {
    for (JsonNode rule : rules.get(chain)) {
      Outcome outcome = runRule(rule, frame);
      if (outcome == Outcome.DROP || outcome == Outcome.ACCEPT) {
        return outcome;
      } else if (outcome == Outcome.RETURN) {
        return Outcome.GO_ON;
      }
    }
    return Outcome.GO_ON;
  }

  private Outcome runRule(JsonNode rule, Frame frame) {
    for (JsonNode statement : rule) {
      if (statement.has("match")) {
        if (!matches(statement.get("match"), frame)) {
          return Outcome.GO_ON;
        }
      } else if (statement.has("vmap")) {
        Optional<JsonNode> verdict = lookup(statement.get("vmap"), frame);
        if (verdict.isEmpty()) {
          return Outcome.GO_ON;
        }
        return verdict(verdict.get(), frame);
      } else if (statement.has("counter")) {
        counted.merge(statement.get("counter").asText(), 1, Integer::sum);
      } else if (!statement.has("mangle")) {
        return verdict(statement, frame);
      }
    }
    return Outcome.GO_ON;
  }

  private Outcome verdict(JsonNode verdict, Frame frame) {
    if (verdict.has("drop") || verdict.has("reject")) {
      return Outcome.DROP;
    } else if (verdict.has("accept")) {
      return Outcome.ACCEPT;
    } else if (verdict.has("return")) {
      return Outcome.RETURN;
    } else if (verdict.has("jump")) {
      return run(verdict.get("jump").get("target").asText(), frame);
    } else if (verdict.has("goto")) {
      Outcome outcome = run(verdict.get("goto").get("target").asText(), frame);
      return outcome == Outcome.GO_ON ? Outcome.RETURN : outcome;
    }
    throw new AssertionError("not in the subset: " + verdict);
  }

  private Optional<JsonNode> lookup(JsonNode vmap, Frame frame) {
    List<Object> key = evaluate(vmap.get("key"), frame);
    return find(vmap.get("data").asText().substring(1), key).map(element -> element.get(1));
  }

  private Optional<JsonNode> find(String set, List<Object> key) {
    if (key.contains(Optional.empty())) {
      return Optional.empty();
    }
    JsonNode elements = sets.get(set);
    if (elements == null) {
      throw new AssertionError("no set " + set);
    }
    for (JsonNode element : elements) {
      JsonNode candidate = element.isArray() ? element.get(0) : element;
      if (isElement(key, candidate)) {
        return Optional.of(element);
      }
    }
    return Optional.empty();
  }

  private static boolean isElement(List<Object> key, JsonNode element) {
    if (!element.has("concat")) {
      return key.size() == 1 && isValue(key.get(0), element);
    }
    for (int i = 0; i < key.size(); i++) {
      if (!isValue(key.get(i), element.get("concat").get(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean matches(JsonNode match, Frame frame) {
    String operator = match.get("op").asText();
    JsonNode right = match.get("right");
    List<Object> left = evaluate(match.get("left"), frame);
    // A header that is not there stops the rule, whatever the comparison (nft(8), "payload").
    if (left.contains(Optional.empty())) {
      return false;
    }
    if (operator.equals("in")) {
      String state = (String) left.get(0);
      return right.isArray()
          ? right.toString().contains("\"" + state + "\"")
          : right.asText().equals(state);
    }
    if (operator.equals("==") || operator.equals("!=")) {
      return isAnyOf(left, right) == operator.equals("==");
    }
    int order = ((Bits) left.get(0)).compareTo(number(right));
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case ">=" -> order >= 0;
      default -> throw new AssertionError("operator " + operator);
    };
  }

  private boolean isAnyOf(List<Object> key, JsonNode right) {
    if (right.isTextual() && right.asText().startsWith("@")) {
      return find(right.asText().substring(1), key).isPresent();
    }
    if (right.has("set")) {
      for (JsonNode element : right.get("set")) {
        if (isElement(key, element)) {
          return true;
        }
      }
      return false;
    }
    return isElement(key, right);
  }

  private static boolean isValue(Object value, JsonNode node) {
    if (value instanceof String text) {
      String wanted = node.asText();
      return wanted.endsWith("*")
          ? text.startsWith(wanted.substring(0, wanted.length() - 1))
          : text.equals(wanted);
    }
    Bits number = (Bits) value;
    if (node.has("prefix")) {
      String address = node.get("prefix").get("addr").asText();
      int width = address.contains(":") ? 128 : 32;
      Bits mask = Bits.prefixMask(node.get("prefix").get("len").asInt(), width);
      return number.and(mask).equals(number(node.get("prefix").get("addr")).and(mask));
    }
    if (node.has("range")) {
      return number(node.get("range").get(0)).compareTo(number) <= 0
          && number.compareTo(number(node.get("range").get(1))) <= 0;
    }
    return number.equals(number(node));
  }

  private static Bits number(JsonNode node) {
    if (node.isNumber()) {
      return Bits.of(node.asLong());
    }
    String text = node.asText();
    if (ETHER_TYPES.containsKey(text)) {
      return Bits.of(ETHER_TYPES.get(text));
    }
    if (text.startsWith("0x")) {
      String digits = text.substring(2);
      int split = Math.max(0, digits.length() - 16);
      long high = split == 0 ? 0 : Long.parseUnsignedLong(digits.substring(0, split), 16);
      return new Bits(high, Long.parseUnsignedLong(digits.substring(split), 16));
    }
    return Addresses.parseMac(text)
        .or(() -> Addresses.parseIpv4(text))
        .or(() -> Addresses.parseIpv6(text))
        .orElseGet(() -> text.equals("0") ? Bits.ZERO : fail(text));
  }

  private static Bits fail(String text) {
    throw new AssertionError("no number: " + text);
  }

  /** The values of an expression; an empty one where the frame has no such header. */
  private List<Object> evaluate(JsonNode expression, Frame frame) {
    List<Object> values = new ArrayList<>();
    if (expression.has("concat")) {
      expression.get("concat").forEach(part -> values.addAll(evaluate(part, frame)));
    } else if (expression.has("&")) {
      Object left = evaluate(expression.get("&").get(0), frame).get(0);
      values.add(left instanceof Bits bits ? bits.and(number(expression.get("&").get(1))) : left);
    } else if (expression.has("meta")) {
      values.add(meta(expression.get("meta").get("key").asText(), frame));
    } else if (expression.has("exthdr")) {
      // Frames of tests are not fragmented.
      values.add(Optional.empty());
    } else if (expression.has("ct")) {
      String key = expression.get("ct").get("key").asText();
      values.add(key.equals("state") ? frame.tracked().state() : frame.tracked().direction());
    } else {
      values.add(payload(expression.get("payload"), frame.packet()));
    }
    return values;
  }

  private static Object meta(String key, Frame frame) {
    return switch (key) {
      case "iifname" -> frame.in().<Object>map(i -> i).orElse("");
      case "oifname" -> frame.out().<Object>map(o -> o).orElse("");
      case "ibrname" -> frame.bridge();
      case "protocol" -> frame.packet().get(Field.ETH_TYPE);
      case "l4proto" ->
          isIp(frame.packet()) ? frame.packet().get(Field.IP_PROTO) : Optional.empty();
      default -> throw new AssertionError("meta " + key);
    };
  }

  private static boolean isIp(Packet packet) {
    return isType(packet, 0x800) || isType(packet, 0x86dd);
  }

  private static boolean isType(Packet packet, long type) {
    return packet.get(Field.ETH_TYPE).low() == type;
  }

  private static boolean isProtocol(Packet packet, long protocol) {
    return isIp(packet) && packet.get(Field.IP_PROTO).low() == protocol;
  }

  private static Object payload(JsonNode payload, Packet packet) {
    if (payload.has("base")) {
      return raw(payload.get("offset").asInt(), payload.get("len").asInt(), packet);
    }
    String name = payload.get("protocol").asText() + " " + payload.get("field").asText();
    boolean ip4 = isType(packet, 0x800);
    boolean ip6 = isType(packet, 0x86dd);
    boolean arp = isType(packet, 0x806);
    boolean tagged = !packet.get(Field.VLAN_TCI).isZero();
    return switch (name) {
      case "ether saddr" -> packet.get(Field.ETH_SRC);
      case "ether daddr" -> packet.get(Field.ETH_DST);
      case "ether type" -> tagged ? Bits.of(0x8100) : packet.get(Field.ETH_TYPE);
      case "vlan id" ->
          given(tagged, packet, Field.VLAN_TCI) instanceof Bits tci
              ? tci.and(Bits.of(0xfff))
              : Optional.empty();
      case "vlan pcp" ->
          given(tagged, packet, Field.VLAN_TCI) instanceof Bits tci
              ? tci.shiftRight(13)
              : Optional.empty();
      case "ip saddr" -> given(ip4, packet, Field.IP4_SRC);
      case "ip daddr" -> given(ip4, packet, Field.IP4_DST);
      case "ip ttl" -> given(ip4, packet, Field.IP_TTL);
      case "ip dscp" -> given(ip4, packet, Field.IP_DSCP);
      case "ip ecn" -> given(ip4, packet, Field.IP_ECN);
      case "ip6 dscp" -> given(ip6, packet, Field.IP_DSCP);
      case "ip6 ecn" -> given(ip6, packet, Field.IP_ECN);
      case "ip6 flowlabel" -> given(ip6, packet, Field.IP6_LABEL);
      case "ip6 saddr" -> given(ip6, packet, Field.IP6_SRC);
      case "ip6 daddr" -> given(ip6, packet, Field.IP6_DST);
      case "ip6 hoplimit" -> given(ip6, packet, Field.IP_TTL);
      case "arp operation" -> given(arp, packet, Field.ARP_OP);
      case "arp saddr ip" -> given(arp, packet, Field.ARP_SPA);
      case "arp daddr ip" -> given(arp, packet, Field.ARP_TPA);
      case "arp saddr ether" -> given(arp, packet, Field.ARP_SHA);
      case "arp daddr ether" -> given(arp, packet, Field.ARP_THA);
      case "icmp type" -> given(ip4 && isProtocol(packet, 1), packet, Field.ICMP4_TYPE);
      case "icmp code" -> given(ip4 && isProtocol(packet, 1), packet, Field.ICMP4_CODE);
      case "icmpv6 type" -> given(ip6 && isProtocol(packet, 58), packet, Field.ICMP6_TYPE);
      case "icmpv6 code" -> given(ip6 && isProtocol(packet, 58), packet, Field.ICMP6_CODE);
      case "tcp sport" -> given(isProtocol(packet, 6), packet, Field.TCP_SRC);
      case "tcp dport" -> given(isProtocol(packet, 6), packet, Field.TCP_DST);
      case "udp sport" -> given(isProtocol(packet, 17), packet, Field.UDP_SRC);
      case "udp dport" -> given(isProtocol(packet, 17), packet, Field.UDP_DST);
      case "sctp sport" -> given(isProtocol(packet, 132), packet, Field.SCTP_SRC);
      case "sctp dport" -> given(isProtocol(packet, 132), packet, Field.SCTP_DST);
      default -> throw new AssertionError("payload " + name);
    };
  }

  private static Object given(boolean present, Packet packet, Field field) {
    return present ? packet.get(field) : Optional.empty();
  }

  private static Object raw(int offset, int length, Packet packet) {
    if (offset == 96 && length == 16) {
      // Data offset and flags: the length of a header without options, then the flags.
      return given(isProtocol(packet, 6), packet, Field.TCP_FLAGS) instanceof Bits flags
          ? flags.or(Bits.of(0x5000))
          : Optional.empty();
    }
    boolean discovery = isProtocol(packet, 58) && isType(packet, 0x86dd);
    if (offset == 64 && length == 128) {
      return given(discovery, packet, Field.ND_TARGET);
    }
    if (offset == 64 && length == 16) {
      return discovery ? packet.get(Field.ND_TARGET).shiftRight(112) : Optional.empty();
    }
    throw new AssertionError("@th," + offset + "," + length);
  }
}
