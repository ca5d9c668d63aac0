// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.ovirt.isolatedports.standin.api.JsonFormat;
import org.ovirt.isolatedports.standin.api.Tree;

/**
 * What an engine says of a cluster, host or VM beyond what the stand-in knows of it: members that
 * were the same in every recording, kept as JSON resources beside this class.
 */
final class Shapes {
  private Shapes() {}

  static Tree load(String name) {
    try (InputStream in = Shapes.class.getResourceAsStream(name + ".json")) {
      if (in == null) {
        throw new IllegalStateException("The shape " + name + " is missing from the jar.");
      }
      return JsonFormat.readOwn(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
