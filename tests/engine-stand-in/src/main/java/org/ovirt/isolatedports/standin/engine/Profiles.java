// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.standin.api.ApiException;
import org.ovirt.isolatedports.standin.api.Tree;
import org.ovirt.isolatedports.standin.engine.EventLog.Kind;
import org.ovirt.isolatedports.standin.engine.Model.DataCenter;
import org.ovirt.isolatedports.standin.engine.Model.Network;
import org.ovirt.isolatedports.standin.engine.Model.Target;
import org.ovirt.isolatedports.standin.engine.Model.VnicProfile;
import org.ovirt.isolatedports.standin.engine.Rights.Permit;

/** vNIC profiles (AddVnicProfileCommand, VnicProfileValidator). */
final class Profiles {
  private static final String SUBJECT = " VM network interface profile";
  private static final Set<String> KEPT = Set.of("qos", "migratable", "failover");

  private final Engine engine;

  Profiles(Engine engine) {
    this.engine = engine;
  }

  static Target target(UUID id) {
    return new Target("vnic_profile", id);
  }

  VnicProfile find(Caller caller, UUID id) {
    return engine
        .profiles
        .get(id)
        .filter(profile -> engine.rights.sees(caller, target(profile.id())))
        .orElseThrow(ApiException::notFound);
  }

  /** The profile an engine makes with each VM network. */
  void addDefault(Caller caller, Network network) {
    VnicProfile profile = defaultOf(network, UUID.randomUUID());
    engine.profiles.put(profile.id(), profile);
    added(caller, profile, network);
  }

  static VnicProfile defaultOf(Network network, UUID id) {
    return new VnicProfile(
        id,
        network.id(),
        network.name(),
        Optional.empty(),
        Map.of(),
        "disabled",
        false,
        Optional.of(Engine.NO_MAC_SPOOFING),
        new Tree());
  }

  private void added(Caller caller, VnicProfile profile, Network network) {
    engine.rights.grant(Rights.NETWORK_ADMIN, caller.id(), false, target(profile.id()));
    DataCenter dataCenter = engine.dataCenters.get(network.dataCenter()).orElseThrow();
    write(
        Kind.ADD_VNIC_PROFILE,
        "VM network interface profile "
            + profile.name()
            + " was added to network "
            + network.name()
            + " in Data Center: "
            + dataCenter.name()
            + ". (User: "
            + caller.name()
            + ")",
        caller);
  }

  private void write(Kind kind, String text, Caller caller) {
    engine.events.write(kind, text, caller.correlation(), List.of(caller.link()));
  }

  VnicProfile add(Caller caller, Tree body, Optional<UUID> networkOfPath) {
    synchronized (engine.commands) {
      if (body.text("name").isEmpty()) {
        throw ApiException.missing("vnic_profile.name");
      }
      UUID networkId =
          networkOfPath.orElseGet(
              () ->
                  Engine.uuid(
                      Optional.of(
                          body.idOf("network")
                              .orElseThrow(
                                  () -> ApiException.missing("vnic_profile.network.id")))));
      Network network =
          engine
              .networks
              .get(networkId)
              .filter(each -> engine.rights.sees(caller, Networks.target(each.id())))
              .orElseThrow(
                  () ->
                      ApiException.fault(
                          404, "Operation Failed", "Entity not found: Network: id=" + networkId));
      engine.rights.require(caller, Permit.CREATE_NETWORK_VNIC_PROFILE, Networks.target(networkId));
      boolean passThrough = passThroughMode(body).equals(Optional.of("enabled"));
      VnicProfile profile =
          new VnicProfile(
              UUID.randomUUID(),
              networkId,
              body.text("name").orElseThrow(),
              body.text("description"),
              custom(body).orElse(Map.of()),
              passThrough ? "enabled" : "disabled",
              body.flag("port_mirroring").orElse(false),
              filter(body)
                  .orElse(passThrough ? Optional.empty() : Optional.of(Engine.NO_MAC_SPOOFING)),
              kept(body, new Tree()));
      validate(profile, network, "add");
      engine.profiles.put(profile.id(), profile);
      added(caller, profile, network);
      return profile;
    }
  }

