// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;

/** Reading the engine's REST API in JSON, as one account. */
public interface JsonReader {

  /**
   * Reads an entity or a list.
   *
   * @param path below {@code /ovirt-engine/api}, such as {@code /networks}
   * @throws EngineException if the engine gives no usable answer
   */
  ApiBody read(String path);

  /** Reads an entity; empty if the engine shows the account none. */
  Optional<ApiBody> find(String path);
}
