// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * The part of a body that hosts share, packed once for all of them: its compressed blocks (RFC
 * 1951) follow those of each host's own beginning in one member of a gzip file (RFC 1952).
 */
public final class Tail {

  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};
  private static final int TRAILER = 8;

  private final String text;
  private byte[] bytes = new byte[0];
  private byte[] blocks = new byte[0];

  Tail(String text) {
    this.text = text;
  }

  /** As it is. */
  public String text() {
    return text;
  }

  /** A gzip file of it behind a beginning. */
  byte[] gzip(String head) {
    pack();
    byte[] first = head.getBytes(StandardCharsets.UTF_8);
    byte[] firstBlocks = deflate(first, false);
    CRC32 sum = new CRC32();
    sum.update(first);
    sum.update(bytes);
    return ByteBuffer.allocate(HEADER.length + firstBlocks.length + blocks.length + TRAILER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(HEADER)
        .put(firstBlocks)
        .put(blocks)
        .putInt((int) sum.getValue())
        .putInt(first.length + bytes.length)
        .array();
  }

  private synchronized void pack() {
    if (blocks.length == 0) {
      bytes = text.getBytes(StandardCharsets.UTF_8);
      blocks = deflate(bytes, true);
    }
  }

  /** Rulesets repeat themselves so much that little effort packs them well. */
  private static byte[] deflate(byte[] bytes, boolean isLast) {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      deflater.setInput(bytes);
      if (isLast) {
        deflater.finish();
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 8 + 64);
      byte[] buffer = new byte[16 * 1024];
      int length;
      do {
        length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
        out.write(buffer, 0, length);
      } while (length == buffer.length || (isLast && !deflater.finished()));
      return out.toByteArray();
    } finally {
      deflater.end();
    }
  }
}
