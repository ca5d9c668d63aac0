// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.validation;

import java.util.Map;

/**
 * The message keys of our rules. Where the engine has the rule, key and wording are the engine's
 * ({@code AppErrors.properties} of ovirt-engine 4.5.8), so that an administrator meets one
 * language.
 */
public enum ValidationMessage {
  NON_VM_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION(
      "Port isolation can only be enabled on VM Networks."),
  EXTERNAL_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION(
      "Port isolation cannot be enabled on External Networks."),
  ACTION_TYPE_FAILED_NETWORK_PORT_ISOLATION_CANNOT_BE_CHANGED(
      "Port isolation option cannot be updated after Network is defined."),
  ACTION_TYPE_FAILED_PORT_ISOLATION_UNSUPPORTED_CLUSTER_LEVEL(
      "Port isolation requires cluster compatibility level ${minimum} or higher."),
  ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE(
      "Port isolation requires Cluster Switch Type Linux Bridge.");

  private final String template;

  ValidationMessage(String template) {
    this.template = template;
  }

  /**
   * The message as a sentence.
   *
   * @param variables values by name; a place without a value stays as it is, so that it is seen
   */
  public String text(Map<String, String> variables) {
    String text = template;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      text = text.replace("${" + variable.getKey() + "}", variable.getValue());
    }
    return text;
  }
}
