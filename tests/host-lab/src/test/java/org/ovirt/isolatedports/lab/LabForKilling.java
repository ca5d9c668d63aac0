// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

/** A program with a running lab, to be ended from outside. */
final class LabForKilling {

  private LabForKilling() {}

  public static void main(String[] arguments) throws InterruptedException {
    try (Lab lab = Lab.builder().network("iso1", "10.77.1.0/24").guests(GuestKind.NETNS).start()) {
      lab.host("a")
          .start(DomainXml.vm("vm").vnic(DomainXml.Vnic.on("iso1", "56:6f:11:22:03:01")).domain());
      System.out.println(lab.scratch());
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
