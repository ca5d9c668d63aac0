// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** A short name made of longer ones; not unique, so whoever uses it looks for clashes. */
final class CRC32Name {

  private final CRC32 sum = new CRC32();

  void add(String text) {
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    sum.update(0);
  }

  String hex() {
    return String.format("%08x", sum.getValue());
  }
}
