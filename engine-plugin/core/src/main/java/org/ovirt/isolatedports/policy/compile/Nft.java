// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.json.JsonWriter;

/**
 * The parts of nftables rules that we use, each with its form in libnftables-json(5) and in nft(8).
 */
public sealed interface Nft {

  /** The form in JSON: maps, lists, texts and numbers. */
  Object json();

  /** The form in nft's own language. */
  String text();

  // Values

  /** A number, address or name. {@code quoted} names of devices need quotes in text. */
  record Value(Object value, boolean quoted) implements Nft {
    @Override
    public Object json() {
      return value;
    }

    @Override
    public String text() {
      return quoted ? "\"" + value + "\"" : value.toString();
    }
  }

  /** A block of addresses. */
  record Prefix(String address, int length) implements Nft {
    @Override
    public Object json() {
      return Map.of("prefix", ordered("addr", address, "len", length));
    }

    @Override
    public String text() {
      return address + "/" + length;
    }
  }

  /** From one value to another. */
  record Range(Nft first, Nft last) implements Nft {
    @Override
    public Object json() {
      return Map.of("range", List.of(first.json(), last.json()));
    }

    @Override
    public String text() {
      return first.text() + "-" + last.text();
    }
  }

  /** Several values or expressions side by side. */
  record Concat(List<Nft> parts) implements Nft {
    public Concat {
      parts = List.copyOf(parts);
    }

    @Override
    public Object json() {
      return Map.of("concat", parts.stream().map(Nft::json).toList());
    }

    @Override
    public String text() {
      return parts.stream().map(Nft::text).collect(Collectors.joining(" . "));
    }
  }

  /** A set written where it is used. */
  record Anonymous(List<Nft> elements) implements Nft {
    public Anonymous {
      elements = List.copyOf(elements);
    }

    @Override
    public Object json() {
      return Map.of("set", elements.stream().map(Nft::json).toList());
    }

    @Override
    public String text() {
      return elements.stream().map(Nft::text).collect(Collectors.joining(", ", "{ ", " }"));
    }
  }

  /** A set or map by its name. */
  record Named(String name) implements Nft {
    @Override
    public Object json() {
      return "@" + name;
    }

    @Override
    public String text() {
      return "@" + name;
    }
  }

  /** Flags, any of which may be set: {@code ct state established,related}. */
  record Flags(List<String> names) implements Nft {
    public Flags {
      names = List.copyOf(names);
    }

    @Override
    public Object json() {
      return names.size() == 1 ? names.get(0) : names;
    }

    @Override
    public String text() {
      return String.join(",", names);
    }
  }

  // Expressions

  /** A field of a header. */
  record Payload(String protocol, String field) implements Nft {
    @Override
    public Object json() {
      return Map.of("payload", ordered("protocol", protocol, "field", field));
    }

    @Override
    public String text() {
      return protocol + " " + field;
    }
  }

  /** Bits of the transport header. */
  record Raw(int offset, int length) implements Nft {
    @Override
    public Object json() {
      return Map.of("payload", ordered("base", "th", "offset", offset, "len", length));
    }

    @Override
    public String text() {
      return "@th," + offset + "," + length;
    }
  }

  /** A field of IPv6's fragment header; in a packet without one the rule ends there. */
  record Fragment(String field) implements Nft {
    @Override
    public Object json() {
      return Map.of("exthdr", ordered("name", "frag", "field", field));
    }

    @Override
    public String text() {
      return "frag " + field;
    }
  }

  /** Something the kernel knows of the frame. */
  record Meta(String key) implements Nft {
    @Override
    public Object json() {
      return Map.of("meta", Map.of("key", key));
    }

    @Override
    public String text() {
      return key.endsWith("ifname") ? key : "meta " + key;
    }
  }

  /** Something the kernel knows of the connection. */
  record Ct(String key) implements Nft {
    @Override
    public Object json() {
      return Map.of("ct", Map.of("key", key));
    }

    @Override
    public String text() {
      return "ct " + key;
    }
  }

