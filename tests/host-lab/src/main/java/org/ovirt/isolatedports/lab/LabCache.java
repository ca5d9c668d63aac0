// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/**
 * What labs share and keep between runs: the native agent, the guests' kernel and initramfs, and
 * whether KVM works. Files are made under a lock and appear complete; their names carry the
 * checksum of what they were made from.
 */
final class LabCache {

  private static final List<String> SCRIPTS =
      List.of(
          "agent.c",
          "halt.S",
          "guest-init.sh",
          "dhcp-event.sh",
          "make-guest-image.sh",
          "host-setup.sh");

  private static final Duration TRIAL_BOOT = Duration.ofSeconds(8);

  private final Path directory;
  private final Path resources;

  private LabCache(Path directory, Path resources) {
    this.directory = directory;
    this.resources = resources;
  }

  /** Opens the cache, makes its resources and compiles the agent where that was not done yet. */
  static LabCache open(Path directory) {
    try {
      Path absolute = directory.toAbsolutePath();
      Files.createDirectories(absolute);
      Path resources = absolute.resolve("resources-" + checksum());
      LabCache cache = new LabCache(absolute, resources);
      cache.locked(
          () -> {
            if (!Files.exists(resources)) {
              Path fresh = Files.createTempDirectory(absolute, "resources");
              for (String script : SCRIPTS) {
                try (InputStream content = resource(script)) {
                  Files.copy(content, fresh.resolve(script));
                }
              }
              Command.output(
                  "gcc",
                  "-O2",
                  "-static",
                  "-pthread",
                  "-o",
                  fresh.resolve("agent").toString(),
                  fresh.resolve("agent.c").toString());
              Command.output(
                  "gcc",
                  "-m32",
                  "-nostdlib",
                  "-static",
                  "-Wl,--build-id=none,-N,-Ttext=0x100000",
                  "-o",
                  fresh.resolve("halt").toString(),
                  fresh.resolve("halt.S").toString());
              Command.output("chmod", "-R", "0755", fresh.toString());
              Files.move(fresh, resources, StandardCopyOption.ATOMIC_MOVE);
            }
          });
      return cache;
    } catch (IOException e) {
      throw new LabException("The lab's cache %s cannot be used.".formatted(directory), e);
    }
  }

  private static InputStream resource(String name) {
    InputStream content = LabCache.class.getResourceAsStream(name);
    if (content == null) {
      throw new IllegalStateException("The lab's jar has no " + name);
    }
    return content;
  }

  private static String checksum() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String script : SCRIPTS) {
        try (InputStream content = resource(script)) {
          digest.update(content.readAllBytes());
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  Path directory() {
    return directory;
  }

  Path agent() {
    return resources.resolve("agent");
  }

  /** The kernel of guests that have nothing to do. */
  Path halt() {
    return resources.resolve("halt");
  }

  Path script(String name) {
    return resources.resolve(name);
  }

  /** The directory of the guests' {@code vmlinuz} and {@code initramfs}, made when needed. */
  Path guestImage() {
    Path image = directory.resolve("guest-" + resources.getFileName().toString().substring(10));
    locked(
        () -> {
          if (!Files.exists(image)) {
            Command.output(
                "sh",
                script("make-guest-image.sh").toString(),
                resources.toString(),
                image.toString());
          }
        });
    return image;
  }

  /**
   * Whether a guest boots on KVM here. {@code /dev/kvm} proves nothing: on some machines it opens,
   * and stock kernels hang on it. Tried once per boot of this machine.
   */
  boolean kvmWorks() {
    if (!Files.isWritable(Path.of("/dev/kvm"))) {
      return false;
    }
    Path image = guestImage();
    try {
      Path verdict =
          directory.resolve(
              "kvm-" + Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
      locked(
          () -> {
            if (!Files.exists(verdict)) {
              Files.writeString(verdict, Boolean.toString(trialBoot(image)));
            }
          });
      return Boolean.parseBoolean(Files.readString(verdict));
    } catch (IOException e) {
      throw new LabException("The outcome of the trial boot on KVM cannot be kept.", e);
    }
  }

  private static boolean trialBoot(Path image) throws IOException {
    Path console = Files.createTempFile("lab-trial", ".console");
    Process qemu =
        new ProcessBuilder(
                "qemu-system-x86_64",
                "-M",
                "q35",
                "-accel",
                "kvm",
                "-cpu",
                "host",
                "-m",
                "96",
                "-display",
                "none",
                "-nodefaults",
                "-no-reboot",
                "-serial",
                "file:" + console,
                "-device",
                "virtio-serial-pci",
                "-kernel",
                image.resolve("vmlinuz").toString(),
                "-initrd",
                image.resolve("initramfs").toString(),
                "-append",
                LabDomain.KERNEL_PARAMETERS)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      long end = System.nanoTime() + TRIAL_BOOT.toNanos();
      while (System.nanoTime() < end && qemu.isAlive()) {
        if (Files.readString(console, ISO_8859_1).contains("LAB-GUEST-READY")) {
          return true;
        }
        Thread.sleep(50);
      }
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LabException("Interrupted during the trial boot on KVM.", e);
    } finally {
      qemu.destroyForcibly();
      Files.delete(console);
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Runs while no other lab on this machine changes the cache. */
  private void locked(Work work) {
    synchronized (LabCache.class) {
      try (FileChannel file =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        // Held until the channel is closed.
        FileLock lock = file.lock();
        if (lock.isValid()) {
          work.run();
        }
      } catch (IOException e) {
        throw new LabException("The lab's cache %s cannot be used.".formatted(directory), e);
      }
    }
  }
}
