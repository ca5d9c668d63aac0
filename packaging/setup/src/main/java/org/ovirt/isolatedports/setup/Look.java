// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.List;

/** A piece that others make, such as a running service: judged only. */
abstract class Look implements Piece {

  @Override
  public List<String> make(SetupRecord record) {
    return List.of();
  }

  @Override
  public List<String> undo(SetupRecord record) {
    return List.of();
  }
}
