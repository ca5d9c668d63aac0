// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What was there before the set-up changed it, on disk: written before each change, so that a
 * set-up that was cut off can be undone too.
 */
final class SetupRecord {

  private final Path file;
  private final Properties entries = new Properties();

  SetupRecord(Path file) {
    this.file = file;
    if (Files.exists(file)) {
      try (Reader in = Files.newBufferedReader(file)) {
        entries.load(in);
      } catch (IOException | IllegalArgumentException e) {
        throw new SetupException(
            "The record of the set-up " + file + " cannot be read: " + e.getMessage());
      }
    }
  }

  Optional<String> get(String key) {
    return Optional.ofNullable(entries.getProperty(key));
  }

  /** Keeps a value, unless one was kept under the key before: the first one is what was there. */
  void keepFirst(String key, String value) {
    if (entries.putIfAbsent(key, value) == null) {
      save();
    }
  }

  void remove(String key) {
    entries.remove(key);
    save();
  }

  /** Entries whose key starts with a prefix, without it. */
  Map<String, String> under(String prefix) {
    Map<String, String> found = new TreeMap<>();
    for (String key : entries.stringPropertyNames()) {
      if (key.startsWith(prefix)) {
        found.put(key.substring(prefix.length()), entries.getProperty(key));
      }
    }
    return found;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Atomic: the old record or the new one, never half of one. */
  private void save() {
    try {
      if (entries.isEmpty()) {
        Files.deleteIfExists(file);
        return;
      }
      StringWriter text = new StringWriter();
      entries.store(text, "What isolated-ports-setup scheduler found, to be put back by off");
      Files.createDirectories(file.toAbsolutePath().getParent());
      Path next = file.resolveSibling(file.getFileName() + ".new");
      Files.write(next, text.toString().getBytes(StandardCharsets.UTF_8));
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new SetupException(
          "The record of the set-up " + file + " cannot be written: " + e.getMessage());
    }
  }
}
