// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs a program to its end. */
final class Command {

  private Command() {}

  /**
   * What a program left behind.
   *
   * @param status exit status
   * @param output standard output, decoded as UTF-8
   * @param errors standard error, decoded as UTF-8
   */
  record Result(int status, String output, String errors) {

    boolean succeeded() {
      return status == 0;
    }
  }

  /** Runs a program that must succeed and returns its standard output. */
  static String output(String... command) {
    return output(List.of(command));
  }

  /** Runs a program that must succeed and returns its standard output. */
  static String output(List<String> command) {
    return output(command, "");
  }

  /** Runs a program that must succeed, with {@code input} on its standard input. */
  static String output(List<String> command, String input) {
    Result result = run(Duration.ofMinutes(10), command, input);
    if (!result.succeeded()) {
      throw new LabException(
          "The command '%s' ended with status %d: %s"
              .formatted(
                  String.join(" ", command),
                  result.status(),
                  (result.errors() + result.output()).strip()));
    }
    return result.output();
  }

  /** Runs a program; one that outlives {@code limit} is killed and reported as a failure. */
  static Result run(Duration limit, List<String> command, String input) {
    return run(limit, command, input, piece -> {});
  }

  /** The same, and {@code heard} gets the pieces of its standard output as they come. */
  static Result run(Duration limit, List<String> command, String input, Consumer<String> heard) {
    Process process;
    try {
      process = new ProcessBuilder(command).start();
    } catch (IOException e) {
      throw new LabException(
          "The command '%s' could not be started: %s"
              .formatted(String.join(" ", command), e.getMessage()),
          e);
    }
    try {
      CompletableFuture<String> output = read(process.getInputStream(), heard);
      CompletableFuture<String> errors = read(process.getErrorStream(), piece -> {});
      try (OutputStream stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(UTF_8));
      } catch (IOException e) {
        // The program ended without reading its input; its status tells the rest.
      }
      if (!process.waitFor(Poll.patient(limit).toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new LabException(
            "The command '%s' did not end within %d s and was killed."
                .formatted(String.join(" ", command), Poll.patient(limit).toSeconds()));
      }
      return new Result(process.exitValue(), output.join(), errors.join());
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new LabException(
          "Interrupted while '%s' was running.".formatted(String.join(" ", command)), e);
    }
  }

  private static CompletableFuture<String> read(InputStream stream, Consumer<String> heard) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try (stream) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                byte[] piece = new byte[8192];
                for (int length = stream.read(piece); length >= 0; length = stream.read(piece)) {
                  all.write(piece, 0, length);
                  heard.accept(new String(piece, 0, length, UTF_8));
                }
                text.complete(all.toString(UTF_8));
              } catch (IOException | UncheckedIOException e) {
                text.complete("");
              }
            },
            "lab-command-reader");
    reader.setDaemon(true);
    reader.start();
    return text;
  }
}
