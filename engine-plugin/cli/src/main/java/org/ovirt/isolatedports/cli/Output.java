// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * A stream that does not keep quiet about what could not be written, as {@link PrintWriter} does:
 * half a ruleset looks like one, and who waits for a million lines must learn that the disk is
 * full.
 */
final class Output extends OutputStream {

  private final OutputStream out;

  private Output(OutputStream out) {
    this.out = out;
  }

  /** A writer that throws {@link UncheckedIOException} where something cannot be written. */
  static PrintWriter writer(OutputStream out) {
    return new PrintWriter(
        new Output(new BufferedOutputStream(out, 1 << 16)), false, StandardCharsets.UTF_8);
  }

  @Override
  public void write(int b) {
    try {
      out.write(b);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
