// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import java.util.Locale;

/**
 * One entity that can be changed.
 *
 * @param kind what it is
 * @param path where it is, below {@code /api}, such as {@code /vms/1/nics/2}
 * @param id what tells it from others of its kind
 */
public record EntityRef(Kind kind, String path, String id) {

  public static EntityRef of(Kind kind, String path, String... ids) {
    return new EntityRef(kind, path, String.join("/", ids).toLowerCase(Locale.ROOT));
  }

  /** Its name in our store and among the locks. */
  public String key() {
    return kind.name().toLowerCase(Locale.ROOT) + ":" + id;
  }
}
