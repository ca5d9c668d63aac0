// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.emergency;

import static org.ovirt.isolatedports.validation.ValidationResult.failWith;

import java.time.Duration;
import java.util.Map;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;

/** The rules of opening an isolated network, one method each. */
public final class EmergencyRules {

  /** What of a reason still fits into an event of the engine. */
  public static final int LONGEST_REASON = 500;

  private EmergencyRules() {}

  /** Somebody will ask later. */
  public static ValidationResult reasonGiven(String network, String reason) {
    return failWith(
            ValidationMessage.EMERGENCY_REASON_MISSING,
            Map.of("network", network, "longest", String.valueOf(LONGEST_REASON)))
        .when(
            reason.isBlank()
                || reason.length() > LONGEST_REASON
                || reason.chars().anyMatch(Character::isISOControl));
  }

  /** An id in a path is easily the wrong one; a name typed out hardly is. */
  public static ValidationResult confirmedByName(String network, String confirmation) {
    return failWith(ValidationMessage.EMERGENCY_NOT_CONFIRMED, Map.of("network", network))
        .unless(confirmation.equals(network));
  }

  /**
   * An opening ends by itself.
   *
   * @param minutes what was asked for, as it came
   * @param most the longest there is
   */
  public static ValidationResult limitedInTime(String network, String minutes, Duration most) {
    return failWith(
            ValidationMessage.EMERGENCY_TIME_NOT_LIMITED,
            Map.of("network", network, "most", String.valueOf(most.toMinutes())))
        .unless(
            minutes.matches("[1-9][0-9]{0,8}") && Integer.parseInt(minutes) <= most.toMinutes());
  }

  public static ValidationResult onlyWhatIsIsolated(String network, boolean isolated) {
    return failWith(ValidationMessage.EMERGENCY_NOT_ISOLATED, Map.of("network", network))
        .unless(isolated);
  }

  /** Of a network the engine isolates, nothing can be taken back over its API. */
  public static ValidationResult onlyWhatTheHookIsolates(String network, boolean byEngine) {
    return failWith(ValidationMessage.EMERGENCY_NOT_BY_ENGINE, Map.of("network", network))
        .when(byEngine);
  }

  /** Without an account of its own, Isolated Ports could not close what it opened. */
  public static ValidationResult somebodyCloses(String network, boolean accountConfigured) {
    return failWith(ValidationMessage.EMERGENCY_WITHOUT_GUARD, Map.of("network", network))
        .unless(accountConfigured);
  }
}
