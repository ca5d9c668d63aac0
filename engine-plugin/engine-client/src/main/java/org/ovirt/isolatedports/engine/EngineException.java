// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.time.Duration;
import java.util.Optional;

/** The engine could not be asked, or what it said cannot be used. */
public class EngineException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why there is no answer to work with. */
  public enum Kind {
    /** Nothing was sent, as the engine is left alone for now: there is no outcome to doubt. */
    NOT_ASKED(503),
    /** No connection, or it broke. */
    UNREACHABLE(503),
    /** No answer within the limit. */
    TIMEOUT(504),
    /** An answer that is not what API v4 answers. */
    GARBAGE(502),
    /** The engine answered with a fault of its own. */
    REFUSED(502);

    private final int httpStatus;

    Kind(int httpStatus) {
      this.httpStatus = httpStatus;
    }

    /** The status that tells our own caller so. */
    public int httpStatus() {
      return httpStatus;
    }
  }

  private final Kind kind;
  private final int engineStatus;
  private final transient Optional<Duration> retryAfter;

  public EngineException(Kind kind, String message) {
    this(kind, 0, message);
  }

  /**
   * A failure with the status the engine gave.
   *
   * @param engineStatus the engine's HTTP status; 0 where there was no answer
   */
  public EngineException(Kind kind, int engineStatus, String message) {
    this(kind, engineStatus, message, Optional.empty());
  }

  private EngineException(
      Kind kind, int engineStatus, String message, Optional<Duration> retryAfter) {
    super(message);
    this.kind = kind;
    this.engineStatus = engineStatus;
    this.retryAfter = retryAfter;
  }

  /**
   * A request that was not sent.
   *
   * @param retryAfter when it may be worth another try
   */
  static EngineException notAsked(String message, Duration retryAfter) {
    return new EngineException(Kind.NOT_ASKED, 0, message, Optional.of(retryAfter));
  }

  /** The failure that a status from 500 on tells of. */
  public static EngineException failed(int engineStatus) {
    Kind kind =
        switch (engineStatus) {
          case 503 -> Kind.UNREACHABLE;
          case 504 -> Kind.TIMEOUT;
          default -> Kind.GARBAGE;
        };
    return new EngineException(
        kind, engineStatus, "The oVirt engine failed with status " + engineStatus + ".");
  }

  /** When to try again; empty where that is not known. */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }

  public Kind kind() {
    return kind;
  }

  /** The engine's HTTP status; 0 where there was no answer. */
  public int engineStatus() {
    return engineStatus;
  }
}
