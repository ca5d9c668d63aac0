// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

/**
 * How much of a call is taken in.
 *
 * @param bytes longest body
 * @param depth deepest nesting of values
 * @param items most values and members in one call
 */
public record XmlRpcLimits(int bytes, int depth, int items) {

  /** 1 MiB holds some 12,000 host ids; the engine nests three deep. */
  public static final XmlRpcLimits DEFAULT = new XmlRpcLimits(1 << 20, 8, 20_000);
}