  VnicProfile update(Caller caller, UUID id, Tree body) {
    synchronized (engine.commands) {
      VnicProfile before = find(caller, id);
      Network network = engine.networks.get(before.network()).orElseThrow();
      engine.rights.require(caller, Permit.CONFIGURE_NETWORK_VNIC_PROFILE, target(id));
      String name = body.text("name").orElse(before.name());
      VnicProfile after =
          new VnicProfile(
              id,
              before.network(),
              name,
              body.text("description").or(before::description),
              custom(body).orElse(before.customProperties()),
              passThroughMode(body).orElse(before.passThrough()),
              body.flag("port_mirroring").orElse(before.portMirroring()),
              filter(body).orElse(before.networkFilter()),
              kept(body, before.rest()));
      if (after.portMirroring() != before.portMirroring()) {
        notUsedByVms(before, "edit", true);
      }
      validate(after, network, "edit");
      engine.profiles.put(id, after);
      if (!behaviour(before).equals(behaviour(after))) {
        engine.nicCommands.fellOutOfStep(nic -> nic.profile().equals(Optional.of(id)));
      }
      if (!name.equals(before.name())) {
        engine.renamed("Vnic Profile", before.name(), name, caller, List.of());
      }
      DataCenter dataCenter = engine.dataCenters.get(network.dataCenter()).orElseThrow();
      write(
          Kind.UPDATE_VNIC_PROFILE,
          "VM network interface profile "
              + name
              + " was updated for network "
              + network.name()
              + " in Data Center: "
              + dataCenter.name()
              + ". (User: "
              + caller.name()
              + ")",
          caller);
      return after;
    }
  }

  /** What of a profile a host would notice. */
  private static List<Object> behaviour(VnicProfile profile) {
    return List.of(
        profile.customProperties(),
        profile.networkFilter(),
        profile.portMirroring(),
        profile.passThrough());
  }

  void remove(Caller caller, UUID id) {
    synchronized (engine.commands) {
      VnicProfile profile = find(caller, id);
      engine.rights.require(caller, Permit.DELETE_NETWORK_VNIC_PROFILE, target(id));
      notUsedByVms(profile, "remove", false);
      engine.profiles.remove(id);
      engine.rights.forget(id);
      Network network = engine.networks.get(profile.network()).orElseThrow();
      DataCenter dataCenter = engine.dataCenters.get(network.dataCenter()).orElseThrow();
      write(
          Kind.REMOVE_VNIC_PROFILE,
          "VM network interface profile "
              + profile.name()
              + " was removed from network "
              + network.name()
              + " in Data Center: "
              + dataCenter.name()
              + ". (User: "
              + caller.name()
              + ")",
          caller);
    }
  }

  // --- what a body says ---

  private static Optional<String> passThroughMode(Tree body) {
    return body.child("pass_through").flatMap(each -> each.text("mode"));
  }

  private static Optional<Map<String, String>> custom(Tree body) {
    if (!body.has("custom_properties")) {
      return Optional.empty();
    }
    return Optional.of(
        body.child("custom_properties")
            .map(each -> Views.propertiesOf(each, "custom_property"))
            .orElse(Map.of()));
  }

  /** Not said, or said to be none, or said to be one. */
  private static Optional<Optional<UUID>> filter(Tree body) {
    if (!body.has("network_filter")) {
      return Optional.empty();
    }
    return Optional.of(
        body.child("network_filter")
            .flatMap(each -> each.text("id"))
            .map(id -> Engine.uuid(Optional.of(id))));
  }

  private static Tree kept(Tree body, Tree before) {
    Tree kept = before.copy();
    KEPT.forEach(
        name -> {
          if (body.has(name)) {
            kept.putRaw(name, body.members().get(name));
          }
        });
    return kept;
  }

  // --- rules ---

