// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.function.Supplier;

/** The SDK wraps what its HTTP client throws in its own {@code Error}; this takes it out again. */
public final class SdkErrors {

  private SdkErrors() {}

  /**
   * Runs a call of the SDK.
   *
   * @throws EngineException for whatever the engine or its answer did wrong
   */
  public static <T> T unwrap(Supplier<T> call) {
    try {
      return call.get();
    } catch (org.ovirt.engine.sdk4.Error e) {
      for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
        if (cause instanceof EngineException engineException) {
          throw engineException;
        }
      }
      throw new EngineException(
          EngineException.Kind.GARBAGE, "The oVirt engine's answer cannot be read as API v4.");
    } catch (org.ovirt.api.metamodel.runtime.xml.XmlException e) {
      throw new EngineException(
          EngineException.Kind.GARBAGE, "The oVirt engine's answer cannot be read as API v4.");
    }
  }
}
