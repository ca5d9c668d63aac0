// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/**
 * A VDSM hook refused what was asked, as {@code vdsm.common.exception.HookError} does.
 *
 * <p>{@link #getMessage()} is what VDSM reports to the engine: the standard error of one script,
 * see {@link HookRunner}.
 */
public final class HookRefused extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String event;

  public HookRefused(String event, String message) {
    super(message);
    this.event = event;
  }

  /** The hook point, for example {@code before_vm_start}. */
  public String event() {
    return event;
  }
}
