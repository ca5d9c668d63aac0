// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rules;

import java.util.Optional;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * Something in the engine that breaks, or may break, the isolation of a network.
 *
 * @param rule the message key of the rule that is broken
 * @param severity how bad it is
 * @param network the network concerned; empty if it concerns all or a host
 * @param subject the cluster, profile, VM, vNIC or host that breaks the rule; empty if it is the
 *     network itself or the whole set-up
 * @param place the host or cluster that the text names beside them, as where the subject is: who
 *     sees a VM need not see its host
 * @param text what is wrong and what to do, in sentences
 */
public record GuardViolation(
    ValidationMessage rule,
    Severity severity,
    Optional<Item> network,
    Optional<Item> subject,
    Optional<Item> place,
    String text) {

  /** A violation whose text names its network and its subject alone. */
  public GuardViolation(
      ValidationMessage rule,
      Severity severity,
      Optional<Item> network,
      Optional<Item> subject,
      String text) {
    this(rule, severity, network, subject, Optional.empty(), text);
  }

  /** The engine's severities, of those a violation can have. */
  public enum Severity {
    /** Ports may come up somewhere they cannot be isolated. */
    WARNING,
    /** Ports of the network are, or may be, open to each other. */
    ERROR
  }

  /** The kinds of things the engine has. */
  public enum Kind {
    NETWORK,
    CLUSTER,
    VNIC_PROFILE,
    VM,
    HOST
  }

  /**
   * Something the engine has.
   *
   * @param kind what it is
   * @param id the engine's id
   * @param name its name
   * @param part which part of it, where a rule can be broken more than once by one: a vNIC's id or
   *     a role; may be empty
   */
  public record Item(Kind kind, String id, String name, String part) {

    public Item(Kind kind, String id, String name) {
      this(kind, id, name, "");
    }
  }

  /** The same for the same rule broken by the same thing on the same network, whatever the text. */
  public String key() {
    return rule
        + "|"
        + network.map(Item::id).orElse("")
        + "|"
        + subject.map(item -> item.id() + "|" + item.part()).orElse("|");
  }
}
