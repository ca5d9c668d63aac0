// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What was there before the set-up changed it, on disk: written before each change, so that a
 * set-up that was cut off can be undone too.
 */
public final class SetupRecord implements AutoCloseable {

  private final Path file;
  private final Path lockFile;
  private final FileChannel lock;
  private final Properties entries = new Properties();

  /**
   * Opens the record, which is then closed to others: of two set-ups at once, each would forget
   * what the other found.
   *
   * @throws SetupException if another has it open, or it is damaged
   */
  public SetupRecord(Path file) {
    this.file = file.toAbsolutePath();
    this.lockFile = this.file.resolveSibling(this.file.getFileName() + ".lock");
    this.lock = lock();
    try {
      load();
    } catch (SetupException e) {
      close();
      throw e;
    }
  }

  private FileChannel lock() {
    try {
      Files.createDirectories(lockFile.getParent());
      FileChannel channel =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (isLocked(channel)) {
        return channel;
      }
      channel.close();
    } catch (IOException e) {
      throw new SetupException(
          "The record of the set-up " + file + " cannot be locked: " + e.getMessage());
    }
    throw new SetupException(
        "Another isolated-ports-setup is at work on "
            + file
            + ": wait until it has ended, and run this again.");
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private void load() {
    if (!Files.exists(file)) {
      return;
    }
    try (Reader in = Files.newBufferedReader(file)) {
      entries.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw damaged(e.getMessage());
    }
    if (entries.isEmpty()) {
      // An empty record is removed, so this one has lost what it held.
      throw damaged("it is empty");
    }
  }

  private SetupException damaged(String why) {
    return new SetupException(
        "The record of the set-up "
            + file
            + " cannot be read ("
            + why
            + "): put it back from a backup. Without one, give the clusters their scheduling"
            + " policies back yourself, remove the policies whose name ends in -isolated-ports, set"
            + " the engine's options with engine-config, and remove the file.");
  }

  /**
   * Lets others have the record. The file of the lock stays: somebody may have opened it to wait,
   * who would then hold a lock on a file that is gone while a third one makes it anew.
   */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new SetupException("The lock " + lockFile + " stays: " + e.getMessage() + ".");
    }
  }

  Optional<String> get(String key) {
    return Optional.ofNullable(entries.getProperty(key));
  }

  /** Keeps values in place of those kept under the same keys before: all or none. */
  void keep(Map<String, String> values) {
    entries.putAll(values);
    save();
  }

  /** Removes entries: all or none. */
  void remove(String... keys) {
    for (String key : keys) {
      entries.remove(key);
    }
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
      Path next = file.resolveSibling(file.getFileName() + ".new");
      // SYNC: after a power failure, too, it is the old record or the new one.
      Files.write(
          next,
          text.toString().getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE,
          StandardOpenOption.SYNC);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new SetupException(
          "The record of the set-up " + file + " cannot be written: " + e.getMessage());
    }
  }
}
