// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * No frame passes while a running vNIC moves onto an isolated network, on this machine's kernel.
 */
@Tag("root")
class LiveMovesLabIT {

  @Test
  void noFramePasses() throws IOException {
    LiveMoves.check(
        LiveMoves.run(Integer.getInteger("moves.count", 12), LiveMoves.FLAG_ONLY_MOVES).json());
  }
}
