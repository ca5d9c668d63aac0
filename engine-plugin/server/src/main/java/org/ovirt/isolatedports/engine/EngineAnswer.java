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

  public boolean isSuccess() {
    return status >= 200 && status < 300;
  }
}
