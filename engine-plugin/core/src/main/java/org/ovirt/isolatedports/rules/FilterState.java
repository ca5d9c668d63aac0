// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

/** What the engine made of our scheduling filter. */
public enum FilterState {
  /** Not read yet. */
  UNKNOWN,
  /** The engine never heard of it. */
  ABSENT,
  /** The engine heard of it once, and did not reach us at its last start. */
  DISABLED,
  /** The engine heard of it once, but no scheduling policy of a cluster has it: switched off. */
  SWITCHED_OFF,
  /** The engine calls it for the scheduling policies that use it. */
  ENABLED
}
