// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.guard;

import java.util.List;

/**
 * Another part of the server that knows of violations, such as a network opened in an emergency.
 * Every bean of this type is asked at each pass of the guard.
 */
public interface ViolationSource {

  /** What is wrong now. Reads memory or the database, not the engine. */
  List<GuardViolation> current();
}
