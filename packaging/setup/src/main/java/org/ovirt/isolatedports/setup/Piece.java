// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.util.List;

/** A part of the installation: judged, made, and taken out again. Each may be done twice. */
public interface Piece {

  /** Its name in the output, such as {@code property}. */
  String name();

  /** What is there, without changing anything. */
  Finding look();

  /**
   * Makes what is missing, keeping in the record first what was there before.
   *
   * @return what was done; empty if nothing was missing
   * @throws SetupException if it cannot be made
   */
  List<String> make(SetupRecord record);

  /**
   * Takes out what {@link #make} made, and leaves alone what was changed since.
   *
   * @return what was done
   * @throws SetupException if it cannot be taken out
   */
  List<String> undo(SetupRecord record);

  /** What was found. */
  sealed interface Finding {

    /** In a sentence. */
    String what();

    /**
     * As it should be.
     *
     * @param what in a sentence
     */
    record Good(String what) implements Finding {}

    /**
     * Not as it should be.
     *
     * @param what in a sentence
     * @param change what set-up would do
     * @param mend the line that mends it
     */
    record Missing(String what, String change, String mend) implements Finding {}
  }
}
