// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class TokenInfoTest {

  /** External id and REST id of one group, as an engine 4.5.8 gave them. */
  @Test
  void theRestIdOfAGroupIsTheStartOfItsExternalId() {
    assertThat(TokenInfo.restId("7c2f9f01-17b8-4f78-978c-f65e4f896c83"))
        .isEqualTo(UUID.fromString("37633266-3966-3031-2d31-3762382d3466"));
  }

  @Test
  void aShortExternalIdIsFilledUp() {
    assertThat(TokenInfo.restId("ab"))
        .isEqualTo(UUID.fromString("61620000-0000-0000-0000-000000000000"));
  }
}
