// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.acl;

import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.match.Expression;

/**
 * One rule of a subnet.
 *
 * @param fromLport whether it looks at frames entering the bridge ({@code from-lport}) rather than
 *     leaving it ({@code to-lport})
 * @param priority 0 to 32767; the highest that matches decides
 * @param match what it matches, as written
 * @param expression the match, read
 * @param action what happens to a frame it matches
 * @param location where it was written
 */
public record Acl(
    boolean fromLport,
    int priority,
    String match,
    Expression expression,
    AclAction action,
    SourceLocation location) {

  public String direction() {
    return fromLport ? "from-lport" : "to-lport";
  }

  /** The rule in short, for messages: {@code from-lport 1005 drop "ip4.src == 10.0.0.2"}. */
  public String shown() {
    return direction() + " " + priority + " " + action.ovnName() + " \"" + match + "\"";
  }
}
