// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.rules.GuardViolation;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;
import org.ovirt.isolatedports.rules.GuardViolation.Severity;
import org.ovirt.isolatedports.server.violations.ViolationSource;
import org.ovirt.isolatedports.validation.ValidationMessage;

/** Rules that a host cannot enforce are a violation until it can. */
@ApplicationScoped
public class RulesetViolations implements ViolationSource {

  private final RulesetKeeper keeper;

  @Inject
  public RulesetViolations(RulesetKeeper keeper) {
    this.keeper = keeper;
  }

  @Override
  public List<GuardViolation> current() {
    return keeper.book().problems().stream().map(RulesetViolations::violation).toList();
  }

  private static GuardViolation violation(RulesetBook.Problem problem) {
    return new GuardViolation(
        ValidationMessage.GUARD_RULES_NOT_ENFORCED,
        Severity.ERROR,
        problem.networkId().isEmpty()
            ? Optional.empty()
            : Optional.of(new Item(Kind.NETWORK, problem.networkId(), problem.networkName())),
        Optional.of(new Item(Kind.HOST, problem.hostId(), problem.hostName())),
        problem.text());
  }
}
