// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.policy.finding.Finding;

/** Findings for people, and for programs. */
final class Findings {

  /** How many findings of a kind are shown one by one. */
  private static final int SHOWN_OF_KIND = 3;

  /** How many further places are listed. */
  private static final int LISTED = 10;

  private Findings() {}

  /** One line a finding. */
  static String text(List<Finding> findings) {
    return findings.stream()
        .map(Findings::line)
        .collect(Collectors.joining(System.lineSeparator()));
  }

  static String line(Finding finding) {
    return Shown.text(
        finding.location()
            + ": "
            + (finding.isError() ? "error: " : "warning: ")
            + finding.message());
  }

  /** The same, with what is alike shown a few times, and then counted. */
  static List<String> grouped(List<Finding> findings) {
    Map<String, List<Finding>> alike = new LinkedHashMap<>();
    findings.forEach(f -> alike.computeIfAbsent(likeness(f), l -> new ArrayList<>()).add(f));
    List<String> lines = new ArrayList<>();
    for (List<Finding> group : alike.values()) {
      boolean few = group.size() <= SHOWN_OF_KIND + 1;
      List<Finding> first = few ? group : group.subList(0, SHOWN_OF_KIND);
      first.forEach(finding -> lines.add(line(finding)));
      if (!few) {
        lines.add(rest(group.subList(SHOWN_OF_KIND, group.size())));
      }
    }
    return lines;
  }

  private static String rest(List<Finding> more) {
    String places =
        more.stream()
            .limit(LISTED)
            .map(finding -> finding.location().fileAndLine())
            .collect(Collectors.joining(", "));
    return Shown.text(
        "  and "
            + more.size()
            + " more like this, at "
            + places
            + (more.size() > LISTED ? ", ...; --all shows each." : "; --all shows each."));
  }

  /** What findings that are alike have in common: their kind, else their words without values. */
  private static String likeness(Finding finding) {
    String words =
        finding.kind().isEmpty()
            ? finding.message().replaceAll("\"[^\"]*\"|\\S*[0-9/]\\S*", "*")
            : finding.kind();
    return finding.severity() + " " + words;
  }

  /** Errors and warnings for JSON. */
  static Map<String, Object> json(List<Finding> findings) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("errors", entries(findings, true));
    report.put("warnings", entries(findings, false));
    return report;
  }

  /** An error without a place, for JSON. */
  static Map<String, Object> json(String message) {
    return Map.of("errors", List.of(Map.of("message", message)));
  }

  static List<Map<String, Object>> entries(List<Finding> findings, boolean errors) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Finding finding : findings) {
      if (finding.isError() == errors) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("file", finding.location().file());
        entry.put("line", finding.location().line());
        entry.put("column", finding.location().column());
        entry.put("message", finding.message());
        list.add(entry);
      }
    }
    return list;
  }
}
