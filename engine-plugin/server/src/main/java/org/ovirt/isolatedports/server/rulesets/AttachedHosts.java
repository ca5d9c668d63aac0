// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.rulesets;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;
import org.ovirt.isolatedports.server.policies.EnforcingHosts;

/** The hosts of a network, as the engine's picture and their own reports say. */
@ApplicationScoped
public class AttachedHosts implements EnforcingHosts {

  /** Events tell of hosts that come, go or change. */
  private static final Duration LISTS = Duration.ofMinutes(1);

  private final EngineMirror mirror;
  private final RulesetKeeper keeper;

  @Inject
  public AttachedHosts(EngineMirror mirror, RulesetKeeper keeper) {
    this.mirror = mirror;
    this.keeper = keeper;
  }

  @Override
  public List<Host> of(UUID networkId) {
    return RulesetInputs.hostsOf(
        mirror.read(EnumSet.of(Part.HOSTS, Part.CLUSTERS), LISTS),
        keeper.reported(),
        networkId.toString());
  }
}
