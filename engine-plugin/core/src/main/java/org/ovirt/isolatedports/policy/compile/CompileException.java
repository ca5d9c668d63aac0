// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

/** Rules that a host cannot enforce; the message names host, network, rule and cure. */
public final class CompileException extends Exception {

  private static final long serialVersionUID = 1L;

  public CompileException(String message) {
    super(message);
  }
}
