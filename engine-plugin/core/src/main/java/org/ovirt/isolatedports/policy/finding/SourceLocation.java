// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.finding;

/**
 * Where something was written.
 *
 * @param file the file's name as the caller gave it
 * @param line line, from 1
 * @param column column in characters, from 1
 */
public record SourceLocation(String file, int line, int column) {

  /** The form a verdict cites: {@code file:line}. */
  public String fileAndLine() {
    return file + ":" + line;
  }

  @Override
  public String toString() {
    return file + ":" + line + ":" + column;
  }
}
