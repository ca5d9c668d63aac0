// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

/** Whether a frame arrives; from the most closed to the most open. */
public enum Verdict {
  /** It is certain that it does not. */
  DROPPED("is dropped", "no"),
  /** It depends on an address that is not known, or on whether the two speak a family at all. */
  UNKNOWN("is unknown", "unknown"),
  /** It is certain that it does. */
  PASSES("passes", "yes");

  private final String sentence;
  private final String cell;

  Verdict(String sentence, String cell) {
    this.sentence = sentence;
    this.cell = cell;
  }

  /** How open it is: 0, 1 or 2. */
  int openness() {
    return this == DROPPED ? 0 : this == UNKNOWN ? 1 : 2;
  }

  /** The end of a sentence about a frame. */
  public String sentence() {
    return sentence;
  }

  /** The word in a table. */
  public String cell() {
    return cell;
  }
}
