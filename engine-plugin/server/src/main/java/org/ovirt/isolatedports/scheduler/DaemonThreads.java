// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduler;

/** Threads that keep nobody from ending. */
final class DaemonThreads {

  private DaemonThreads() {}

  static Thread named(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
