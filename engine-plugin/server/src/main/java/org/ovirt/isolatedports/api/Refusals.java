// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.api;

import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.fault.FaultException;

/** The engine's refusals of requests of ours, which are the caller's answer. */
final class Refusals {

  private Refusals() {}

  /** The fault as the engine gave it. */
  static FaultException passedOn(EngineException refusal) {
    return new FaultException(refusal.engineStatus(), "Operation Failed", refusal.getMessage());
  }
}
