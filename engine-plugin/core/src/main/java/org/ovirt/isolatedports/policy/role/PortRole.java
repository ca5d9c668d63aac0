// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.role;

import java.util.Optional;
import java.util.regex.Pattern;

/** What a port may reach, in the words of RFC 5517. */
public sealed interface PortRole {

  /** Reaches every port, and every port reaches it: gateways, DHCP servers. */
  record Promiscuous() implements PortRole {
    @Override
    public String toString() {
      return "promiscuous";
    }
  }

  /** Reaches promiscuous ports only. */
  record Isolated() implements PortRole {
    @Override
    public String toString() {
      return "isolated";
    }
  }

  /** Reaches promiscuous ports and the ports of its community. */
  record Community(String name) implements PortRole {
    @Override
    public String toString() {
      return "community:" + name;
    }
  }

  /** How a role is written, for messages. */
  String SYNTAX =
      "promiscuous, isolated, or community:NAME (letters, digits, _ and -, at most 32 of them)";

  /** Reads {@code isolated} (or {@code true}), {@code promiscuous} or {@code community:NAME}. */
  static Optional<PortRole> parse(String text) {
    return switch (text) {
      case "true", "isolated" -> Optional.of(new Isolated());
      case "promiscuous" -> Optional.of(new Promiscuous());
      default ->
          Pattern.matches("community:[A-Za-z0-9_-]{1,32}", text)
              ? Optional.of(new Community(text.substring("community:".length())))
              : Optional.empty();
    };
  }

  /** Whether a frame may go from a port of this role to a port of the other (RFC 5517, 3). */
  default boolean mayReach(PortRole other) {
    return this instanceof Promiscuous
        || other instanceof Promiscuous
        || (this instanceof Community && equals(other));
  }
}
