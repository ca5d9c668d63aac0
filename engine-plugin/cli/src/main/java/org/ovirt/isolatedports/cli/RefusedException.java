// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

/** Input that is refused; the message is for the user, and complete. */
final class RefusedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  RefusedException(String message) {
    super(message);
  }
}
