// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

/**
 * Something an administrator should know about a policy or inventory.
 *
 * @param severity whether it stops the policy from being accepted
 * @param location where it was written
 * @param message complete sentences: what is wrong and what to write
 */
public record Finding(Severity severity, SourceLocation location, String message) {

  /** How bad it is. */
  public enum Severity {
    /** The input is refused. */
    ERROR,
    /** The input is accepted, but does not do all that its author may think. */
    WARNING
  }

  public static Finding error(SourceLocation location, String message) {
    return new Finding(Severity.ERROR, location, message);
  }

  public static Finding warning(SourceLocation location, String message) {
    return new Finding(Severity.WARNING, location, message);
  }

  public boolean isError() {
    return severity == Severity.ERROR;
  }
}
