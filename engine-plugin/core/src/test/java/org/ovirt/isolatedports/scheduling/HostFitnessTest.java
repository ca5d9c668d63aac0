// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ovirt.isolatedports.scheduling.Hosts.NOW;
import static org.ovirt.isolatedports.scheduling.Hosts.RED;
import static org.ovirt.isolatedports.scheduling.Hosts.REPORT;
import static org.ovirt.isolatedports.scheduling.Hosts.fit;
import static org.ovirt.isolatedports.scheduling.Hosts.hooks;
import static org.ovirt.isolatedports.scheduling.Hosts.host;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.validation.ValidationResult.Violation;

class HostFitnessTest {

  private static final List<HostNetwork> ON_RED = List.of(new HostNetwork("n-red", true, true));
  private final HostFitness fitness = new HostFitness(FitnessRequirements.DEFAULT);

  @Test
  void nothingStandsAgainstAFitHost() {
    assertThat(fitness.againstHost(fit("a"))).isEmpty();
    assertThat(fitness.againstNetwork(fit("a"), RED)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"maintenance", "non_responsive", "installing", "non_operational", ""})
  void aHostThatIsNotUpIsUnfit(String status) {
    assertThat(reasons(Hosts.withStatus(fit("a"), status)))
        .containsExactly("Host a is not Up (its status is " + status + ").");
  }

  @ParameterizedTest
  @CsvSource({
    "libvirt-6.0.0-37.module_el8.5.0+1002+36725df2, 6.0.0",
    "libvirt-6.4.0-1, 6.4.0",
    "libvirt-4.5.0-36.el7_9, 4.5.0"
  })
  void anOldLibvirtIsUnfitAndTheReasonNamesBothVersions(String reported, String version) {
    assertThat(reasons(host("a", reported, REPORT)))
        .containsExactly(
            "Host a runs libvirt "
                + version
                + "; isolated ports need libvirt 6.5.0 or newer: upgrade the host.");
  }

