// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.server.rulesets.Counted;

class NetworkCountersTest {

  private static final Counted ACL =
      new Counted(Counted.Kind.ACL, "to-lport", List.of(new Counted.Rule(2, 9)), List.of());
  private static final Counted POLICY =
      new Counted(
          Counted.Kind.NETWORK_POLICY,
          "ingress",
          List.of(),
          List.of(new Counted.Policy("shop", "closed")));

  private static PortReport report(String since, String counters) throws Exception {
    return PortReport.read(
        ("{\"version\":1,\"host\":\"h\",\"ports\":[],\"counted_since\":"
                + since
                + ",\"counters\":["
                + counters
                + "]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static String counter(String name, long packets) {
    return "{\"name\":\"" + name + "\",\"packets\":" + packets + ",\"bytes\":" + packets + "}";
  }

  @Test
  void whatHostsCountIsSummedUpByRuleAndPolicy() throws Exception {
    NetworkCounters counters =
        NetworkCounters.of(
            Map.of("audit_00000001", ACL, "audit_00000002", POLICY),
            List.of(
                report("2000", counter("audit_00000001", 3) + "," + counter("audit_ffffffff", 9)),
                report("1000", counter("audit_00000001", 4)),
                report("10", counter("audit_ffffffff", 9)),
                report("null", "")));
    assertThat(counters.hosts()).isEqualTo(2);
    assertThat(counters.since()).isEqualTo(Optional.of(Instant.ofEpochSecond(1000)));
    assertThat(counters.sums().get("audit_00000001")).isEqualTo(new NetworkCounters.Sum(ACL, 7, 7));
    assertThat(counters.tree().toString())
        .isEqualTo(
            "{since=1970-01-01T00:16:40Z, hosts=2, counter=["
                + "{name=audit_00000001, kind=acl, direction=to-lport,"
                + " acls={acl=[{index=2, line=9}]}, packets=7, bytes=7},"
                + " {name=audit_00000002, kind=network_policy, direction=ingress,"
                + " policies={policy=[{namespace=shop, name=closed}]}, packets=0, bytes=0}]}");
  }

  @Test
  void noSumGetsLessForWhatAHostSays() throws Exception {
    NetworkCounters counters =
        NetworkCounters.of(
            Map.of("audit_00000001", ACL),
            List.of(
                report("1", counter("audit_00000001", Long.MAX_VALUE)),
                report("1", counter("audit_00000001", 4))));
    assertThat(counters.sums().get("audit_00000001").packets()).isEqualTo(Long.MAX_VALUE);
  }
}
