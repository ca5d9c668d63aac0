// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.List;

/**
 * Who reaches whom on one network, observed by pings between all ordered pairs, the gateway
 * included.
 *
 * @param network the network's name
 * @param rows one for each ordered pair
 */
public record Reachability(String network, List<Row> rows) {

  /** What the gateway is called in a row. */
  public static final String GATEWAY = "gateway";

  public Reachability {
    rows = List.copyOf(rows);
  }

  /**
   * One ordered pair.
   *
   * @param from the station that asked
   * @param to the station that was asked
   * @param reached whether an answer came back
   * @param framesSeen frames of any kind from {@code from} that {@code to} itself saw meanwhile
   */
  public record Row(String from, String to, boolean reached, long framesSeen) {}

  /** The row of an ordered pair. */
  public Row row(String from, String to) {
    return rows.stream()
        .filter(row -> row.from().equals(from) && row.to().equals(to))
        .findFirst()
        .orElseThrow(
            () ->
                new LabException(
                    "Nobody asked '%s' from '%s' on network '%s'.".formatted(to, from, network)));
  }
}
