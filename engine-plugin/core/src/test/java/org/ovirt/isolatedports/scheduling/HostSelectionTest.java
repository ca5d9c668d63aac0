// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ovirt.isolatedports.scheduling.Hosts.NOW;
import static org.ovirt.isolatedports.scheduling.Hosts.RED;
import static org.ovirt.isolatedports.scheduling.Hosts.REPORT;
import static org.ovirt.isolatedports.scheduling.Hosts.fit;
import static org.ovirt.isolatedports.scheduling.Hosts.host;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HostSelectionTest {

  private static final GuardedPorts ON_RED = new GuardedPorts(List.of(RED), false);
  private static final Host OLD = host("b", "libvirt-6.0.0-37.module_el8.5.0", REPORT);

  private final HostSelection selection = new HostSelection(FitnessRequirements.DEFAULT);
  private final HostFitness fitness = new HostFitness(FitnessRequirements.DEFAULT);

  @Test
  void anUnfitHostIsDroppedWithItsReasonAndTheOrderIsKept() {
    SchedulingDecision decision =
        select(List.of("id-c", "id-b", "id-a"), ON_RED, fit("a"), OLD, fit("c"));
    assertThat(decision.kept()).containsExactly("id-c", "id-a");
    assertThat(decision.dropped())
        .singleElement()
        .satisfies(
            host -> {
              assertThat(host.name()).isEqualTo("b");
              assertThat(host.reasons()).singleElement().asString().contains("libvirt 6.0.0");
            });
    assertThat(decision.refusesAll()).isFalse();
  }

  @Test
  void aVmThatAsksNothingKeepsEveryHostEvenUnknownOnes() {
    assertThat(select(List.of("id-b", "id-x"), GuardedPorts.NONE, OLD).kept())
        .containsExactly("id-b", "id-x");
  }

  @Test
  void aHostNeverSeenIsDroppedForAGuardedVm() {
    SchedulingDecision decision = select(List.of("id-x"), ON_RED, fit("a"));
    assertThat(decision.refusesAll()).isTrue();
    assertThat(decision.dropped().get(0).reasons().get(0)).contains("Host id-x is not known");
  }

  @Test
  void aHostAskedAboutTwiceIsAnsweredOnce() {
    assertThat(select(List.of("id-a", "id-a"), ON_RED, fit("a")).kept()).containsExactly("id-a");
  }

  @Test
  void doubtAboutANetworkStillNeedsAHostThatCanIsolate() {
    GuardedPorts doubt = new GuardedPorts(List.of(), true);
    SchedulingDecision decision = select(List.of("id-a", "id-b"), doubt, fit("a"), OLD);
    assertThat(decision.kept()).containsExactly("id-a");
  }

  @Test
  void everyNetworkOfTheVmCounts() {
    GuardedNetwork blue = new GuardedNetwork("n-blue", "blue", PortNeed.ISOLATION);
    SchedulingDecision decision =
        select(List.of("id-a"), new GuardedPorts(List.of(blue, RED), false), fit("a"));
    assertThat(decision.dropped().get(0).reasons())
        .containsExactly(
            "Network blue is not attached to host a: attach it in Setup Host Networks.");
  }

  @Test
  void theSchedulingPolicyMayAskForANewerLibvirtButNotForAnOlderOne() {
    Function<String, Optional<AssessedHost>> hosts = known(fit("a"), OLD);
    List<String> asked = List.of("id-a", "id-b");
    assertThat(
            selection
                .select(asked, ON_RED, hosts, Optional.of(new ReleaseVersion(9, 1, 0)), NOW)
                .kept())
        .isEmpty();
    assertThat(
            selection
                .select(asked, ON_RED, hosts, Optional.of(new ReleaseVersion(1, 0, 0)), NOW)
                .kept())
        .containsExactly("id-a");
  }

  @Test
  void outdatedFactsDropTheHost() {
    SchedulingDecision decision =
        selection.select(
            List.of("id-a"),
            ON_RED,
            known(fit("a")),
            Optional.empty(),
            NOW.plus(Duration.ofMinutes(30)));
    assertThat(decision.dropped().get(0).reasons()).singleElement().asString().contains("30 min");
  }

  @Test
  void portsAskForTheNetworksTheyAreOn() {
    Map<String, GuardedNetwork> guarded = Map.of("n-red", RED);
    assertThat(ports(guarded, on("n-plain", "plain", ""))).isEqualTo(GuardedPorts.NONE);
    assertThat(ports(guarded, on("n-red", "red", ""), on("n-red", "red", "")).networks())
        .containsExactly(RED);
    assertThat(ports(guarded, new NicPlace.Nowhere())).isEqualTo(GuardedPorts.NONE);
  }

  @Test
  void aProfilePropertyAloneGuardsAPortAndACommunityNeedsRules() {
    assertThat(ports(Map.of(), on("n-p", "plain", "true")).networks())
        .containsExactly(new GuardedNetwork("n-p", "plain", PortNeed.ISOLATION));
    assertThat(ports(Map.of("n-red", RED), on("n-red", "red", "community:blue")).networks())
        .containsExactly(RED.needing(PortNeed.RULES));
    assertThat(
            ports(
                    Map.of("n-red", RED),
                    on("n-red", "red", "community:blue"),
                    on("n-red", "red", ""))
                .networks())
        .containsExactly(RED.needing(PortNeed.RULES));
  }

  @Test
  void aNetworkThatTheEngineCallsIsolatedIsGuardedEvenIfItIsNotYetInOurList() {
    NicPlace nic = new NicPlace.OnNetwork("n-new", "new", true, Optional.empty());
    assertThat(ports(Map.of(), nic).networks())
        .containsExactly(new GuardedNetwork("n-new", "new", PortNeed.ISOLATION));
  }

  @Test
  void anUnknownProfileIsDoubtOnlyWhereTheClusterHasAGuardedNetwork() {
    List<NicPlace> nics = List.of(new NicPlace.UnknownProfile("p"));
    assertThat(GuardedPorts.of(nics, Map.of("n-red", RED)).uncertain()).isTrue();
    assertThat(GuardedPorts.of(nics, Map.of()).isEmpty()).isTrue();
  }

  @Test
  void droppingAllGivesEveryHostTheReason() {
    SchedulingDecision decision =
        HostSelection.dropAll(List.of("id-a", "id-x"), known(fit("a")), "The engine is silent.");
    assertThat(decision.refusesAll()).isTrue();
    assertThat(decision.dropped())
        .extracting(SchedulingDecision.DroppedHost::name)
        .containsExactly("a", "id-x");
  }

  private static GuardedPorts ports(Map<String, GuardedNetwork> guarded, NicPlace... nics) {
    return GuardedPorts.of(List.of(nics), guarded);
  }

  private static NicPlace on(String id, String name, String property) {
    return new NicPlace.OnNetwork(
        id, name, false, Optional.of(property).filter(value -> !value.isEmpty()));
  }

  private SchedulingDecision select(List<String> asked, GuardedPorts ports, Host... hosts) {
    return selection.select(asked, ports, known(hosts), Optional.empty(), NOW);
  }

  private Function<String, Optional<AssessedHost>> known(Host... hosts) {
    Map<String, AssessedHost> byId =
        Stream.of(hosts)
            .collect(Collectors.toMap(Host::id, host -> AssessedHost.of(host, fitness)));
    return id -> Optional.ofNullable(byId.get(id));
  }
}
