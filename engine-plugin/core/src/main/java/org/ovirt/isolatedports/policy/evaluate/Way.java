// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.evaluate;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One way in which two ends can speak, and what happens to them on it.
 *
 * @param from how the one speaks
 * @param to how the other is spoken to
 * @param exchange what happens
 */
public record Way(Side from, Side to, Exchange exchange) {

  /** How open a way is; nothing is more open than one with an answer. */
  private static final Comparator<Way> OPENNESS =
      Comparator.comparingInt(way -> way.exchange().openness());

  /** Whether it is certain that both can speak so: neither address is a guess. */
  boolean isCertain() {
    return from.address().isPresent() && to.address().isPresent();
  }

  boolean isOpen() {
    return exchange.replyPasses();
  }

  boolean isWiderThan(Way other) {
    return OPENNESS.compare(this, other) > 0;
  }

  /**
   * The most open of the ways between two ends. Whether two ends speak a family of which no address
   * of theirs is known is not known either: what passes there may pass, and what is dropped there
   * does not close the rest.
   */
  static Optional<Way> mostOpen(List<Way> ways) {
    Optional<Way> certain = ways.stream().filter(Way::isCertain).max(OPENNESS);
    Optional<Way> guess = ways.stream().filter(way -> !way.isCertain()).max(OPENNESS);
    if (guess.isEmpty()) {
      return certain;
    }
    if (certain.isPresent()) {
      return guess.get().verdict().compareTo(certain.get().verdict()) > 0
          ? Optional.of(guess.get().asGuess())
          : certain;
    }
    boolean agree = ways.stream().allMatch(way -> way.verdict() == guess.get().verdict());
    return agree ? guess : Optional.of(guess.get().asGuess());
  }

  private Verdict verdict() {
    return exchange.forward().verdict();
  }

  /** The same way, of which it is not known whether it is used. */
  private Way asGuess() {
    Decision forward = exchange.forward();
    if (!forward.passes()) {
      return this;
    }
    String reason =
        "depends on whether both use "
            + from.family()
            + ", of which no address is known: "
            + forward.rule();
    return new Way(
        from,
        to,
        new Exchange(
            new Decision(Verdict.UNKNOWN, reason, forward.considered()), exchange.reply()));
  }
}
