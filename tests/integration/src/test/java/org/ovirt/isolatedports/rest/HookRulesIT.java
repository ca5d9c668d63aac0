// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

/** The rules with an engine that does not know the attribute. */
class HookRulesIT extends RulesTest {

  HookRulesIT() {
    super(false);
  }
}
