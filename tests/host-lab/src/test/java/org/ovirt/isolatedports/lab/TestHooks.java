// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes small hooks of VDSM, laid out as {@link LabHost#installHooks} takes them. */
record TestHooks(Path directory) {

  /** Isolates every vNIC that comes through; enough for documents of one vNIC. */
  static final String ISOLATE =
      "sed -i 's|</interface>|<port isolated=\"yes\"/></interface>|g' \"$_hook_domxml\"";

  TestHooks script(String event, String name, String body) {
    return file(event + "/" + name, body);
  }

  /** Writes an executable shell script at a path below the directory. */
  TestHooks file(String path, String body) {
    try {
      Path file = directory.resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "#!/bin/sh\n" + body + "\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
