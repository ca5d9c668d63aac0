// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.Optional;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;

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

  private static final int NOT_FOUND = 404;
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
    if (status == NOT_FOUND && !isDenial()) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          "What answers at the oVirt engine's address does not know its API: it answered with"
              + " status 404 and a page. Check isolated-ports.engine.url and the proxy in between.");
    }
  }

  /**
   * Whether a 404 says that the engine shows no such entity: it says so without a body, or with a
   * fault of API v4. A page is from something in between, or from an engine that does not serve
   * such a path at all: neither says anything of the entity.
   */
  private boolean isDenial() {
    if (body.length == 0) {
      return contentType.filter(type -> type.startsWith("text/html")).isEmpty();
    }
    return contentType.filter(this::isFault).isPresent();
  }

  private boolean isFault(String type) {
    BodyFormat format =
        type.startsWith(BodyFormat.JSON.mediaType()) ? BodyFormat.JSON : BodyFormat.XML;
    if (!type.startsWith(format.mediaType())) {
      return false;
    }
    try {
      return format.read(body, "fault").text("reason").isPresent();
    } catch (MalformedBodyException e) {
      return false;
    }
  }
}
