// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostReportTest {

  @Test
  void readsWhatTheHostSays() {
    assertThat(
            HostReport.parse(
                "version=1.0.0;kernel=4.18.0-553.el8_10.x86_64;filter=yes;list=ok;nft=yes;ct=no"))
        .contains(new HostReport("1.0.0", "4.18.0-553.el8_10.x86_64", true, "ok", true, false));
  }

  @Test
  void leavesUnknownKeysAlone() {
    assertThat(HostReport.parse("version=2.0;later=maybe"))
        .contains(new HostReport("2.0", "", false, "", false, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "version",
        "version=1;version=2",
        "version=1;",
        "VERSION=1",
        "version=1 0",
        "version=\u00e9",
        "version=1\nnft=yes"
      })
  void takesNothingFromADamagedReport(String text) {
    assertThat(HostReport.parse(text)).isEmpty();
  }

  @Test
  void takesNothingFromAnOverlongReport() {
    assertThat(HostReport.parse("version=1;" + "a=".repeat(3000))).isEmpty();
  }
}
