// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.fault;

import org.ovirt.isolatedports.validation.ValidationResult;

/** What a REST caller is told instead of an answer, in the form of the engine's faults. */
public class FaultException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final String OPERATION_FAILED = "Operation Failed";

  private final int status;
  private final String reason;

  /**
   * A fault.
   *
   * @param status the HTTP status
   * @param reason what kind of failure it is, such as {@code Operation Failed}
   * @param detail what is wrong and what to do; sentences
   */
  public FaultException(int status, String reason, String detail) {
    super(detail);
    this.status = status;
    this.reason = reason;
  }

  /** A failed operation, its detail in brackets as the engine writes it. */
  public static FaultException operationFailed(int status, String detail) {
    return new FaultException(status, OPERATION_FAILED, "[" + detail + "]");
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
}
