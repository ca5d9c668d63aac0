// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.standin.engine.Model.EventLink;
import org.ovirt.isolatedports.standin.engine.Model.User;

/**
 * Who asks.
 *
 * @param filtered whether lists hold only what the user has a permission on: always for users
 *     without an administrative role, and for others who send {@code Filter: true}
 * @param correlationId goes into the events the request causes
 */
public record Caller(User user, boolean filtered, String correlationId) {
  String name() {
    return user.qualified();
  }

  UUID id() {
    return user.id();
  }

  EventLink link() {
    return EventLog.link("user", user.qualified(), user.id());
  }

  Optional<String> correlation() {
    return Optional.of(correlationId);
  }
}
