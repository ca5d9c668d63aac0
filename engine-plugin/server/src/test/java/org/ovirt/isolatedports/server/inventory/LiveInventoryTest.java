// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.policy.inventory.Network;
import org.ovirt.isolatedports.policy.inventory.Nic;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.uplink.Hairpin;
import org.ovirt.isolatedports.server.uplink.Uplink;

class LiveInventoryTest {

  private static final UUID TENANTS = new UUID(0, 1);
  private static final UUID PLAIN = new UUID(0, 2);

  private final TestPicture picture = new TestPicture();
  private final Set<UUID> isolated = Set.of(TENANTS);
  private Uplink uplink = Uplink.OPEN;
  private Labels.All labels = new Labels.All(Map.of(), Map.of());

  private Map<UUID, Roles.Given> roles = Map.of();

  LiveInventoryTest() {
    picture.network(TENANTS, "tenants").network(PLAIN, "plain");
    picture.profile("iso", TENANTS, Optional.empty()).profile("open", PLAIN, Optional.empty());
  }

  private LiveInventory inventory() {
    return LiveInventory.of(picture.get(), isolated, id -> uplink, labels, roles);
  }

  @Test
  void theVnicsOfAProfileForItMayServe() {
    UUID profile = new UUID(7, 7);
    picture.profile(profile.toString(), TENANTS, Optional.empty());
    picture.vm("vm1", profile.toString(), "56:6f:00:00:00:01");
    assertThat(onlyNic().serves()).isFalse();
    assertThat(
            LiveInventory.of(picture.get(), isolated, id -> uplink, labels, roles, Set.of(profile))
                .inventory()
                .nics())
        .singleElement()
        .matches(Nic::serves)
        .matches(Nic::antiSpoof);
  }

  @Test
  void aVnicsOwnRoleTakesThePlaceOfItsProfilesOnTheNetworkItWasGivenFor() {
    picture.profile("web", TENANTS, Optional.of("community:web"));
    picture.vm("vm1", "web", "56:6f:00:00:00:01");
    UUID vnic = UUID.fromString(TestPicture.idOf("vm1/nic1"));
    roles = Map.of(vnic, new Roles.Given(TENANTS, "promiscuous"));
    assertThat(onlyNic().role()).hasToString("promiscuous");
    roles = Map.of(vnic, new Roles.Given(PLAIN, "promiscuous"));
    assertThat(onlyNic().role()).as("given for another network").hasToString("community:web");
    roles = Map.of(UUID.randomUUID(), new Roles.Given(TENANTS, "promiscuous"));
    assertThat(onlyNic().role()).as("given another vNIC").hasToString("community:web");
    roles = Map.of(vnic, new Roles.Given(TENANTS, "nonsense"));
    assertThat(onlyNic().role()).as("that cannot be read").hasToString("isolated");
  }

  private Nic onlyNic() {
    assertThat(inventory().inventory().nics()).hasSize(1);
    return inventory().inventory().nics().get(0);
  }

  @ParameterizedTest
  @CsvSource({
    "true,,isolated",
    "true,true,isolated",
    "true,promiscuous,promiscuous",
    "true,community:web,community:web",
    "true,'',isolated",
    "true,Promiscuous,isolated",
    "false,,promiscuous",
    "false,isolated,isolated",
    "false,nonsense,isolated"
  })
  void aRoleIsThatOfTheProfileAndIsolatedWhereItCannotBeRead(
      boolean onIsolated, String property, String role) {
    picture.profile("asked", onIsolated ? TENANTS : PLAIN, Optional.ofNullable(property));
    picture.vm("vm1", "asked", "56:6f:00:00:00:01");
    assertThat(onlyNic().role()).hasToString(role);
  }

  @Test
  void aNetworkHasItsBridgeAndUplink() {
    uplink = new Uplink(true, List.of("52:54:00:00:00:fe"));
    Network network = inventory().inventory().networks().get(TENANTS.toString()).orElseThrow();
    assertThat(network.bridge()).isEqualTo("tenants");
    assertThat(network.portIsolation()).isTrue();
    assertThat(network.uplink()).isEqualTo(Network.Uplink.GATEWAYS);
    assertThat(network.gatewayMacs()).hasSize(1);
    assertThat(inventory().inventory().networks().get(PLAIN.toString()).orElseThrow())
        .matches(plain -> !plain.portIsolation());
  }

