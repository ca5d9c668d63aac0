// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.List;
import java.util.Set;
import org.ovirt.isolatedports.rules.GuardViolation;

/**
 * Another part of the server that knows of violations, such as a network opened in an emergency.
 * Every bean of this type is asked at each pass of the guard.
 */
public interface ViolationSource {

  /** What is wrong now. Reads memory or the database, not the engine. */
  List<GuardViolation> current();

  /**
   * Ids of networks that are meant to lack the property on their profiles now: they are not brought
   * in line, and that they lack it is no violation of its own.
   */
  default Set<String> leftOpen() {
    return Set.of();
  }
}
