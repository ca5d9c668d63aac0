// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;

class HostReportTest {

  @Test
  void readsWhatTheHostSays() {
    assertThat(
            HostReport.parse(
                "version=1.0.0;kernel=4.18.0-553.el8_10.x86_64;filter=yes;watch=no;list=ok;nft=yes;ct=no"))
        .contains(
            new HostReport(
                "1.0.0", "4.18.0-553.el8_10.x86_64", true, "no", "ok", true, false, false, false));
  }

  @Test
  void leavesUnknownKeysAlone() {
    assertThat(HostReport.parse("version=2.0;later=maybe"))
        .contains(new HostReport("2.0", "", false, "", "", false, false, false, false));
  }

  /** The host part's tests read the same table: neither side can know a key alone. */
  @Test
  void knowsTheKeysOfTheContractWithTheHosts() throws IOException {
    List<String> contract =
        Files.readAllLines(Path.of("../../docs/host-report.md")).stream()
            .map(Pattern.compile("^\\| `([a-z_]+)` \\|.*$")::matcher)
            .filter(Matcher::matches)
            .map(row -> row.group(1))
            .toList();
    assertThat(contract)
        .containsExactly(
            Arrays.stream(HostReport.Key.values())
                .map(HostReport.Key::text)
                .toArray(String[]::new));
  }

  @Test
  void everythingThatARulesetMayUseIsReported() {
    String all = "version=1.0;nft=yes;ct=yes;ibrname=yes;reject=yes";
    assertThat(HostReport.parse(all).map(HostReport::capabilities)).contains(HostCapabilities.ALL);
    for (String lost : List.of("ct", "ibrname", "reject")) {
      for (String other : List.of("no", "unknown", "YES")) {
        HostCapabilities found =
            HostReport.parse(all.replace(";" + lost + "=yes", ";" + lost + "=" + other))
                .map(HostReport::capabilities)
                .orElseThrow();
        assertThat(found)
            .isEqualTo(
                new HostCapabilities(
                    !lost.equals("ct"), !lost.equals("ibrname"), !lost.equals("reject")));
      }
    }
    assertThat(
            HostReport.parse(all.replace("nft=yes", "nft=unknown")).map(HostReport::capabilities))
        .contains(HostCapabilities.BASIC);
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
