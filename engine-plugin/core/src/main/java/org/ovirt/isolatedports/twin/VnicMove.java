// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.twin;

import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_CLUSTER_WITHOUT_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_HOST_WITHOUT_NETWORK;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_PROFILE_WITHOUT_COUNTERPART;
import static org.ovirt.isolatedports.validation.ValidationMessage.MOVE_VM_BETWEEN_STATES;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.validation.ValidationMessage;

/**
 * One way, there or back, and what is to be done with a vNIC on it.
 *
 * @param to the name of the network it leads to
 * @param counterparts the profiles it leads to, by those it starts from
 * @param clusters the clusters that network is attached to
 * @param hostsWithout the hosts it is not set up on; of a host that is not known the engine says
 */
public record VnicMove(
    String to, Map<String, String> counterparts, Set<String> clusters, Set<String> hostsWithout) {

  /** What is to be done. */
  public sealed interface Step {

    /** It is where it should be. */
    record Done() implements Step {}

    /** It is to be put on another profile. */
    record Put(String profile) implements Step {}

    /** It cannot be moved now; why, in sentences. */
    record Refused(ValidationMessage rule, String why) implements Step {}
  }

  /**
   * A vNIC as the engine shows it.
   *
   * @param status of the VM, in the words of API v4
   * @param host where the VM runs; empty for one that does not
   * @param live whether it is plugged into a VM that has a process
   */
  public record Vnic(
      String name,
      String vm,
      String status,
      String cluster,
      Optional<String> host,
      String profile,
      boolean live) {}

  /** What is to be done with a vNIC that is on one of the two networks. */
  public Step step(Vnic vnic) {
    if (counterparts.containsValue(vnic.profile())) {
      return new Step.Done();
    }
    String profile = counterparts.get(vnic.profile());
    if (profile == null) {
      return refused(MOVE_PROFILE_WITHOUT_COUNTERPART, vnic);
    }
    if (!clusters.contains(vnic.cluster())) {
      return refused(MOVE_CLUSTER_WITHOUT_NETWORK, vnic);
    }
    if (vnic.live() && !vnic.status().equals("up")) {
      return refused(MOVE_VM_BETWEEN_STATES, vnic);
    }
    if (vnic.live() && vnic.host().filter(hostsWithout::contains).isPresent()) {
      return refused(MOVE_HOST_WITHOUT_NETWORK, vnic);
    }
    return new Step.Put(profile);
  }

  private Step refused(ValidationMessage rule, Vnic vnic) {
    return new Step.Refused(
        rule,
        rule.text(
            Map.of("nic", vnic.name(), "vm", vnic.vm(), "status", vnic.status(), "other", to)));
  }
}
