// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

/** Keeps an {@link Inventory} fresh. */
public interface InventorySource {

  /** What is known now. Never waits. */
  Inventory current();

  /** Asks for networks and profiles to be read again soon, as one was met that is not known. */
  void refreshSoon();
}
