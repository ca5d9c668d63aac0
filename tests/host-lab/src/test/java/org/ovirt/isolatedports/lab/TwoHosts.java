// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.ovirt.isolatedports.lab.DomainXml.Vnic;

/**
 * Two hosts with the product and its service on them, on an isolated and a plain network, for all
 * tests of a class. After each test no VM is left, and both hosts must be as they are to be.
 */
@Tag("root")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class TwoHosts {

  static final String PROPERTY = "port_isolation";
  static final List<IsolatedBridge> LIST =
      List.of(new IsolatedBridge("iso1", "5a2c4b1e-0000-4000-8000-000000000001", "iso1"));

  Lab lab;
  HookedHost a;
  HookedHost b;
  private int next = 1;

  @BeforeAll
  void build() {
    lab =
        Lab.builder()
            .hosts("a", "b")
            .network("iso1", "10.77.1.0/24")
            .network("plain1", "10.77.2.0/24")
            .switchPortsProtected("iso1", true)
            .guests(GuestKind.AUTO)
            .start();
    a = new HookedHost(lab, lab.host("a")).install(LIST).startWatch();
    b = new HookedHost(lab, lab.host("b")).install(LIST).startWatch();
  }

  @AfterAll
  void tearDown() {
    if (lab != null) {
      lab.close();
    }
  }

  @AfterEach
  void destroyVms() {
    for (HookedHost host : List.of(a, b)) {
      for (String vmId : host.host().running()) {
        host.host().destroy(vmId);
      }
      Poll.until(
          Duration.ofSeconds(90),
          () -> host.status() == 0,
          () -> host.host().read("/run/lab/status"));
    }
  }

  /** A vNIC with a MAC of its own. */
  Vnic vnic(String bridge) {
    return Vnic.on(bridge, "56:6f:11:22:%02x:%02x".formatted(next / 256, next++ % 256));
  }

  /** A VM for those who look at its host alone: its guest boots no system. */
  DomainXml vm(Vnic... vnics) {
    DomainXml vm = DomainXml.vm("vm" + next++).idle();
    List.of(vnics).forEach(vm::vnic);
    return vm;
  }

  /** Starts a VM whose guest boots no system. */
  String start(HookedHost host, Vnic... vnics) {
    return host.host().start(vm(vnics).domain());
  }

  /** Starts a VM and waits for its guest's system. */
  String boot(HookedHost host, Vnic... vnics) {
    DomainXml vm = DomainXml.vm("vm" + next++);
    List.of(vnics).forEach(vm::vnic);
    String vmId = host.host().start(vm.domain());
    lab.guest(vmId);
    return vmId;
  }
}
