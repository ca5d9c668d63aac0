// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which status each route has for each kind of caller, in the order in which the requests are sent.
 * A cell is a status for what the caller may see, and after a slash one for what is hidden.
 */
record RouteTable(List<String> callers, Map<String, List<String>> rows) {

  /**
   * Reads a table of columns between bars, with the names of the callers in its first line. It must
   * have a row for each route there is, and no other.
   */
  static RouteTable of(String text) {
    List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
    Map<String, List<String>> rows = new LinkedHashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> cells = cells(line);
      rows.put(cells.get(0), cells.subList(1, cells.size()));
    }
    List<String> head = cells(lines.get(0));
    RouteTable table = new RouteTable(head.subList(1, head.size()), rows);
    assertThat(rows.keySet())
        .as("a route needs a row that says what each kind of caller gets")
        .containsExactlyInAnyOrderElementsOf(
            OpenApi.routes().stream().map(OpenApi.Route::name).toList());
    assertThat(rows.values()).allSatisfy(row -> assertThat(row).hasSameSizeAs(table.callers()));
    return table;
  }

  private static List<String> cells(String line) {
    return Arrays.stream(line.split("\\|", -1)).map(String::trim).toList();
  }

  /** What a caller gets from a route. */
  String cell(String route, String caller) {
    return rows.get(route).get(callers.indexOf(caller));
  }
}
