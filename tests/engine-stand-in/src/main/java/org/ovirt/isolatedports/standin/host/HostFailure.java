// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.host;

/** A host that could not do what the engine asked; the message is for the engine's event log. */
public class HostFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** A failure with the sentence VDSM would report. */
  public HostFailure(String message) {
    super(message);
  }

  /** The same, with what lies behind it for whoever debugs. */
  public HostFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
