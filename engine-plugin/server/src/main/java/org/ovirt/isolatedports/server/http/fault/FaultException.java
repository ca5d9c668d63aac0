// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import java.time.Duration;
import java.util.Optional;
import org.ovirt.isolatedports.validation.ValidationResult;

/** What a REST caller is told instead of an answer, in the form of the engine's faults. */
public class FaultException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final String OPERATION_FAILED = "Operation Failed";

  private final int status;
  private final String reason;
  private final transient Optional<Duration> retryAfter;

  /**
   * A fault.
   *
   * @param status the HTTP status
   * @param reason what kind of failure it is, such as {@code Operation Failed}
   * @param detail what is wrong and what to do; sentences
   */
  public FaultException(int status, String reason, String detail) {
    this(status, reason, detail, Optional.empty());
  }

  private FaultException(int status, String reason, String detail, Optional<Duration> retryAfter) {
    super(detail);
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** A failed operation, its detail in brackets as the engine writes it. */
  public static FaultException operationFailed(int status, String detail) {
    return new FaultException(status, OPERATION_FAILED, "[" + detail + "]");
  }

  /** A failed operation that may succeed after a while, of which {@code Retry-After} tells. */
  public static FaultException notNow(int status, String detail, Duration retryAfter) {
    return new FaultException(
        status, OPERATION_FAILED, "[" + detail + "]", Optional.of(retryAfter));
  }

  /**
   * Throws the fault of a broken rule.
   *
   * @param status the status the engine answers for this rule
   * @param action what cannot be done, such as {@code Cannot add Network}
   */
  public static void throwIfInvalid(ValidationResult result, int status, String action) {
    result
        .violation()
        .ifPresent(
            violation -> {
              throw operationFailed(status, action + ". " + violation.text());
            });
  }

  public int status() {
    return status;
  }

  public String reason() {
    return reason;
  }

  /** How long to wait before another try; empty where waiting does not help. */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
