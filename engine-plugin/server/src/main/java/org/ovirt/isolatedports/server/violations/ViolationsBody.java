// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.violations;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.rules.GuardViolation.Item;
import org.ovirt.isolatedports.rules.GuardViolation.Kind;

/** A violation in the manner of API v4: times as its events have them, links as its entities. */
final class ViolationsBody {

  private static final String OURS = "/ovirt-isolated-ports/api/";
  private static final String ENGINES = "/ovirt-engine/api/";

  private ViolationsBody() {}

  static Map<String, Object> of(Violation violation, boolean withPlace, BodyFormat format) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", OURS + "violations/" + violation.id());
    tree.put("id", violation.id().toString());
    tree.put(
        "description", withPlace ? violation.description() : violation.descriptionWithoutPlace());
    tree.put("code", violation.rule());
    tree.put("severity", violation.severity());
    tree.put("status", violation.clearedAt().isEmpty() ? "open" : "cleared");
    tree.put("time", TreeWriter.time(violation.foundAt(), format));
    violation.clearedAt().ifPresent(at -> tree.put("cleared_time", TreeWriter.time(at, format)));
    violation.network().ifPresent(item -> tree.put("network", link(item)));
    violation.subject().ifPresent(item -> tree.put(element(item.kind()), link(item)));
    return tree;
  }

  private static Map<String, Object> link(Item item) {
    Map<String, Object> link = new LinkedHashMap<>();
    link.put("href", collection(item.kind()) + item.id());
    link.put("id", item.id());
    link.put("name", item.name());
    return link;
  }

  private static String element(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private static String collection(Kind kind) {
    return switch (kind) {
      case NETWORK -> OURS + "networks/";
      case CLUSTER -> ENGINES + "clusters/";
      case VNIC_PROFILE -> OURS + "vnicprofiles/";
      case VM -> ENGINES + "vms/";
      case HOST -> ENGINES + "hosts/";
    };
  }
}
