// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** The engine's refusals of requests of ours, which are the caller's answer. */
public final class Refusals {

  private static final int SERVER_ERROR = 500;

  private Refusals() {}

  /** The fault as the engine gave it; what it could not do for a failure of its own is a 502. */
  public static FaultException passedOn(EngineException refusal) {
    return new FaultException(status(refusal), "Operation Failed", refusal.getMessage());
  }

  /** The status that tells our caller of it. */
  public static int status(EngineException refusal) {
    return refusal.engineStatus() < SERVER_ERROR
        ? refusal.engineStatus()
        : refusal.kind().httpStatus();
  }
}
