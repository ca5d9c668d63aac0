// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

/**
 * What the engine says of something that is so or not. It may also leave it out, or say it in a
 * word that is not known; what that means is decided in {@code rules.UnknownIsUnsafe}.
 */
public enum Stated {
  YES,
  NO,
  UNKNOWN;

  /** A fact that is known. */
  public static Stated of(boolean fact) {
    return fact ? YES : NO;
  }
}
