// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Documents recorded from a real engine. */
final class Recorded {

  private Recorded() {}

  static String document(String name) {
    try (InputStream content = Recorded.class.getResourceAsStream("recorded/" + name)) {
      return new String(content.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
