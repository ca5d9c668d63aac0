// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

/** A step of the set-up that is refused or failed; the message says what to do. */
public class SetupException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public SetupException(String message) {
    super(message);
  }
}
