// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.inventory;

/** Threads that keep nobody from ending. */
public final class DaemonThreads {

  private DaemonThreads() {}

  public static Thread named(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
