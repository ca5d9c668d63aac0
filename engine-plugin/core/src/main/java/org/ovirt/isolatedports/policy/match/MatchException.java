// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

/** A match that is not an expression of OVN's language; the message is OVN's own. */
public final class MatchException extends Exception {

  private static final long serialVersionUID = 1L;

  private final int column;

  /**
   * @param message OVN's wording
   * @param column where in the match the trouble starts, in characters from 1
   */
  public MatchException(String message, int column) {
    super(message);
    this.column = column;
  }

  public int column() {
    return column;
  }
}
