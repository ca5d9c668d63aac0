// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.PrintWriter;
import java.util.List;

/** Lines up columns whose widths are known, so that a row can be printed as soon as it is there. */
final class Table {

  private final PrintWriter out;
  private final int[] widths;

  /**
   * @param widths the width of each column but the last, which has none
   */
  Table(PrintWriter out, int... widths) {
    this.out = out;
    this.widths = widths.clone();
  }

  void print(List<String> row) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      String cell = Shown.text(row.get(i));
      line.append(cell);
      if (i < widths.length) {
        line.append(" ".repeat(Math.max(0, widths[i] - cell.length()) + 2));
      }
    }
    out.println(line.toString().stripTrailing());
  }
}
