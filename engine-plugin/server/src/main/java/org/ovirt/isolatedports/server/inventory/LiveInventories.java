// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.inventory;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.isolation.Enforcement;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.labels.Labels;
import org.ovirt.isolatedports.server.roles.Roles;
import org.ovirt.isolatedports.server.roles.ServingProfiles;
import org.ovirt.isolatedports.server.uplink.Uplink;
import org.ovirt.isolatedports.server.uplink.Uplinks;

/** Makes the inventory of what the engine and our store say now. */
@ApplicationScoped
public class LiveInventories {

  private static final Duration LISTS = Duration.ofMinutes(1);

  private final EngineMirror mirror;
  private final IsolatedNetworks isolated;
  private final Uplinks uplinks;
  private final Instance<Labels> labels;
  private final Roles roles;
  private final ServingProfiles serving;

  @Inject
  public LiveInventories(
      EngineMirror mirror,
      IsolatedNetworks isolated,
      Uplinks uplinks,
      Instance<Labels> labels,
      Roles roles,
      ServingProfiles serving) {
    this.mirror = mirror;
    this.isolated = isolated;
    this.uplinks = uplinks;
    this.labels = labels;
    this.roles = roles;
    this.serving = serving;
  }

  /**
   * The inventory as it is now, as far as events tell.
   *
   * @throws EngineException if the engine gives no usable answer
   */
  public LiveInventory now() {
    mirror.read(EnumSet.of(Part.NETWORKS, Part.PROFILES), LISTS);
    return of(mirror.read(EnumSet.of(Part.VMS), mirror.restOfVms()));
  }

  /** The inventory of a picture. */
  public LiveInventory of(EnginePicture picture) {
    Map<UUID, Uplink> own = uplinks.all();
    return LiveInventory.of(
        picture,
        isolated(picture),
        id -> own.getOrDefault(id, Uplink.OPEN),
        labels.isResolvable() ? labels.get().all() : new Labels.All(Map.of(), Map.of()),
        roles.all(),
        serving.all());
  }

  /**
   * Ids of the networks that are isolated. One that the engine says nothing of is so if it ever was
   * for us.
   */
  public Set<UUID> isolated(EnginePicture picture) {
    Map<UUID, Enforcement> ours = isolated.enforcements();
    Set<UUID> all = new HashSet<>();
    for (Network network : picture.networks().values()) {
      Enforcement own = ours.get(network.id());
      if (network.portIsolation().orElse(false)
          || own == Enforcement.HOOK
          || (own != null && network.portIsolation().isEmpty())) {
        all.add(network.id());
      }
    }
    return all;
  }
}
