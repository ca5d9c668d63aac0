// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.evaluate.Verdict;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Who reaches whom on a network, and whose reach a change would change. */
final class Preview {

  /** A matrix of more VMs is not made: it has some 160,000 pairs. */
  static final int MOST_VMS = 400;

  /** More pairs are counted, not shown. */
  private static final int MOST_PAIRS = 1_000;

  private Preview() {}

  /** The pairs that the caller may see. */
  static List<Reachability.Pair> matrix(Inventory seen, InForce inForce, Flow flow) {
    return new Reachability(seen, networks(seen, inForce))
        .matrix(flow).stream()
            .filter(
                pair -> !SeenNetworks.isHidden(pair.from()) && !SeenNetworks.isHidden(pair.to()))
            .toList();
  }

  /** The network with what is in force on it, looked up. */
  static Map<String, ResolvedNetwork> networks(Inventory seen, InForce inForce) {
    return ResolvedNetwork.all(seen, inForce.read(seen).policies());
  }

  /**
   * The same as it is shown, with what the policies in audit would drop where there are any.
   *
   * @param stored the policies of the network
   */
  static List<Map<String, Object>> shown(Inventory seen, StoredPolicies stored, Flow flow) {
    List<Reachability.Pair> pairs = matrix(seen, stored.inForce(), flow);
    if (!stored.isAudited()) {
      return pairs.stream().map(Preview::tree).toList();
    }
    List<Reachability.Pair> all = matrix(seen, stored.everything(), flow);
    List<Map<String, Object>> shown = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Reachability.Pair now = pairs.get(i);
      Reachability.Pair then = all.get(i);
      Map<String, Object> tree = tree(now);
      putAudit(
          tree,
          wouldDrop(now.verdict(), then.verdict()),
          wouldDrop(now.replyVerdict(), then.replyVerdict()),
          then.rule());
      shown.add(tree);
    }
    return shown;
  }

  /**
   * What would be another thing if policies in audit were in force.
   *
   * @param forward what {@link #wouldDrop} says of a frame
   * @param reply what it says of the reply
   * @param rule which rule would do that
   */
  static void putAudit(Map<String, Object> tree, String forward, String reply, String rule) {
    tree.put("would_drop", forward);
    tree.put("reply_would_drop", reply);
    if (!forward.equals("false") || !reply.equals("false")) {
      tree.put("audit_rule", rule);
    }
  }

  /** Whether what is not dropped now would be then: true, false or unknown. */
  static String wouldDrop(Verdict now, Verdict then) {
    if (now == then || now == Verdict.DROPPED || then == Verdict.PASSES) {
      return "false";
    }
    return then == Verdict.DROPPED ? "true" : "unknown";
  }

  /** A pair as it is shown. */
  static Map<String, Object> tree(Reachability.Pair pair) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("from", pair.from());
    tree.put("to", pair.to());
    tree.putAll(verdict(pair));
    return tree;
  }

  private static Map<String, Object> verdict(Reachability.Pair pair) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("forward", String.valueOf(pair.forward()));
    tree.put("reply", String.valueOf(pair.reply()));
    tree.put("verdict", pair.verdict().name().toLowerCase(Locale.ROOT));
    tree.put("family", pair.family());
    tree.put("rule", pair.rule());
    return tree;
  }

  /** The pairs for which a change makes a difference, before and after. */
  static Map<String, Object> changes(Inventory seen, InForce before, InForce after, Flow flow) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (seen.vms().size() > MOST_VMS) {
      tree.put(
          "not_compared",
          "There are more than "
              + MOST_VMS
              + " VMs on the network; ask for single pairs by trace.");
      return tree;
    }
    List<Reachability.Pair> old = matrix(seen, before, flow);
    List<Reachability.Pair> now = matrix(seen, after, flow);
    List<Map<String, Object>> changed = new ArrayList<>();
    int count = 0;
    for (int i = 0; i < old.size(); i++) {
      if (differ(old.get(i), now.get(i))) {
        count++;
        if (changed.size() < MOST_PAIRS) {
          Map<String, Object> pair = new LinkedHashMap<>();
          pair.put("from", old.get(i).from());
          pair.put("to", old.get(i).to());
          pair.put("before", verdict(old.get(i)));
          pair.put("after", verdict(now.get(i)));
          changed.add(pair);
        }
      }
    }
    tree.put("pairs", old.size());
    tree.put("changed", count);
    tree.put("changes", Map.of("pair", changed));
    return tree;
  }

  private static boolean differ(Reachability.Pair one, Reachability.Pair other) {
    return one.verdict() != other.verdict() || one.replyVerdict() != other.replyVerdict();
  }
}
