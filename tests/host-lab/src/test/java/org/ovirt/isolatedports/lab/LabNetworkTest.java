// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class LabNetworkTest {

  @Test
  void hasItsGatewayAtTheFirstAddress() {
    assertThat(LabNetwork.of("iso1", "10.77.1.0/24", Optional.empty()).gateway())
        .isEqualTo("10.77.1.1");
  }

  @Test
  void refusesANameThatIsNoDeviceName() {
    assertThatThrownBy(() -> LabNetwork.of("a-name-too-long-", "10.77.1.0/24", Optional.empty()))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("a-name-too-long-");
  }

  @Test
  void refusesASubnetThatIsNoSlash24() {
    assertThatThrownBy(() -> LabNetwork.of("iso1", "10.77.1.0/25", Optional.empty()))
        .isInstanceOf(LabException.class)
        .hasMessageContaining("10.77.1.0/25");
  }
}