  @Test
  void whatTheUplinkDoesNotBringBackHasBlocksAndGateways() {
    uplink = new Uplink(false, List.of(), new Hairpin(List.of("10.0.0.0/24"), List.of("10.0.0.1")));
    Network network = inventory().inventory().networks().get(TENANTS.toString()).orElseThrow();
    assertThat(network.dropsHairpin()).isTrue();
    assertThat(network.cidrs()).singleElement().hasToString("10.0.0.0/24");
    assertThat(network.gateways()).singleElement().hasToString("10.0.0.1");
    uplink = Uplink.OPEN;
    assertThat(inventory().inventory().networks().get(TENANTS.toString()).orElseThrow())
        .matches(each -> !each.dropsHairpin());
  }

  @Test
  void aNameThatIsNoDeviceHasTheBridgeThatTheEngineGivesIt() {
    UUID id = UUID.fromString("d376b019-dae7-431f-a9d2-1bbe25960149");
    picture.network(id, "blue net");
    assertThat(inventory().inventory().networks().get(id.toString()).orElseThrow().bridge())
        .isEqualTo("ond376b019dae74");
  }

  @Test
  void labelsAreThoseGivenAndTheVmsOwnNameAndId() {
    labels =
        new Labels.All(
            Map.of(
                UUID.fromString(TestPicture.idOf("vm1")),
                new Labels.Said(
                    Optional.of("red"),
                    Map.of("app", "db", "vm.kubevirt.io/name", "forged"),
                    List.of())),
            Map.of(
                UUID.fromString(TestPicture.idOf("vm1/nic1")),
                new Labels.Said(Optional.empty(), Map.of(), List.of("192.0.2.7", "nonsense"))));
    picture.vm("vm1", "iso", "56:6f:00:00:00:01");
    assertThat(onlyNic().labels())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "app", "db",
                "vm.kubevirt.io/name", "vm1",
                "isolated-ports.ovirt.org/vm-id", TestPicture.idOf("vm1")));
    assertThat(onlyNic().namespace()).isEqualTo("red");
    assertThat(onlyNic().antiSpoof()).isTrue();
    assertThat(onlyNic().addresses()).singleElement().hasToString("192.0.2.7");
  }

  @Test
  void aVnicThatCannotBeToldFromAnotherIsInNoRule() {
    uplink = new Uplink(true, List.of("52:54:00:00:00:fe"));
    picture.vm("none", "iso", "");
    picture.vm("group", "iso", "01:00:5e:00:00:01");
    picture.vm("gateway", "iso", "52:54:00:00:00:fe");
    picture.vm("one", "iso", "56:6f:00:00:00:01");
    picture.vm("other", "open", "56:6f:00:00:00:01");
    assertThat(inventory().inventory().nics()).isEmpty();
    assertThat(inventory().problems())
        .hasSize(5)
        .contains(
            "vNIC nic1 of VM gateway on network tenants is in no ruleset: its MAC is that of a"
                + " gateway; give it another one.");
  }

  @Test
  void ofVnicsWithOneMacTheOneThatIsPluggedInCounts() {
    picture.vm("one", "iso", "56:6f:00:00:00:01");
    picture.unpluggedVm("other", "iso", "56:6f:00:00:00:01");
    assertThat(onlyNic().vm().name()).isEqualTo("one");
    assertThat(inventory().problems()).singleElement().asString().contains("VM other");
  }

  @Test
  void whatIsOnNoKnownNetworkIsLeftOut() {
    picture.vm("vm1", "gone", "56:6f:00:00:00:01");
    assertThat(inventory().inventory().nics()).isEmpty();
    assertThat(inventory().inventory().vms()).hasSize(1);
    assertThat(inventory().ports("nowhere")).isEmpty();
  }

  @Test
  void theOrderIsThatOfTheDevices() {
    List<String> macs = new ArrayList<>(List.of("03", "01", "02"));
    macs.forEach(mac -> picture.vm("vm" + mac, "iso", "56:6f:00:00:00:" + mac));
    assertThat(inventory().ports(TENANTS.toString()))
        .extracting(port -> port.nic().device())
        .containsExactly("nic566f00000001", "nic566f00000002", "nic566f00000003");
  }
}
