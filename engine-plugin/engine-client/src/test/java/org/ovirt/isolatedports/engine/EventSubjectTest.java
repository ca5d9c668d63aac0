// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventSubjectTest {

  @ParameterizedTest
  @CsvSource({
    "942,NETWORK",
    "946,CLUSTER_NETWORK",
    "948,CLUSTER_NETWORK",
    "1124,PROFILE",
    "811,CLUSTER",
    "850,PERMISSION",
    "869,PERMISSION",
    "1012,VNIC",
    "46,SNAPSHOT",
    "650,SNAPSHOT",
    "1190,SNAPSHOT",
    "63,VM",
    "10780,ENGINE"
  })
  void everyCodeHasOneSubject(int code, EventSubject subject) {
    assertThat(EventSubject.of(code)).contains(subject);
  }

  @Test
  void otherEventsConcernNobodyHere() {
    assertThat(EventSubject.of(30)).isEmpty();
    assertThat(EventSubject.of(-1)).isEmpty();
  }
}
