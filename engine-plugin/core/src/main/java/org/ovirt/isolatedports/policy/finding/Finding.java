// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.finding;

/**
 * Something an administrator should know about a policy or inventory.
 *
 * @param severity whether it stops the policy from being accepted
 * @param location where it was written
 * @param message complete sentences: what is wrong and what to write
 * @param kind what findings that are alike have in common; empty if it stands for itself
 */
public record Finding(Severity severity, SourceLocation location, String message, String kind) {

  /** How bad it is. */
  public enum Severity {
    /** The input is refused, and what its author meant cannot be told. */
    ERROR,
    /**
     * The input is refused too, but only an item of a list is wrong, and it was read as what lets
     * the least through: an allowed peer that cannot be read allows nobody. What is said about the
     * rest can only err on the closed side.
     */
    CLOSED,
    /** The input is accepted, but does not do all that its author may think. */
    WARNING
  }

  public static Finding error(SourceLocation location, String message) {
    return new Finding(Severity.ERROR, location, message, "");
  }

  public static Finding warning(SourceLocation location, String message) {
    return new Finding(Severity.WARNING, location, message, "");
  }

  /** The same finding as one of a kind, of which a report may show one for all. */
  public Finding ofKind(String kind) {
    return new Finding(severity, location, message, kind);
  }

  /** An error of an item that was read as what lets the least through. */
  public Finding readClosed() {
    return severity == Severity.ERROR
        ? new Finding(Severity.CLOSED, location, message, kind)
        : this;
  }

  /** Whether the input is refused. */
  public boolean isError() {
    return severity != Severity.WARNING;
  }

  /** Whether nothing can be said about the input at all. */
  public boolean isFatal() {
    return severity == Severity.ERROR;
  }
}
