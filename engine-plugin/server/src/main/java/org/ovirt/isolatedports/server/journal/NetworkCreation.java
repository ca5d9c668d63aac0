// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.journal;

import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.server.isolation.Enforcement;

/**
 * An isolated network that is to be created.
 *
 * @param dataCenter where
 * @param name its name
 * @param enforcement who is to enforce
 * @param mark the comment the engine is asked to create it with: it tells the network from every
 *     other, as nobody can guess it
 * @param comment the comment its creator wants, which takes the mark's place in the end
 * @param twinOf the network whose isolated twin it is to be
 */
public record NetworkCreation(
    UUID dataCenter,
    String name,
    Enforcement enforcement,
    String mark,
    Optional<String> comment,
    Optional<UUID> twinOf) {

  private static final String MARK = "Being created by Isolated Ports ";

  /** A creation with a mark of its own: 122 random bits. */
  public static NetworkCreation of(
      UUID dataCenter,
      String name,
      Enforcement enforcement,
      Optional<String> comment,
      Optional<UUID> twinOf) {
    return new NetworkCreation(
        dataCenter, name, enforcement, MARK + UUID.randomUUID(), comment, twinOf);
  }
}
