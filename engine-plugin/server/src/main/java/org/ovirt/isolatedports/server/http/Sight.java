// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.server.http.caller.EditRights;

/**
 * What the engine shows to the caller: what only we know is told of these entities alone. Read when
 * it is needed, and once a request.
 */
@RequestScoped
public class Sight {

  /** More VMs than these are not asked for one by one. */
  private static final int FEW = 20;

  @Inject Exchange exchange;
  @Inject EditRights rights;
  private final Map<String, Map<String, String>> lists = new HashMap<>();
  private final Map<String, Boolean> vms = new HashMap<>();
  private Optional<Boolean> everything = Optional.empty();

  /** Names of the networks that are shown, by id. */
  public Map<String, String> networks() {
    return list("/networks", "networks", "network");
  }

  /** Names of the hosts that are shown, by id. */
  public Map<String, String> hosts() {
    return list("/hosts", "hosts", "host");
  }

  /** Names of the clusters that are shown, by id. */
  public Map<String, String> clusters() {
    return list("/clusters", "clusters", "cluster");
  }

  /** Names of the vNIC profiles that are shown, by id. */
  public Map<String, String> profiles() {
    return list("/vnicprofiles", "vnic_profiles", "vnic_profile");
  }

  /** Those of some VMs that are shown. */
  public Set<String> vms(Collection<String> ids) {
    Set<String> unknown = new HashSet<>(ids);
    unknown.removeAll(vms.keySet());
    if (unknown.size() > FEW) {
      Set<String> shown = everything() ? unknown : list("/vms", "vms", "vm").keySet();
      unknown.forEach(id -> vms.put(id, shown.contains(id)));
    } else {
      unknown.forEach(id -> vms.put(id, isShown(id)));
    }
    Set<String> seen = new HashSet<>(ids);
    seen.removeIf(id -> !vms.getOrDefault(id, false));
    return seen;
  }

  private boolean isShown(String vm) {
    return isId(vm) && exchange.readAuthorized("/vms/" + vm).isSuccess();
  }

  /** What is no id must not get into a path. */
  private static boolean isId(String text) {
    Optional<UUID> id = Ids.uuid(text);
    return id.isPresent() && id.get().toString().equalsIgnoreCase(text);
  }

  /**
   * Whether the caller may be told what concerns hosts and all isolated networks together: whoever
   * sees hosts and each of these networks, and whoever may edit all.
   *
   * @param isolated ids of all isolated networks
   */
  public boolean whole(Collection<String> isolated) {
    return (!hosts().isEmpty() && networks().keySet().containsAll(isolated)) || everything();
  }

  /** Whether the caller may edit every network there is. */
  public boolean everything() {
    if (everything.isEmpty()) {
      everything = Optional.of(rights.mayEditAll(exchange.token()));
    }
    return everything.get();
  }

  private Map<String, String> list(String path, String root, String element) {
    Map<String, String> known = lists.get(path);
    if (known == null) {
      known = new HashMap<>();
      EngineAnswer answer = exchange.readAuthorized(path);
      if (!answer.isSuccess()) {
        throw new EngineException(
            EngineException.Kind.REFUSED,
            answer.status(),
            "The oVirt engine does not list its " + root + " (status " + answer.status() + ").");
      }
      for (ApiBody item : Exchange.parse(answer, root).items(element)) {
        known.put(item.text("id").orElse(""), item.text("name").orElse(""));
      }
      lists.put(path, known);
    }
    return known;
  }
}
