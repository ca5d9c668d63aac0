// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReleaseVersionTest {

  @ParameterizedTest
  @CsvSource({
    "libvirt-6.0.0-37.module_el8.5.0+1002+36725df2, 6.0.0",
    "libvirt-9.0.0-1.el9, 9.0.0",
    "libvirt-10.5.0-7.el9_5, 10.5.0",
    "4.18.0-553.el8_10.x86_64, 4.18.0",
    "5.15.0-205.149.5.1.el8uek.x86_64, 5.15.0",
    "6.1-rc3, 6.1.0",
    "1.0.0-SNAPSHOT, 1.0.0",
    "v1.2, 1.2.0",
    "version: 6.5.0, 6.5.0",
    "6.5.0.1, 6.5.0",
  })
  void isFoundInWhatHostsReport(String text, String expected) {
    assertThat(ReleaseVersion.in(text).map(ReleaseVersion::toString)).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "libvirt",
        "9",
        "unknown",
        "-",
        "lib6.5.0",
        "9 - 2",
        "6.",
        ".6",
        "99999999999.1.0",
        "6.99999999999"
      })
  void isNotInventedWhereThereIsNone(String text) {
    assertThat(ReleaseVersion.in(text)).isEqualTo(Optional.empty());
  }

  @Test
  void isOrderedByNumbersNotByText() {
    ReleaseVersion six = new ReleaseVersion(6, 5, 0);
    assertThat(new ReleaseVersion(10, 0, 0)).isGreaterThan(six);
    assertThat(new ReleaseVersion(6, 10, 0)).isGreaterThan(six);
    assertThat(new ReleaseVersion(6, 4, 9).isBefore(six)).isTrue();
    assertThat(new ReleaseVersion(6, 5, 0).isBefore(six)).isFalse();
  }
}
