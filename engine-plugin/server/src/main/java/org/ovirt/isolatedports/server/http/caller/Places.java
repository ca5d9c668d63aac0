// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import java.util.HashMap;
import java.util.Map;

/** Places for what is done at the same time, some of which one client address may hold. */
final class Places {

  private final int all;
  private final int ofOne;
  private final Map<String, Integer> byAddress = new HashMap<>();
  private int taken;

  /**
   * Places.
   *
   * @param all how many there are
   * @param ofOne how many of them one address may hold
   */
  Places(int all, int ofOne) {
    this.all = all;
    this.ofOne = ofOne;
  }

  /** Takes a place, if there is one for the address. */
  synchronized boolean take(String address) {
    int held = byAddress.getOrDefault(address, 0);
    if (taken >= all || held >= ofOne) {
      return false;
    }
    taken++;
    byAddress.put(address, held + 1);
    return true;
  }

  /** Gives a place back that was taken. */
  synchronized void giveBack(String address) {
    taken--;
    byAddress.computeIfPresent(address, (key, held) -> held > 1 ? held - 1 : null);
  }
}
