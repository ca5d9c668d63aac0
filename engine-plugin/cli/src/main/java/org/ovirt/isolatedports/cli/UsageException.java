// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

/** A mistake in the command line; the message is for the user, and complete. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
