// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What administrators said of VMs and vNICs, by which policies select them. Nothing that a tenant
 * can change is in it. Whoever keeps it hears of changes by {@link LabelsChanged}.
 */
public interface Labels {

  /**
   * What was said of a VM, or of one of its vNICs.
   *
   * @param namespace its namespace; empty where none was said: a vNIC has its VM's, a VM {@code
   *     default}
   * @param labels its labels; a vNIC has its VM's besides, of which its own take the place
   * @param addresses addresses it is bound to, each as {@code IpText} takes it; of vNICs alone
   */
  record Said(Optional<String> namespace, Map<String, String> labels, List<String> addresses) {

    /** Nothing was said. */
    public static final Said NOTHING = new Said(Optional.empty(), Map.of(), List.of());

    public Said {
      labels = Map.copyOf(labels);
      addresses = List.copyOf(addresses);
    }
  }

  /**
   * What was said of VMs and vNICs, by the engine's ids; one of which nothing was said is not in
   * it.
   */
  record All(Map<UUID, Said> vms, Map<UUID, Said> vnics) {

    public All {
      vms = Map.copyOf(vms);
      vnics = Map.copyOf(vnics);
    }

    /** What holds for a vNIC, its VM's labels and namespace included. */
    public Said of(UUID vm, UUID vnic) {
      Said ofVm = vms.getOrDefault(vm, Said.NOTHING);
      Said own = vnics.getOrDefault(vnic, Said.NOTHING);
      Map<String, String> labels = new java.util.TreeMap<>(ofVm.labels());
      labels.putAll(own.labels());
      return new Said(own.namespace().or(ofVm::namespace), labels, own.addresses());
    }
  }

  /** All of it, in three light queries. */
  All all();
}
