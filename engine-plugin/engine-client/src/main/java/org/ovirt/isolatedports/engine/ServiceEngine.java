// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;

/**
 * The engine's REST API as the service account sees it, for what is read again and again: JSON,
 * which is a third of the work of XML, and only the fields asked for.
 *
 * <p>Every method throws {@link EngineException} if the engine gives no usable answer.
 */
public class ServiceEngine implements JsonReader {

  private final JsonEngine engine;
  private final ServiceAccount account;

  public ServiceEngine(EngineHttpClient http, ServiceAccount account) {
    this.engine = new JsonEngine(http);
    this.account = account;
  }

  @Override
  public ApiBody read(String path) {
    return account.call(token -> engine.read(token, path));
  }

  @Override
  public Optional<ApiBody> find(String path) {
    return account.call(token -> engine.find(token, path));
  }

  /** Adds an entity to a collection. */
  public ApiBody add(String path, String json) {
    return account.call(token -> engine.add(token, path, json));
  }

  /** Changes an entity. */
  public ApiBody update(String path, String json) {
    return account.call(token -> engine.update(token, path, json));
  }
}
