// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import java.util.Map;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Something that stands against moving VMs to an isolated twin.
 *
 * @param rule its message key
 * @param blocking whether no twin can be prepared; else some vNICs stay, or there is something to
 *     do
 * @param text what it is and what to do, in sentences
 */
public record Obstacle(ValidationMessage rule, boolean blocking, String text) {

  static Obstacle blocking(ValidationMessage rule, Map<String, String> variables) {
    return new Obstacle(rule, true, rule.text(variables));
  }

  static Obstacle partial(ValidationMessage rule, Map<String, String> variables) {
    return new Obstacle(rule, false, rule.text(variables));
  }
}
