// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.util.List;
import org.ovirt.isolatedports.policy.finding.Finding;

/** Input that is refused; the message is for the user, and complete. */
final class RefusedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient List<Finding> findings;

  RefusedException(String message) {
    super(message);
    this.findings = List.of();
  }

  /** Files with errors. */
  RefusedException(List<Finding> findings) {
    super(Findings.text(findings));
    this.findings = findings;
  }

  /** What is wrong, for JSON. */
  Object json() {
    return findings.isEmpty() ? Findings.json(getMessage()) : Findings.json(findings);
  }
}
