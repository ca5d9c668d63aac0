// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

/** The engine could not be asked, or what it said cannot be used. */
public class EngineException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why there is no answer to work with. */
  public enum Kind {
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

  public EngineException(Kind kind, String message) {
    this(kind, 0, message);
  }

  /**
   * A failure with the status the engine gave.
   *
   * @param engineStatus the engine's HTTP status; 0 where there was no answer
   */
  public EngineException(Kind kind, int engineStatus, String message) {
    super(message);
    this.kind = kind;
    this.engineStatus = engineStatus;
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

  public Kind kind() {
    return kind;
  }

  /** The engine's HTTP status; 0 where there was no answer. */
  public int engineStatus() {
    return engineStatus;
  }
}