  @Test
  void aHostThatDoesNotNameItsLibvirtIsUnfit() {
    assertThat(reasons(host("a", "", REPORT)))
        .singleElement()
        .asString()
        .startsWith("Host a does not say which libvirt it runs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"libvirt-6.5.0-1.el8", "libvirt-6.10.0-1", "libvirt-10.0.0-6.2.el9"})
  void aLibvirtThatIsNewEnoughIsFit(String reported) {
    assertThat(reasons(host("a", reported, REPORT))).isEmpty();
  }

  @Test
  void anOldKernelIsUnfitWhateverTheDistribution() {
    assertThat(
            reasons(host("a", "libvirt-9.0.0", REPORT.replace("5.14.0-427.el9", "4.17.9-1.el9"))))
        .containsExactly(
            "Host a runs kernel 4.17.9; isolated ports need kernel 4.18.0 or newer: upgrade the"
                + " host.");
  }

  @Test
  void theDistributionStandsInForAKernelThatIsNotReported() {
    String noKernel = REPORT.replace("kernel=5.14.0-427.el9.x86_64;", "");
    assertThat(reasons(host("a", "libvirt-9.0.0", noKernel))).isEmpty();
    assertThat(reasons(onSystem("RHEL", "7 - 9", noKernel))).hasSize(1);
    assertThat(reasons(onSystem("Fedora", "39", noKernel))).hasSize(1);
    assertThat(reasons(onSystem("oVirt Node", "8.6", noKernel))).isEmpty();
    assertThat(reasons(onSystem("", "", noKernel)))
        .singleElement()
        .asString()
        .startsWith("Host a does not say which kernel it runs");
  }

  @Test
  void aHostWithoutOurPackageIsUnfitAndEveryReasonIsGiven() {
    assertThat(reasons(host("a", "libvirt-9.0.0", List.of(), ON_RED)))
        .satisfiesExactly(
            first -> assertThat(first).startsWith("Host a reports nothing of Isolated Ports"),
            second ->
                assertThat(second)
                    .contains(
                        "lacks the isolated ports hook for before_device_create,"
                            + " before_nic_hotplug, before_update_device, before_vm_start"));
  }

  @Test
  void aDamagedReportIsUnfit() {
    assertThat(reasons(host("a", "libvirt-9.0.0", "version1.0nftyes")))
        .singleElement()
        .asString()
        .contains("cannot be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.9.9", "2.0.0", "", "new"})
  void anotherVersionOfTheHostPartIsUnfit(String version) {
    assertThat(reasons(host("a", "libvirt-9.0.0", REPORT.replace("1.0.0", version))))
        .singleElement()
        .asString()
        .contains("this server needs 1.0.0 or newer of the same major version");
  }

  @Test
  void aNewerHostPartOfTheSameMajorVersionIsFit() {
    assertThat(reasons(host("a", "libvirt-9.0.0", REPORT.replace("1.0.0", "1.7.2")))).isEmpty();
  }

  @Test
  void oneMissingHookIsUnfit() {
    List<ReportedHook> hooks =
        hooks(REPORT).stream()
            .filter(hook -> !hook.event().equals("before_update_device"))
            .toList();
    assertThat(reasons(host("a", "libvirt-9.0.0", hooks, ON_RED)))
        .singleElement()
        .asString()
        .contains("lacks the isolated ports hook for before_update_device:");
  }

  @Test
  void aHookOfSomebodyElseDoesNotCountAsOurs() {
    List<ReportedHook> hooks =
        hooks(REPORT).stream()
            .map(hook -> new ReportedHook(hook.event(), hook.name() + "_2", hook.checksum()))
            .toList();
    assertThat(reasons(host("a", "libvirt-9.0.0", hooks, ON_RED)))
        .anySatisfy(reason -> assertThat(reason).contains("lacks the isolated ports hook"));
  }

  @Test
  void aHalfUpgradedHookIsUnfit() {
    List<ReportedHook> hooks =
        hooks(REPORT).stream()
            .map(
                hook ->
                    hook.event().equals("before_vm_start")
                        ? new ReportedHook(hook.event(), hook.name(), "cd34")
                        : hook)
            .toList();
    assertThat(reasons(host("a", "libvirt-9.0.0", hooks, ON_RED)))
        .singleElement()
        .asString()
        .contains("are not all of one version");
  }

  @Test
  void aHookThatIsNotAmongTheAcceptedOnesIsUnfit() {
    FitnessRequirements pinned =
        new FitnessRequirements(
            FitnessRequirements.DEFAULT.libvirt(),
            FitnessRequirements.DEFAULT.kernel(),
            FitnessRequirements.DEFAULT.hostPart(),
            FitnessRequirements.DEFAULT.hookName(),
            FitnessRequirements.DEFAULT.hookEvents(),
            Set.of("ef56"),
            FitnessRequirements.DEFAULT.factsAge());
    assertThat(new HostFitness(pinned).againstHost(fit("a"))).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "filter=yes, filter=no, lacks the libvirt filter",
    "filter=yes;, '', lacks the libvirt filter",
    "watch=yes, watch=no, isolated-ports-host did not answer",
    "watch=yes, watch=unknown, isolated-ports-host did not answer",
    "watch=yes;, '', does not report whether isolated-ports-host answers",
    "list=ok, list=damaged, no usable list of isolated bridges (damaged)",
    "list=ok, list=lost, no usable list of isolated bridges (lost)",
    "list=ok;, '', no usable list of isolated bridges (not reported)"
  })
  void aHostWithoutFilterServiceOrBridgeListIsUnfit(String from, String to, String expected) {
    assertThat(reasons(host("a", "libvirt-9.0.0", REPORT.replace(from, to))))
        .singleElement()
        .asString()
        .contains(expected);
  }

  @Test
  void theNetworkMustBeAttachedBridgedAndOnALinuxBridge() {
    assertThat(networkReasons(List.of()))
        .containsExactly(
            "Network red is not attached to host a: attach it in Setup Host Networks.");
    assertThat(networkReasons(List.of(new HostNetwork("n-red", false, true))))
        .singleElement()
        .asString()
        .contains("has no bridge on host a");
    assertThat(networkReasons(List.of(new HostNetwork("n-red", true, false))))
        .singleElement()
        .asString()
        .contains("Open vSwitch");
  }

  @Test
  void rulesNeedNftAndStatefulRulesNeedConntrackToo() {
    Host plain = host("a", "libvirt-9.0.0", REPORT.replace("nft=yes;ct=yes", "nft=no;ct=no"));
    Host stateless = host("a", "libvirt-9.0.0", REPORT.replace("ct=yes", "ct=no"));
    assertThat(fitness.againstNetwork(plain, RED)).isEmpty();
    assertThat(fitness.againstNetwork(plain, RED.needing(PortNeed.RULES))).hasSize(1);
    assertThat(fitness.againstNetwork(plain, RED.needing(PortNeed.STATEFUL_RULES))).hasSize(2);
    assertThat(fitness.againstNetwork(stateless, RED.needing(PortNeed.RULES))).isEmpty();
    assertThat(fitness.againstNetwork(stateless, RED.needing(PortNeed.STATEFUL_RULES))).hasSize(1);
  }

  @Test
  void whatIsKnownMustNotBeOlderThanTenMinutes() {
    assertThat(fitness.factsAreFresh(fit("a"), NOW.plus(Duration.ofMinutes(10))).isValid())
        .isTrue();
    assertThat(
            fitness
                .factsAreFresh(fit("a"), NOW.plus(Duration.ofMinutes(11)))
                .violation()
                .map(Violation::text))
        .hasValueSatisfying(
            text -> assertThat(text).contains("What is known of host a is 11 minutes old"));
  }

  private Host onSystem(String type, String version, String report) {
    return new Host(
        "id-a",
        "a",
        "c1",
        "up",
        new HostFacts("libvirt-9.0.0", type, version, hooks(report), ON_RED),
        NOW);
  }

  private List<String> networkReasons(List<HostNetwork> networks) {
    return fitness.againstNetwork(host("a", "libvirt-9.0.0", hooks(REPORT), networks), RED).stream()
        .map(Violation::text)
        .toList();
  }

  private List<String> reasons(Host host) {
    return fitness.againstHost(host).stream().map(Violation::text).toList();
  }
}
