// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.emergency;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmergencyRulesTest {

  private static final Duration MOST = Duration.ofHours(4);
  private static final Instant FROM = Instant.parse("2026-11-22T10:00:00Z");
  private static final OpenPeriod HALF_AN_HOUR =
      new OpenPeriod(FROM, FROM.plus(Duration.ofMinutes(30)));

  @ParameterizedTest
  @CsvSource({
    "1, true",
    "240, true",
    "241, false",
    "0, false",
    "-1, false",
    "1.5, false",
    "'', false",
    "99999999999, false",
    "０5, false",
    "forever, false"
  })
  void timeIsLimited(String minutes, boolean valid) {
    assertThat(EmergencyRules.limitedInTime("blue", minutes, MOST).isValid()).isEqualTo(valid);
  }

  @Test
  void aMessageNamesTheNetworkAndTheLimit() {
    assertThat(EmergencyRules.limitedInTime("blue", "", MOST).violation().orElseThrow().text())
        .contains("Network blue", "from 1 to 240");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "a\nb", "a\u0000"})
  void aReasonIsOneLineOfText(String reason) {
    assertThat(EmergencyRules.reasonGiven("blue", reason).isValid()).isFalse();
  }

  @Test
  void aReasonFitsIntoAnEvent() {
    assertThat(EmergencyRules.reasonGiven("blue", "x".repeat(500)).isValid()).isTrue();
    assertThat(EmergencyRules.reasonGiven("blue", "x".repeat(501)).isValid()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Blue", "blue ", "true"})
  void onlyTheNameItselfConfirms(String confirmation) {
    assertThat(EmergencyRules.confirmedByName("blue", confirmation).isValid()).isFalse();
    assertThat(EmergencyRules.confirmedByName("blue", "blue").isValid()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    // minutes after the opening by the clock, minutes watched, over?
    "0, 0, false",
    "29, 29, false",
    "30, 30, true",
    "31, 1, true", // the clock was set on, or the server was away
    "5, 30, true", // the clock was set back
    "0, 29, false",
    "-5, 1, true", // the clock was set back to before the opening, and the server restarted
  })
  void noClockMakesItLonger(long byTheClock, long watched, boolean over) {
    assertThat(
            HALF_AN_HOUR.isOver(
                FROM.plus(Duration.ofMinutes(byTheClock)), Duration.ofMinutes(watched)))
        .isEqualTo(over);
  }

  @Test
  void aClockIsAllowedToBeCorrected() {
    assertThat(HALF_AN_HOUR.isOver(FROM.minusSeconds(20), Duration.ZERO)).isFalse();
  }
}
