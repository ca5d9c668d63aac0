// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import org.ovirt.isolatedports.lab.Reachability;

/**
 * Who reaches whom, as text: from the left to the top, and {@code !!} where it should not be so.
 */
final class Matrix {

  private final String network;
  private final List<Report.Pair> pairs;
  private final List<String> names;

  /** The newest pairs of a network that were decided so. */
  Matrix(Report report, String network, Report.By by) {
    this.network = network;
    this.pairs =
        report.pairs().stream()
            .filter(pair -> pair.network().equals(network) && pair.by() == by)
            .toList();
    this.names = new ArrayList<>(new TreeSet<>(pairs.stream().map(Report.Pair::from).toList()));
    names.remove(Reachability.GATEWAY);
    names.add(Reachability.GATEWAY);
  }

  /** What was measured. */
  String measured() {
    return text("(from the left to the top)", List.of(Matrix::measured));
  }

  /** What was predicted, and what was measured. */
  String predictedAndMeasured() {
    return text("(predicted; measured)", List.of(pair -> yes(pair.expected()), Matrix::measured));
  }

  private static String measured(Report.Pair pair) {
    return yes(pair.observed()) + (pair.ok() ? "" : " !!");
  }

  private static String yes(boolean connected) {
    return connected ? "yes" : "no";
  }

  private String text(String what, List<Function<Report.Pair, String>> cells) {
    StringBuilder text = new StringBuilder("%nNetwork %s %s%n".formatted(network, what));
    text.append("%10s".formatted(""));
    for (int i = 0; i < cells.size(); i++) {
      text.append(i == 0 ? "" : "  |");
      names.forEach(to -> text.append("%9s".formatted(to)));
    }
    text.append("%n".formatted());
    for (String from : names) {
      text.append("%10s".formatted(from));
      for (int i = 0; i < cells.size(); i++) {
        text.append(i == 0 ? "" : "  |");
        for (String to : names) {
          text.append("%9s".formatted(from.equals(to) ? "." : cell(from, to, cells.get(i))));
        }
      }
      text.append("%n".formatted());
    }
    return text.toString();
  }

  private String cell(String from, String to, Function<Report.Pair, String> shown) {
    return pairs.stream()
        .filter(pair -> pair.from().equals(from) && pair.to().equals(to))
        .reduce((earlier, later) -> later)
        .map(shown)
        .orElse("?");
  }
}
