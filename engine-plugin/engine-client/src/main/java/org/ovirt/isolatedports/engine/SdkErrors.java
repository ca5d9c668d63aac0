// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The SDK wraps what its HTTP client throws in its own {@code Error}; this takes it out again. */
public final class SdkErrors {

  private static final Logger LOG = Logger.getLogger(SdkErrors.class.getName());

  private SdkErrors() {}

  /**
   * Runs a call of the SDK.
   *
   * @throws EngineException for whatever the engine or its answer did wrong
   */
  public static <T> T unwrap(Supplier<T> call) {
    try {
      return call.get();
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof EngineException engineException) {
          throw engineException;
        }
      }
      // The SDK's readers throw what they happen to stumble upon.
      LOG.log(Level.WARNING, "The SDK cannot read an answer of the engine: {0}", e.toString());
      throw new EngineException(
          EngineException.Kind.GARBAGE, "The oVirt engine's answer cannot be read as API v4.");
    }
  }
}
