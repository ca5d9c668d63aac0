// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.compile.CompileException;
import org.ovirt.isolatedports.policy.compile.NetworkRules;
import org.ovirt.isolatedports.policy.compile.Ruleset;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.json.JsonWriter;

/**
 * What hosts with the same networks and abilities enforce: all of a ruleset but the host's id and
 * the revision.
 */
final class SharedRuleset {

  private final List<NetworkPart> parts;
  private final String lists;
  private final Tail whole;
  private final int elements;
  private final String digest;
  private final Optional<String> uncounted;

  /** By what they start from, and no longer than that is remembered. */
  private final Map<SharedRuleset, Tail> differences =
      Collections.synchronizedMap(new WeakHashMap<>());

  private SharedRuleset(List<NetworkPart> parts, Ruleset rules, Optional<String> uncounted) {
    this.parts = List.copyOf(parts);
    this.lists = lists(parts);
    this.whole = tail(lists, rules.commands());
    this.elements = rules.elementCount();
    this.digest = digest(whole.text());
    this.uncounted = uncounted;
  }

  /**
   * Puts the networks of a host together. What is in audit never stands in the way of what is in
   * force: where there is no room for it, nothing of it is counted.
   *
   * @throws CompileException if vNICs of them cannot be told apart
   */
  static SharedRuleset of(List<NetworkPart> parts) throws CompileException {
    Ruleset all;
    try {
      all = together(parts);
    } catch (CompileException e) {
      List<NetworkPart> inForce = parts.stream().map(NetworkPart::withoutCounting).toList();
      return new SharedRuleset(inForce, together(inForce), Optional.of(e.getMessage()));
    }
    return new SharedRuleset(parts, all, Optional.empty());
  }

  private static Ruleset together(List<NetworkPart> parts) throws CompileException {
    return NetworkRules.together(parts.stream().flatMap(part -> part.table().stream()).toList());
  }

  private static String lists(List<NetworkPart> parts) {
    StringBuilder out = new StringBuilder("\"networks\":[");
    out.append(
        parts.stream()
            .map(NetworkPart::network)
            .filter(Network::portIsolation)
            .map(SharedRuleset::isolated)
            .collect(Collectors.joining(",")));
    out.append("],\"closed_bridges\":");
    JsonWriter.append(
        out,
        parts.stream()
            .filter(NetworkPart::isClosed)
            .map(part -> part.network().bridge())
            .sorted()
            .toList());
    out.append(",\"nics\":[");
    out.append(
        parts.stream()
            .flatMap(part -> part.rows().stream())
            .sorted(Comparator.comparing(NetworkPart.Row::device))
            .map(NetworkPart.Row::json)
            .collect(Collectors.joining(",\n")));
    return out.append(']').toString();
  }

  private static String isolated(Network network) {
    return "{\"bridge\":"
        + JsonWriter.write(network.bridge())
        + ",\"network\":"
        + JsonWriter.write(network.id())
        + ",\"name\":"
        + JsonWriter.write(network.name())
        + "}";
  }

  /** Why nothing is counted of what could be. */
  Optional<String> uncounted() {
    return uncounted;
  }

  /** How many elements the sets and maps of the table hold. */
  int elements() {
    return elements;
  }

  /** A digest of all of it, in hexadecimal. */
  String digest() {
    return digest;
  }

  /** Whether it has a table. */
  boolean hasTable() {
    return elements > 0 || parts.stream().anyMatch(part -> !part.table().isEmpty());
  }

  /** Lists and table. */
  Tail whole() {
    return whole;
  }

  /** Lists, and what turns the table of another one into this one's. Made once for all hosts. */
  Tail from(SharedRuleset old) {
    return differences.computeIfAbsent(old, this::difference);
  }

  private Tail difference(SharedRuleset old) {
    try {
      return tail(lists, together(parts).commandsFrom(together(old.parts)));
    } catch (CompileException e) {
      throw new IllegalStateException("what was put together once cannot be again", e);
    }
  }

  private static Tail tail(String lists, String commands) {
    return new Tail(lists + ",\"nftables\":" + commands + "}\n");
  }

  static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
