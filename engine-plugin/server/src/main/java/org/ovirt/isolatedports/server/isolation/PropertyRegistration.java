// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.isolation;

import java.util.Optional;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.rules.RegistrationCommand;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** What a caller is told of an engine that does not know our vNIC profile property yet. */
public final class PropertyRegistration {

  private static final int BAD_REQUEST = 400;

  private PropertyRegistration() {}

  /**
   * Throws a fault that names the line to run, if the engine refused because it does not know the
   * property.
   *
   * @param action what cannot be done, such as {@code Cannot add Network}
   * @param subject what it was about, such as {@code Network blue}
   * @param level the compatibility level of its data center, where it is known
   */
  public static void throwIfMissing(
      EngineException refusal, String action, String subject, Optional<String> level) {
    if (VnicProfiles.isNotRegistered(refusal.getMessage())) {
      throw missing(action, subject, level);
    }
  }

  /** The fault that names the line to run. */
  public static FaultException missing(String action, String subject, Optional<String> level) {
    return FaultException.operationFailed(
        BAD_REQUEST,
        action
            + ". The engine does not know the vNIC profile property "
            + VnicProfiles.PROPERTY
            + " yet, which isolates the ports of "
            + subject
            + " on the hosts. Register it with: "
            + RegistrationCommand.of(level.stream().toList())
            + ", restart ovirt-engine and try again. Nothing was changed.");
  }
}