  private void validate(VnicProfile profile, Network network, String action) {
    nameIsFree(profile, action);
    filterExists(profile, action);
    propertiesAreAllowed(profile, network, action);
    if (profile.passThrough().equals("enabled")) {
      if (action.equals("add")) {
        isolationRulesOutPassThrough(network, action);
        passThroughIsPlain(profile, action);
      } else {
        passThroughIsPlain(profile, action);
        isolationRulesOutPassThrough(network, action);
      }
    }
  }

  private void nameIsFree(VnicProfile profile, String action) {
    boolean taken =
        engine
            .profiles
            .first(
                other ->
                    !other.id().equals(profile.id())
                        && other.network().equals(profile.network())
                        && other.name().equals(profile.name()))
            .isPresent();
    if (taken) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + SUBJECT
              + ". The VM network interface profile's name is already used by an existing profile"
              + " for the same network.\n-Please choose a different name.");
    }
  }

  private static void filterExists(VnicProfile profile, String action) {
    profile
        .networkFilter()
        .filter(filter -> !filter.equals(Engine.NO_MAC_SPOOFING))
        .ifPresent(
            filter -> {
              throw ApiException.refused(
                  400,
                  "Cannot "
                      + action
                      + SUBJECT
                      + ". vNIC profile '"
                      + profile.name()
                      + "' has an invalid network filter id '"
                      + filter
                      + "'.");
            });
  }

  private void propertiesAreAllowed(VnicProfile profile, Network network, String action) {
    DataCenter dataCenter = engine.dataCenters.get(network.dataCenter()).orElseThrow();
    Map<String, Pattern> known =
        engine.options.interfaceProperties(dataCenter.version().toString());
    Set<String> unknown = new TreeSet<>();
    Set<String> illegal = new TreeSet<>();
    profile
        .customProperties()
        .forEach(
            (name, value) -> {
              if (value.contains(";")) {
                // The engine joins properties with this character and breaks on it.
                throw ApiException.broken();
              }
              Pattern pattern = known.get(name);
              if (pattern == null) {
                unknown.add(name);
              } else if (!pattern.matcher(value).matches()) {
                illegal.add(name);
              }
            });
    if (!unknown.isEmpty()) {
      throw ApiException.refused(
          400,
          "Cannot "
              + action
              + SUBJECT
              + " if some of the specified custom properties are not configured by the system. The"
              + " keys are: "
              + String.join(", ", unknown));
    }
    if (!illegal.isEmpty()) {
      throw ApiException.refused(
          400,
          "Cannot "
              + action
              + SUBJECT
              + " if some of the specified custom properties have illegal values. The keys are: "
              + String.join(", ", illegal));
    }
  }

  private static void isolationRulesOutPassThrough(Network network, String action) {
    if (network.portIsolation()) {
      throw ApiException.refused(
          400,
          "Cannot "
              + action
              + SUBJECT
              + ". Networks with Port Isolation enabled are not supported on passthrough"
              + " profiles.");
    }
  }

  private static void passThroughIsPlain(VnicProfile profile, String action) {
    if (profile.portMirroring() || profile.networkFilter().isPresent()) {
      throw ApiException.refused(
          400,
          "Cannot "
              + action
              + SUBJECT
              + ". 'Port Mirroring,'Qos' and 'Network Filter' are not supported on passthrough"
              + " profiles.");
    }
  }

  private void notUsedByVms(VnicProfile profile, String action, boolean liveOnly) {
    Set<String> names = new TreeSet<>();
    engine.nics.where(nic -> nic.profile().equals(Optional.of(profile.id()))).stream()
        .filter(nic -> !liveOnly || engine.nicCommands.live(nic))
        .forEach(nic -> names.add(engine.vms.get(nic.vm()).orElseThrow().name()));
    if (!names.isEmpty()) {
      throw ApiException.refused(
          409,
          "Cannot "
              + action
              + SUBJECT
              + ". This VM network interface profile is used by virtual machine:  \t"
              + String.join(",\n\t", names)
              + ".\n - Please remove it from this virtual machine and try again.");
    }
  }
}