  /** Some bits of an expression. */
  record Masked(Nft expression, Nft mask) implements Nft {
    @Override
    public Object json() {
      return Map.of("&", List.of(expression.json(), mask.json()));
    }

    @Override
    public String text() {
      return expression.text() + " & " + mask.text();
    }
  }

  // Statements

  /** A comparison: the rule goes on only if it holds. */
  record Match(String operator, Nft left, Nft right) implements Nft {
    @Override
    public Object json() {
      return Map.of("match", ordered("op", operator, "left", left.json(), "right", right.json()));
    }

    @Override
    public String text() {
      // After "a & b" nft would take a bare value for a third operand.
      boolean equality = operator.equals("==") && !(left instanceof Masked);
      boolean implied = equality || operator.equals("in");
      return left.text() + " " + (implied ? "" : operator + " ") + right.text();
    }
  }

  /** A verdict looked up in a map; the rule after it is reached if nothing is found. */
  record Lookup(Nft key, String map) implements Nft {
    @Override
    public Object json() {
      return Map.of("vmap", ordered("key", key.json(), "data", "@" + map));
    }

    @Override
    public String text() {
      return key.text() + " vmap @" + map;
    }
  }

  /** What happens to the frame. */
  record Verdict(String kind, String target) implements Nft {
    static final Verdict ACCEPT = new Verdict("accept", "");
    static final Verdict DROP = new Verdict("drop", "");
    static final Verdict RETURN = new Verdict("return", "");

    /** As a jump; what is left of the chain that it stands in is passed over. */
    static Verdict goTo(String chain) {
      return new Verdict("goto", chain);
    }

    static Verdict jump(String chain) {
      return new Verdict("jump", chain);
    }

    @Override
    public Object json() {
      return Map.of(kind, target.isEmpty() ? JsonWriter.NULL : Map.of("target", target));
    }

    @Override
    public String text() {
      return target.isEmpty() ? kind : kind + " " + target;
    }
  }

  /** A drop with an answer. */
  record Reject(String type, String code) implements Nft {
    @Override
    public Object json() {
      return Map.of(
          "reject", code.isEmpty() ? Map.of("type", type) : ordered("type", type, "expr", code));
    }

    @Override
    public String text() {
      return "reject with " + (code.isEmpty() ? type : type + " " + code);
    }
  }

  /** Counts a frame under a name. */
  record Count(String name) implements Nft {
    @Override
    public Object json() {
      return Map.of("counter", name);
    }

    @Override
    public String text() {
      return "counter name \"" + name + "\"";
    }
  }

  /** Keeps connections of a bridge apart from those of others. */
  record SetZone(int zone) implements Nft {
    @Override
    public Object json() {
      return Map.of("mangle", ordered("key", Map.of("ct", Map.of("key", "zone")), "value", zone));
    }

    @Override
    public String text() {
      return "ct zone set " + zone;
    }
  }

  // Objects

  /** A rule. */
  record Rule(List<Nft> statements, String comment) {
    public Rule {
      statements = List.copyOf(statements);
    }

    static Rule of(Nft... statements) {
      return new Rule(List.of(statements), "");
    }

    String text() {
      String body = statements.stream().map(Nft::text).collect(Collectors.joining(" "));
      return comment.isEmpty() ? body : body + " comment \"" + comment + "\"";
    }
  }

  /** Where a chain is called from. */
  record Hook(String hook, int priority) {}

  /** An element of a set, or of a map with its verdict. */
  record Element(Nft key, Optional<Verdict> verdict) {
    Object json() {
      return verdict.isPresent() ? List.of(key.json(), verdict.get().json()) : key.json();
    }

    String text() {
      return key.text() + verdict.map(v -> " : " + v.text()).orElse("");
    }
  }

  /** A map with its keys in the order given. */
  static Map<String, Object> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }

  /** One expression, or several side by side. */
  static Nft key(List<? extends Nft> parts) {
    return parts.size() == 1 ? parts.get(0) : new Concat(new ArrayList<>(parts));
  }
}
