// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabNetworkTest {

  @Test
  void hasItsGatewayAtTheFirstAddress() {
    assertThat(LabNetwork.of("iso1", "10.77.1.0/24", Optional.empty()).gateway())
        .isEqualTo("10.77.1.1");
  }

  @Test
  void hasItsTag() {
    assertThat(LabNetwork.of("iso1", "10.77.1.0/24", Optional.of(10)).vlan()).contains(10);
  }

  @Test
  void takesTheLongestNameThatLinuxDoes() {
    assertThat(LabNetwork.of("fifteen-letters", "10.77.1.0/24", Optional.empty()).name())
        .isEqualTo("fifteen-letters");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a-name-too-long-", "", "a/b", "a.b", "a b"})
  void refusesANameThatIsNoDeviceName(String name) {
    assertThatThrownBy(() -> LabNetwork.of(name, "10.77.1.0/24", Optional.empty()))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("'" + name + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.77.1.0/25", "10.77.1.5/24", "10.77.1.0/24,", "10.77.0/24", ""})
  void refusesASubnetThatIsNoSlash24(String subnet) {
    assertThatThrownBy(() -> LabNetwork.of("iso1", subnet, Optional.empty()))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("'" + subnet + "'");
  }
}
