// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.validation;

import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The outcome of one rule: valid, or the violation that was found.
 *
 * <p>Rules are written as the engine writes its own: {@code failWith(message).when(condition)}, so
 * that a chain of them reads like the specification (engine class {@code ValidationResult}).
 *
 * @param violation what is wrong; empty when the rule holds
 */
public record ValidationResult(Optional<Violation> violation) {

  /** The result of a rule that holds. */
  public static final ValidationResult VALID = new ValidationResult(Optional.empty());

  /**
   * A broken rule.
   *
   * @param message the rule's message key
   * @param variables values for the {@code ${name}} places of the message
   */
  public record Violation(ValidationMessage message, Map<String, String> variables) {

    public Violation {
      variables = Map.copyOf(variables);
    }

    /** The message as a sentence, its variables filled in. */
    public String text() {
      return message.text(variables);
    }
  }

  /** Starts a rule that fails with a message if the condition given next is true. */
  public static Failure failWith(ValidationMessage message) {
    return failWith(message, Map.of());
  }

  /** Starts a rule that fails with a message and its variables. */
  public static Failure failWith(ValidationMessage message, Map<String, String> variables) {
    return failWith(message, () -> variables);
  }

  /**
   * Starts a rule that fails with a message and its variables, which are only asked for if it does:
   * for rules applied to each of many hosts.
   */
  public static Failure failWith(
      ValidationMessage message, Supplier<Map<String, String>> variables) {
    return new Failure(message, variables);
  }

  public boolean isValid() {
    return violation.isEmpty();
  }

  /** A failure that waits for its condition. */
  public static final class Failure {

    private final ValidationMessage message;
    private final Supplier<Map<String, String>> variables;

    private Failure(ValidationMessage message, Supplier<Map<String, String>> variables) {
      this.message = message;
      this.variables = variables;
    }

    /** The failure if the condition holds, else {@link #VALID}. */
    public ValidationResult when(boolean condition) {
      return condition
          ? new ValidationResult(Optional.of(new Violation(message, variables.get())))
          : VALID;
    }

    /** The failure unless the condition holds. */
    public ValidationResult unless(boolean condition) {
      return when(!condition);
    }
  }
}
