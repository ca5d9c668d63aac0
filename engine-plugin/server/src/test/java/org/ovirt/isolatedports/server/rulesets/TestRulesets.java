// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.server.inventory.LiveInventory;
import org.ovirt.isolatedports.server.inventory.TestPicture;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.policies.HostAbilities;
import org.ovirt.isolatedports.server.rulesets.RulesetBook.HostInput;
import org.ovirt.isolatedports.server.uplink.Uplink;

/** Rulesets of hosts with one isolated network, on which community ports come one by one. */
public final class TestRulesets {

  private static final UUID TENANTS = new UUID(0, 1);

  private final TestPicture picture = new TestPicture();
  private final RulesetBook book = new RulesetBook(Clock.systemUTC());
  private final List<HostInput> hosts = new ArrayList<>();
  private int vms;

  public TestRulesets() {
    this(30);
  }

  /** With so many vNICs. */
  public TestRulesets(int vnics) {
    picture.network(TENANTS, "tenants").profile("web", TENANTS, Optional.of("community:web"));
    for (int i = 0; i < vnics; i++) {
      addVm();
    }
  }

  private void addVm() {
    vms++;
    picture.vm("vm" + vms, "web", String.format("56:6f:1a:2b:%02x:%02x", vms >> 8, vms & 0xff));
  }

  /** A host on the network. */
  public void addHost(String id) {
    addHosts(List.of(id));
  }

  /** Hosts on the network. */
  public void addHosts(List<String> ids) {
    ids.forEach(
        id ->
            hosts.add(
                new HostInput(
                    id,
                    id,
                    HostAbilities.said(true, HostCapabilities.ALL),
                    Set.of(TENANTS.toString()))));
    update();
  }

  /** One more vNIC; gives the hosts whose ruleset is another one now. */
  public Set<String> change() {
    addVm();
    return update();
  }

  private Set<String> update() {
    LiveInventory inventory =
        LiveInventory.of(
            picture.get(),
            Set.of(TENANTS),
            id -> Uplink.OPEN,
            new Labels.All(Map.of(), Map.of()),
            Map.of());
    return book.update(RulesetInputs.of(picture.get(), inventory, Map.of()), List.copyOf(hosts));
  }

  public RulesetBook book() {
    return book;
  }
}
