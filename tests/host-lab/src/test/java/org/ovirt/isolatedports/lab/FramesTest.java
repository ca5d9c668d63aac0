// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {

  private static final String A = "56:6f:11:22:00:0a";
  private static final String B = "56:6f:11:22:00:0b";

  @Test
  void writesAnArpRequest() {
    assertThat(Frames.hex(Frames.arpRequest(A, "10.77.1.10", "10.77.1.11")))
        .startsWith(
            "ffffffffffff566f1122000a0806000108000604"
                + "0001566f1122000a0a4d010a0000000000000a4d010b")
        .hasSize(120);
  }

  @Test
  void writesATaggedFrame() {
    assertThat(Frames.hex(Frames.tagged(A, B, 10)))
        .startsWith("566f1122000b566f1122000a8100000a88b5")
        .hasSize(120);
  }

  @Test
  void writesAFrameOfAnyEtherType() {
    assertThat(Frames.hex(Frames.raw(A, B, Frames.EXPERIMENTAL)))
        .startsWith("566f1122000b566f1122000a88b5")
        .hasSize(120);
  }

  /** RFC 4861, section 4.3: to the target's solicited-node group, and with the sender's address. */
  @Test
  void writesANeighbourSolicitation() {
    assertThat(Frames.hex(Frames.neighbourSolicitation(A, B)))
        .matches(
            "3333ff22000b"
                + "566f1122000a"
                + "86dd"
                + "60000000"
                + "0020"
                + "3aff"
                + "fe80000000000000546f11fffe22000a"
                + "ff0200000000000000000001ff22000b"
                + "8700....00000000"
                + "fe80000000000000546f11fffe22000b"
                + "0101566f1122000a");
  }

  /** The second target's sum carries once more when its carry is added. */
  @ParameterizedTest
  @ValueSource(strings = {B, "56:6f:11:22:25:da"})
  void theChecksumOfANeighbourSolicitationHolds(String target) {
    // RFC 1071: over data with its checksum in place the sum is all ones.
    ByteBuffer sum = ByteBuffer.wrap(Frames.neighbourSolicitation(A, target));
    long total = 32 + 58;
    for (int i = 14 + 8; i < 14 + 40 + 32; i += 2) {
      total += sum.getShort(i) & 0xffff;
    }
    while (total > 0xffff) {
      total = (total >> 16) + (total & 0xffff);
    }
    assertThat(total).isEqualTo(0xffff);
  }
}
