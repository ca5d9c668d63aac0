// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.json.JsonWriter;

/**
 * The rules of one host: the table {@code bridge isolated_ports}, whole. It is written in an order
 * that depends on nothing but its contents.
 */
public final class Ruleset {

  /** The table's family. */
  public static final String FAMILY = "bridge";

  /** The table's name. */
  public static final String TABLE = "isolated_ports";

  private static final Map<String, Object> TABLE_ITSELF =
      Collections.unmodifiableMap(Nft.ordered("family", FAMILY, "name", TABLE));

  private final Map<String, NftSet> sets = new TreeMap<>();
  private final Map<String, Chain> chains = new LinkedHashMap<>();
  private final Map<String, String> counters = new TreeMap<>();

  /** A chain; one without a hook is reached by jumps. */
  record Chain(String name, Optional<Nft.Hook> hook, List<Nft.Rule> rules) {
    void add(Nft... statements) {
      rules.add(Nft.Rule.of(statements));
    }
  }

  NftSet set(String name, boolean interval, String... types) {
    return newSet(name, List.of(types), false, interval);
  }

  NftSet map(String name, boolean interval, List<String> types) {
    return newSet(name, types, true, interval);
  }

  private NftSet newSet(String name, List<String> types, boolean isMap, boolean interval) {
    return sets.computeIfAbsent(name, n -> new NftSet(n, types, isMap, interval));
  }

  void put(NftSet set) {
    sets.put(set.name(), set);
  }

  /** Freezes what its sets hold: it is done. */
  void freeze() {
    sets.replaceAll((name, set) -> set.frozen());
  }

  Chain chain(String name) {
    return chains.computeIfAbsent(name, n -> new Chain(n, Optional.empty(), new ArrayList<>()));
  }

  Chain baseChain(String name, String hook, int priority) {
    return chains.computeIfAbsent(
        name, n -> new Chain(n, Optional.of(new Nft.Hook(hook, priority)), new ArrayList<>()));
  }

  /** Adds a counter, and says what it counts; false where it counts something else. */
  boolean count(String name, String place) {
    return place.equals(counters.computeIfAbsent(name, n -> place));
  }

  /** What is counted, by the name of the counter: the rule or the policies that would drop it. */
  public Map<String, String> counters() {
    return Collections.unmodifiableMap(counters);
  }

  Optional<NftSet> findSet(String name) {
    return Optional.ofNullable(sets.get(name));
  }

  boolean hasChain(String name) {
    return chains.containsKey(name);
  }

  Collection<NftSet> sets() {
    return sets.values();
  }

  Collection<Chain> chains() {
    return chains.values();
  }

  /** Rules that ask a map which leads nowhere cost each frame a lookup, and so do empty hooks. */
  void leaveOutEmptyMaps() {
    Set<String> empty = new HashSet<>();
    sets.values().stream()
        .filter(set -> set.isMap() && set.elements().isEmpty())
        .forEach(set -> empty.add(set.name()));
    for (Chain chain : chains.values()) {
      chain
          .rules()
          .removeIf(
              rule ->
                  rule.statements().stream()
                      .anyMatch(
                          statement ->
                              statement instanceof Nft.Lookup lookup
                                  && empty.contains(lookup.map())));
    }
    sets.keySet().removeAll(empty);
    chains.values().removeIf(chain -> chain.hook().isPresent() && chain.rules().isEmpty());
  }

  /** How many elements all sets and maps hold. */
  public int elementCount() {
    return sets.values().stream().mapToInt(set -> set.elements().size()).sum();
  }

  /** How many rules all chains hold: what a frame may have to pass one after the other. */
  public int ruleCount() {
    return chains.values().stream().mapToInt(chain -> chain.rules().size()).sum();
  }

  // JSON

  /** Everything, replacing whatever the table held, in one transaction. */
  public String toJson() {
    Commands commands = new Commands();
    commands.add("add", "table", TABLE_ITSELF);
    commands.add("delete", "table", TABLE_ITSELF);
    addAll(commands);
    return commands.finish();
  }

