// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

import java.util.Optional;

/**
 * A line for the engine's event log.
 *
 * @param severity how bad it is
 * @param text complete sentences
 * @param vmId the VM to link it to; empty for none
 */
public record EngineEvent(Severity severity, String text, Optional<String> vmId) {

  /** The engine's severities, of those we use. */
  public enum Severity {
    NORMAL,
    WARNING,
    ERROR
  }
}
