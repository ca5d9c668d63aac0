// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/** The lab could not do what it was asked to; the message says what, where and why. */
public class LabException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public LabException(String message) {
    super(message);
  }

  public LabException(String message, Throwable cause) {
    super(message, cause);
  }
}