  /** The JSON list of commands that make the table where there is none; empty without rules. */
  public String commands() {
    Commands commands = new Commands();
    if (!chains.isEmpty()) {
      addAll(commands);
    }
    return commands.list();
  }

  /** The JSON list of commands that turn another ruleset into this one. */
  public String commandsFrom(Ruleset old) {
    return changes(old).list();
  }

  private void addAll(Commands commands) {
    commands.add("add", "table", TABLE_ITSELF);
    chains.values().forEach(chain -> commands.add("add", "chain", chainJson(chain)));
    sets.values().forEach(set -> commands.addSet(set));
    counters.keySet().forEach(name -> commands.add("add", "counter", place(name)));
    chains.values().forEach(commands::addRules);
  }

  /**
   * What turns another ruleset into this one, in one transaction: elements that differ, chains that
   * differ, and no more.
   */
  public String changesFrom(Ruleset old) {
    return changes(old).finish();
  }

  private Commands changes(Ruleset old) {
    Commands commands = new Commands();
    for (Chain chain : chains.values()) {
      if (!old.chains.containsKey(chain.name())) {
        commands.add("add", "chain", chainJson(chain));
      }
    }
    counters.keySet().stream()
        .filter(name -> !old.counters.containsKey(name))
        .forEach(name -> commands.add("add", "counter", place(name)));
    Set<String> remade = new HashSet<>();
    for (NftSet set : sets.values()) {
      NftSet before = old.sets.get(set.name());
      if (before == null) {
        commands.addSet(set);
      } else if (!before.sameKind(set)) {
        remade.add(set.name());
      }
    }
    // A set that changes its kind can be made anew only while no rule uses it.
    Set<String> changed = changedChains(old, remade);
    changed.forEach(name -> commands.add("flush", "chain", place(name)));
    for (String name : remade) {
      commands.add("delete", old.sets.get(name).isMap() ? "map" : "set", place(name));
      commands.addSet(sets.get(name));
    }
    for (NftSet set : sets.values()) {
      NftSet before = old.sets.get(set.name());
      if (before != null && !before.isSame(set) && before.sameKind(set)) {
        commands.changeElements(before, set);
      }
    }
    changed.stream().map(chains::get).filter(chain -> chain != null).forEach(commands::addRules);
    // First the maps that lead to them: a chain that is led to cannot be deleted.
    old.sets.values().stream()
        .filter(set -> !sets.containsKey(set.name()))
        .forEach(set -> commands.add("delete", set.isMap() ? "map" : "set", place(set.name())));
    old.chains.keySet().stream()
        .filter(name -> !chains.containsKey(name))
        .forEach(name -> commands.add("delete", "chain", place(name)));
    old.counters.keySet().stream()
        .filter(name -> !counters.containsKey(name))
        .forEach(name -> commands.add("delete", "counter", place(name)));
    return commands;
  }

  private Set<String> changedChains(Ruleset old, Set<String> remadeSets) {
    Set<String> changed = new LinkedHashSet<>();
    for (Chain chain : chains.values()) {
      Chain before = old.chains.get(chain.name());
      if (before == null || !before.rules().equals(chain.rules()) || uses(chain, remadeSets)) {
        changed.add(chain.name());
      }
    }
    old.chains.keySet().stream().filter(name -> !chains.containsKey(name)).forEach(changed::add);
    return changed;
  }

  private static boolean uses(Chain chain, Set<String> sets) {
    return !sets.isEmpty()
        && chain.rules().stream()
            .map(Nft.Rule::text)
            .anyMatch(
                text -> sets.stream().anyMatch(set -> (text + " ").contains("@" + set + " ")));
  }

  static Map<String, Object> place(String name) {
    return Nft.ordered("family", FAMILY, "table", TABLE, "name", name);
  }

