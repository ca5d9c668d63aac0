// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

/** The engine's ids in paths: what is none has the engine's 404 and never reaches it. */
public final class Ids {

  public static final String UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

  private Ids() {}

  /** An id; empty for what is none. */
  public static java.util.Optional<java.util.UUID> uuid(String id) {
    try {
      return java.util.Optional.of(java.util.UUID.fromString(id));
    } catch (IllegalArgumentException e) {
      return java.util.Optional.empty();
    }
  }
}
