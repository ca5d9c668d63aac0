// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

/** A body that is not what it says it is; the message says what is wrong with it. */
public class MalformedBodyException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String reason;

  /** A body that cannot be read. */
  public MalformedBodyException(String message) {
    this("Request syntactically incorrect.", message);
  }

  /** A body that can be read but holds a value that cannot be. */
  public MalformedBodyException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** The reason of the fault, as the engine words it. */
  public String reason() {
    return reason;
  }
}
