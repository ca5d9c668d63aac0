// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TwinNameTest {

  @ParameterizedTest
  @CsvSource({
    "blue, blue_iso",
    "production_vlan100, production_iso",
    "exactly15chars_, exactly15ch_iso",
    "Mandanten Süd, Mandanten_S_iso",
    "网络, net_iso",
    "-x-, x_iso"
  })
  void isABridgesNameAsWell(String network, String twin) {
    assertThat(TwinName.derive(network, name -> false)).isEqualTo(twin).hasSizeLessThan(16);
  }

  @Test
  void isNobodyElsesName() {
    assertThat(TwinName.derive("blue", Set.of("blue_iso", "blue_iso2")::contains))
        .isEqualTo("blue_iso3");
    assertThat(TwinName.derive("production_vlan100", Set.of("production_iso")::contains))
        .isEqualTo("production_iso2");
  }
}