  private static Map<String, Object> chainJson(Chain chain) {
    Map<String, Object> json = place(chain.name());
    chain
        .hook()
        .ifPresent(
            hook -> {
              json.put("type", "filter");
              json.put("hook", hook.hook());
              json.put("prio", hook.priority());
              json.put("policy", "accept");
            });
    return json;
  }

  /** The commands of one transaction. */
  static final class Commands {
    private static final String HEAD = "{\"nftables\":";
    private final StringBuilder out = new StringBuilder(HEAD).append('[');
    private boolean first = true;

    void add(String command, String kind, Map<String, Object> object) {
      JsonWriter.append(next(), Map.of(command, Map.of(kind, object)));
    }

    private StringBuilder next() {
      out.append(first ? "\n" : ",\n");
      first = false;
      return out;
    }

    void addSet(NftSet set) {
      next().append(set.command());
    }

    void addRules(Chain chain) {
      for (Nft.Rule rule : chain.rules()) {
        Map<String, Object> json =
            Nft.ordered("family", FAMILY, "table", TABLE, "chain", chain.name());
        json.put("expr", rule.statements().stream().map(Nft::json).toList());
        if (!rule.comment().isEmpty()) {
          json.put("comment", rule.comment());
        }
        add("add", "rule", json);
      }
    }

    void changeElements(NftSet before, NftSet after) {
      List<Nft.Element> gone = new ArrayList<>();
      List<Nft.Element> come = new ArrayList<>();
      before
          .elements()
          .forEach(
              (key, element) -> {
                if (!element.equals(after.elements().get(key))) {
                  gone.add(element);
                }
              });
      after
          .elements()
          .forEach(
              (key, element) -> {
                if (!element.equals(before.elements().get(key))) {
                  come.add(element);
                }
              });
      elements("delete", after.name(), gone);
      elements("add", after.name(), come);
    }

    void elements(String command, String set, List<Nft.Element> elements) {
      if (!elements.isEmpty()) {
        Map<String, Object> json = place(set);
        json.put("elem", elements.stream().map(Nft.Element::json).toList());
        add(command, "element", json);
      }
    }

    /** The list of commands alone. */
    String list() {
      return out.substring(HEAD.length()) + "\n]";
    }

    String finish() {
      return out.append("\n]}\n").toString();
    }
  }

  // Text

  /** The same as a script for {@code nft -f}, for people to read. */
  public String toText() {
    StringBuilder out = new StringBuilder();
    String table = "table " + FAMILY + " " + TABLE;
    out.append(table).append("\ndelete ").append(table).append('\n').append(table).append(" {\n");
    sets.values().forEach(set -> appendSet(out, set));
    counters.keySet().forEach(name -> out.append("\tcounter ").append(name).append(" {\n\t}\n\n"));
    chains.values().forEach(chain -> appendChain(out, chain));
    return out.append("}\n").toString();
  }

  private static void appendSet(StringBuilder out, NftSet set) {
    out.append(set.isMap() ? "\tmap " : "\tset ").append(set.name()).append(" {\n\t\ttype ");
    out.append(String.join(" . ", set.types())).append(set.isMap() ? " : verdict\n" : "\n");
    if (set.interval()) {
      out.append("\t\tflags interval\n");
    }
    if (!set.elements().isEmpty()) {
      out.append("\t\telements = {\n");
      set.elements()
          .values()
          .forEach(element -> out.append("\t\t\t").append(element.text()).append(",\n"));
      out.append("\t\t}\n");
    }
    out.append("\t}\n\n");
  }

  private static void appendChain(StringBuilder out, Chain chain) {
    out.append("\tchain ").append(chain.name()).append(" {\n");
    chain
        .hook()
        .ifPresent(
            hook ->
                out.append("\t\ttype filter hook ")
                    .append(hook.hook())
                    .append(" priority ")
                    .append(hook.priority())
                    .append("; policy accept;\n"));
    chain.rules().forEach(rule -> out.append("\t\t").append(rule.text()).append('\n'));
    out.append("\t}\n\n");
  }
}
