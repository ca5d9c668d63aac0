// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HrefsTest {

  private static final String ENGINE = "/ovirt-engine/api/";
  private final Hrefs hrefs = new Hrefs(ENGINE, "/ovirt-isolated-ports/api/");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "networks",
        "networks?search={query}",
        "networks/1",
        "networks/1/vnicprofiles",
        "datacenters/1/networks",
        "datacenters/1/networks/2",
        "datacenters/1/networks/2/vnicprofiles",
        "datacenters/1/networks/2/vnicprofiles/3",
        "vnicprofiles",
        "vnicprofiles/1",
        "clusters",
        "clusters/1",
        "clusters/1/networks/2",
        "vms/1",
        "vms/1/nics",
        "vms/1/nics/2",
        "vms/1/nics/2/activate"
      })
  void linksToWhatWeServeLeadToUs(String path) {
    assertThat(hrefs.ours(ENGINE + path)).isEqualTo("/ovirt-isolated-ports/api/" + path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "datacenters/1",
        "networks/1/permissions",
        "datacenters/1/networks/2/networklabels",
        "vms",
        "vms/1/start",
        "vms/1/nics/2/statistics",
        "clusters/1/upgrade",
        "clusters/1/vnicprofiles",
        "hosts/1"
      })
  void otherLinksStayTheEngines(String path) {
    assertThat(hrefs.ours(ENGINE + path)).isEqualTo(ENGINE + path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "https://example.com/ovirt-engine/api/networks", "/other/networks"})
  void whatIsNoLinkIntoTheApiStays(String href) {
    assertThat(hrefs.ours(href)).isEqualTo(href);
  }
}
