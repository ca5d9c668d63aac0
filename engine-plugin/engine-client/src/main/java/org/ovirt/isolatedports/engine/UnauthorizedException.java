// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

/** The engine does not let the caller in; its own answer says so and is what the caller gets. */
public class UnauthorizedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient EngineAnswer answer;

  public UnauthorizedException(EngineAnswer answer) {
    super("The oVirt engine refused the token with status " + answer.status() + ".");
    this.answer = answer;
  }

  public EngineAnswer answer() {
    return answer;
  }
}
