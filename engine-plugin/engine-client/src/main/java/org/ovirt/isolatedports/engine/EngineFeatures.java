// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;

/**
 * Whether this engine knows the attribute {@code port_isolation}: engines do from 4.4.3 on.
 *
 * <p>The version is read with the token of whoever asks first, and again after ten seconds, so that
 * an upgrade of the engine is noticed without a restart of ours.
 */
public class EngineFeatures {

  private static final Duration MAX_AGE = Duration.ofSeconds(10);
  private static final int[] FIRST_WITH_ATTRIBUTE = {4, 4, 3};

  private record Known(boolean portIsolation, Instant readAt) {}

  private final EngineHttpClient http;
  private final AtomicReference<Optional<Known>> known = new AtomicReference<>(Optional.empty());

  public EngineFeatures(EngineHttpClient http) {
    this.http = http;
  }

  /**
   * Whether the engine knows the attribute.
   *
   * @param token the token to ask with
   * @throws EngineException if the engine does not say its version
   */
  public boolean knowsPortIsolation(String token) {
    Optional<Known> last = known.get();
    if (last.isPresent() && last.get().readAt().plus(MAX_AGE).isAfter(Instant.now())) {
      return last.get().portIsolation();
    }
    boolean knows = read(token);
    known.set(Optional.of(new Known(knows, Instant.now())));
    return knows;
  }

  private boolean read(String token) {
    EngineAnswer answer = http.send(EngineRequest.get("", token, BodyFormat.XML.mediaType()));
    if (answer.status() == 401 || answer.status() == 403) {
      throw new UnauthorizedException(answer);
    }
    if (answer.isSuccess()) {
      try {
        Optional<ApiBody> version =
            BodyFormat.XML
                .read(answer.body(), "api")
                .child("product_info")
                .flatMap(info -> info.child("version"));
        if (version.isPresent()) {
          return isFrom(version.get());
        }
      } catch (MalformedBodyException e) {
        // Reported below with every other answer that holds no version.
      }
    }
    throw new EngineException(
        EngineException.Kind.GARBAGE,
        answer.status(),
        "The oVirt engine does not say its version (status " + answer.status() + ").");
  }

  /**
   * Compares the version. Development builds say revision 0 and the real one in {@code
   * full_version} and {@code build}, such as 4.5.8_master.
   */
  private static boolean isFrom(ApiBody version) {
    int[] parts = numbers(version.text("full_version").orElse(""));
    for (int i = 0; i < FIRST_WITH_ATTRIBUTE.length; i++) {
      if (parts[i] != FIRST_WITH_ATTRIBUTE[i]) {
        return parts[i] > FIRST_WITH_ATTRIBUTE[i];
      }
    }
    return true;
  }

  private static int[] numbers(String fullVersion) {
    int[] numbers = new int[FIRST_WITH_ATTRIBUTE.length];
    String[] parts = fullVersion.split("[^0-9]+", numbers.length + 1);
    for (int i = 0; i < numbers.length && i < parts.length; i++) {
      if (!parts[i].isEmpty() && parts[i].length() < 9) {
        numbers[i] = Integer.parseInt(parts[i]);
      }
    }
    return numbers;
  }
}
