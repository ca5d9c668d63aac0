// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One request to the engine's REST API.
 *
 * @param method the HTTP method
 * @param path the path below {@code /ovirt-engine/api}, with its query, such as {@code
 *     /networks?max=2}
 * @param headers headers to send along
 * @param body the body; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // bytes on their way, never compared
public record EngineRequest(String method, String path, Map<String, String> headers, byte[] body) {

  private static final byte[] NO_BODY = {};

  public EngineRequest {
    headers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(headers));
  }

  /** A GET with a bearer token. */
  public static EngineRequest get(String path, String token, String accept) {
    return new EngineRequest(
        "GET", path, Map.of("Authorization", "Bearer " + token, "Accept", accept), NO_BODY);
  }
}
