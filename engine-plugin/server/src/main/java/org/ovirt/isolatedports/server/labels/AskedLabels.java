// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.labels;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.policy.address.IpRange;
import org.ovirt.isolatedports.policy.address.IpText;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.kubernetes.KubernetesNames;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** Reads what a caller says of a VM or vNIC, by the rules of the Kubernetes API. */
final class AskedLabels {

  private static final Set<String> OF_VM = Set.of("href", "namespace", "labels");
  private static final Set<String> OF_VNIC = Set.of("href", "namespace", "labels", "ips");

  /** The engine's own names for a VM, which a policy selects by as labels. */
  private static final Set<String> RESERVED =
      Set.of(InventoryReader.VM_NAME_LABEL, InventoryReader.VM_ID_LABEL);

  private static final int MOST_LABELS = 64;
  private static final int MOST_ADDRESSES = 32;
  private static final int BAD_REQUEST = 400;

  private AskedLabels() {}

  /**
   * Reads a body.
   *
   * @param ofVnic whether it is about a vNIC, which can have addresses
   * @param action what cannot be done if it is wrong, such as {@code Cannot edit Labels of VM web}
   * @throws FaultException if something of it is wrong
   */
  static Labels.Said read(ApiBody asked, boolean ofVnic, String action) {
    OwnEntities.onlyKnown(asked, ofVnic ? OF_VNIC : OF_VM, action);
    Optional<String> namespace = asked.text("namespace");
    namespace
        .flatMap(KubernetesNames::dnsLabel)
        .ifPresent(
            problem -> {
              throw bad(
                  action,
                  "The namespace \""
                      + namespace.get()
                      + "\" has an invalid name: "
                      + problem
                      + ".");
            });
    return new Labels.Said(namespace, labels(asked, action), addresses(asked, action));
  }

  private static Map<String, String> labels(ApiBody asked, String action) {
    Map<String, String> labels = new TreeMap<>();
    for (ApiBody label : asked.list("labels", "label")) {
      String name =
          label.text("name").orElseThrow(() -> bad(action, "A label needs a name; write one."));
      String value = label.text("value").orElse("");
      OwnEntities.onlyKnown(label, Set.of("name", "value"), action);
      KubernetesNames.labelKey(name)
          .ifPresent(
              problem -> {
                throw bad(
                    action, "The label \"" + name + "\" has an invalid name: " + problem + ".");
              });
      KubernetesNames.labelValue(value)
          .ifPresent(
              problem -> {
                throw bad(
                    action,
                    "The label "
                        + name
                        + " has an invalid value: \""
                        + value
                        + "\": "
                        + problem
                        + ".");
              });
      if (RESERVED.contains(name)) {
        throw bad(
            action,
            "The label " + name + " is the VM's own name or id and cannot be set; leave it out.");
      }
      if (labels.put(name, value) != null) {
        throw bad(action, "The label " + name + " is there twice; send it once.");
      }
    }
    if (labels.size() > MOST_LABELS) {
      throw bad(action, "There are more than " + MOST_LABELS + " labels.");
    }
    return labels;
  }

  private static List<String> addresses(ApiBody asked, String action) {
    Set<String> addresses = new LinkedHashSet<>();
    for (String text : asked.texts("ips", "ip").orElse(List.of())) {
      IpText.addressProblem(text)
          .ifPresent(
              problem -> {
                throw bad(action, "The ip \"" + text + "\" is no address: " + problem + ".");
              });
      IpRange.parse(text).map(IpRange::addressText).ifPresent(addresses::add);
    }
    if (addresses.size() > MOST_ADDRESSES) {
      throw bad(action, "There are more than " + MOST_ADDRESSES + " addresses.");
    }
    return new ArrayList<>(addresses).stream().sorted().toList();
  }

  private static FaultException bad(String action, String what) {
    return FaultException.operationFailed(BAD_REQUEST, action + ". " + what);
  }
}
