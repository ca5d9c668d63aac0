// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.acl;

import java.util.Arrays;
import java.util.Optional;

/** What an ACL does with a frame it matches (ovn-nb(5), ACL, "action"). */
public enum AclAction {
  ALLOW("allow"),
  ALLOW_RELATED("allow-related"),
  ALLOW_STATELESS("allow-stateless"),
  DROP("drop"),
  REJECT("reject");

  private final String ovnName;

  AclAction(String ovnName) {
    this.ovnName = ovnName;
  }

  public String ovnName() {
    return ovnName;
  }

  public boolean allows() {
    return this != DROP && this != REJECT;
  }

  static Optional<AclAction> parse(String text) {
    return Arrays.stream(values()).filter(action -> action.ovnName.equals(text)).findFirst();
  }
}
