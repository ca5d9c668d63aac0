// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.finding;

import java.util.function.Consumer;

/** Passes findings on, and remembers whether there was an error among them. */
public final class ErrorWatch implements Consumer<Finding> {

  private final Consumer<Finding> findings;
  private boolean sawError;

  public ErrorWatch(Consumer<Finding> findings) {
    this.findings = findings;
  }

  @Override
  public void accept(Finding finding) {
    sawError |= finding.isError();
    findings.accept(finding);
  }

  public boolean sawError() {
    return sawError;
  }
}
