// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

/** The rules with an engine that knows the attribute. */
class NativeRulesIT extends RulesTest {

  NativeRulesIT() {
    super(true);
  }
}
