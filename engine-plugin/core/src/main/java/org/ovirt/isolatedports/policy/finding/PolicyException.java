// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.finding;

/** An input that cannot be read at all; what is wrong with it is the finding it carries. */
public final class PolicyException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient Finding finding;

  public PolicyException(SourceLocation location, String message) {
    super(location + ": " + message);
    this.finding = Finding.error(location, message);
  }

  public Finding finding() {
    return finding;
  }
}
