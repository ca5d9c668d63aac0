// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The engine's own word on whether it is up: {@code /ovirt-engine/services/health}, which needs no
 * login, reads one row of its database, and is the one thing to ask of an engine in trouble.
 *
 * <p>It waits for minutes: an engine that starts keeps the request and answers it once it is up,
 * while giving up and asking again would leave another one in its queue.
 */
final class EngineHealth implements AutoCloseable {

  /** Longer than engines were seen to take for their start; a connection that dies ends sooner. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final String UP = "DB Up!";

  private final EngineHttpClient http;

  private EngineHealth(EngineHttpClient http) {
    this.http = http;
  }

  static EngineHealth of(EngineSettings settings) {
    return new EngineHealth(new EngineHttpClient(settings, PATIENCE));
  }

  /** Whether the engine says that it and its database are up. */
  boolean saysYes() {
    try {
      EngineAnswer answer = http.health();
      return answer.status() == 200
          && new String(answer.body(), StandardCharsets.UTF_8).startsWith(UP);
    } catch (EngineException e) {
      return false;
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
