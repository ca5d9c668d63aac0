// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Optional;

/**
 * What the engine answered, as it came.
 *
 * @param status the HTTP status
 * @param contentType the Content-Type, where there was one
 * @param location the Location, where there was one
 * @param challenge the WWW-Authenticate header, where there was one
 * @param body the body; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // bytes on their way, never compared
public record EngineAnswer(
    int status,
    Optional<String> contentType,
    Optional<String> location,
    Optional<String> challenge,
    byte[] body) {

  private static final int BAD_GATEWAY = 502;

  /** The same answer with another body. */
  public EngineAnswer withBody(byte[] other) {
    return new EngineAnswer(status, contentType, location, challenge, other);
  }

  public boolean isSuccess() {
    return status >= 200 && status < 300;
  }

  /**
   * Throws if it is not the engine that answers, but what stands before it.
   *
   * @throws EngineException that says how the engine failed
   */
  void requireFromEngine() {
    if (status >= BAD_GATEWAY) {
      throw EngineException.failed(status);
    }
  }
}
