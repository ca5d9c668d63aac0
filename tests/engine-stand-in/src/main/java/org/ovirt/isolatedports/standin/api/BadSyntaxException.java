// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

/** A request body that is not what its Content-Type says. */
public final class BadSyntaxException extends Exception {
  BadSyntaxException(String message) {
    super(message);
  }

  BadSyntaxException(Throwable cause) {
    super(cause);
  }
}
