// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.ovirt.engine.sdk4.services.SystemService;
import org.ovirt.engine.sdk4.types.CustomProperty;
import org.ovirt.engine.sdk4.types.NetworkUsage;
import org.ovirt.engine.sdk4.types.Nic;
import org.ovirt.engine.sdk4.types.VnicPassThroughMode;
import org.ovirt.isolatedports.inventory.VnicProfile;

/**
 * What the rules need to know of the engine's entities, each in one request.
 *
 * <p>Empty means that the owner of the token sees no such entity: the engine answers 404 to both.
 */
public class EngineLookup {

  /**
   * A network.
   *
   * @param dataCenterId its data center, where the engine names one
   * @param vmNetwork whether VMs may use it
   * @param external whether an external provider owns it
   * @param portIsolation what the engine itself says of the attribute
   */
  public record Network(
      UUID id,
      Optional<UUID> dataCenterId,
      String name,
      boolean vmNetwork,
      boolean external,
      boolean portIsolation) {}

  /** A vNIC profile and its network. */
  public record Profile(VnicProfile profile, Network network) {}

  private static final int FORBIDDEN = 403;
  private static final Pattern SEARCHABLE = Pattern.compile("[A-Za-z0-9_-]+");

  private final HardenedSdk sdk;

  public EngineLookup(HardenedSdk sdk) {
    this.sdk = sdk;
  }

  /** A network by its id. */
  public Optional<Network> network(String token, String id) {
    return visible(() -> system(token).networksService().networkService(id).get().send().network())
        .map(EngineLookup::network);
  }

  /** A network of a data center by its name. */
  public Optional<Network> networkByName(String token, UUID dataCenterId, String name) {
    Supplier<List<org.ovirt.engine.sdk4.types.Network>> all =
        () ->
            system(token)
                .dataCentersService()
                .dataCenterService(dataCenterId.toString())
                .networksService()
                .list()
                .send()
                .networks();
    Supplier<List<org.ovirt.engine.sdk4.types.Network>> searched =
        () -> system(token).networksService().list().search("name=" + name).send().networks();
    // Other names would mean something else in the engine's search language.
    return visible(SEARCHABLE.matcher(name).matches() ? searched : all).orElse(List.of()).stream()
        .filter(network -> name.equals(network.name()))
        .map(EngineLookup::network)
        .filter(network -> network.dataCenterId().filter(dataCenterId::equals).isPresent())
        .findFirst();
  }

  /** A data center's id by its name. */
  public Optional<UUID> dataCenterByName(String token, String name) {
    return visible(() -> system(token).dataCentersService().list().send().dataCenters())
        .orElse(List.of())
        .stream()
        .filter(dataCenter -> name.equals(dataCenter.name()))
        .map(dataCenter -> UUID.fromString(dataCenter.id()))
        .findFirst();
  }

  /** A data center's compatibility level, such as 4.4. */
  public Optional<String> levelOf(String token, UUID dataCenter) {
    return visible(
            () ->
                system(token)
                    .dataCentersService()
                    .dataCenterService(dataCenter.toString())
                    .get()
                    .send()
                    .dataCenter())
        .map(found -> found.version())
        .filter(version -> version.majorPresent() && version.minorPresent())
        .map(version -> version.major() + "." + version.minor());
  }

  /**
   * Removes a network.
   *
   * @throws EngineException if the engine refuses, as it does while VMs use the network
   */
  public void remove(String token, UUID id) {
    visible(() -> system(token).networksService().networkService(id.toString()).remove().send());
  }

  /** The networks attached to a cluster. */
  public List<Network> networksOfCluster(String token, String clusterId) {
    return visible(
            () ->
                system(token)
                    .clustersService()
                    .clusterService(clusterId)
                    .networksService()
                    .list()
                    .send()
                    .networks())
        .orElse(List.of())
        .stream()
        .map(EngineLookup::network)
        .toList();
  }

  /** A vNIC profile with its network. */
  public Optional<Profile> profile(String token, String id) {
    return visible(
            () ->
                system(token)
                    .vnicProfilesService()
                    .profileService(id)
                    .get()
                    .follow("network")
                    .send()
                    .profile())
        .map(profile -> new Profile(profile(profile), networkOf(token, profile)));
  }

  /** The network that a vNIC is on; a vNIC without a profile is on none. */
  public Optional<Network> networkOfNic(String token, String vmId, String nicId) {
    return visible(
            () ->
                system(token)
                    .vmsService()
                    .vmService(vmId)
                    .nicsService()
                    .nicService(nicId)
                    .get()
                    .follow("vnic_profile.network")
                    .send()
                    .nic())
        .flatMap(nic -> networkOf(token, nic));
  }

  /** The networks that a VM's vNICs are on. */
  public List<Network> networksOfVm(String token, String vmId) {
    return visible(
            () ->
                system(token)
                    .vmsService()
                    .vmService(vmId)
                    .nicsService()
                    .list()
                    .follow("vnic_profile.network")
                    .send()
                    .nics())
        .orElse(List.of())
        .stream()
        .flatMap(nic -> networkOf(token, nic).stream())
        .distinct()
        .toList();
  }

  /** The cluster that a VM is in. */
  public Optional<String> clusterOfVm(String token, String vmId) {
    return visible(() -> system(token).vmsService().vmService(vmId).get().send().vm())
        .flatMap(vm -> Optional.ofNullable(vm.cluster()))
        .map(cluster -> cluster.id());
  }

  private Optional<Network> networkOf(String token, Nic nic) {
    return Optional.ofNullable(nic.vnicProfile()).map(profile -> networkOf(token, profile));
  }

  /** The network of a profile, also where the engine did not follow the link. */
  private Network networkOf(String token, org.ovirt.engine.sdk4.types.VnicProfile profileOrLink) {
    org.ovirt.engine.sdk4.types.Network network =
        profileOrLink.network() == null
            ? visible(
                    () ->
                        system(token)
                            .vnicProfilesService()
                            .profileService(profileOrLink.id())
                            .get()
                            .send()
                            .profile())
                .map(profile -> profile.network())
                .orElseThrow(EngineLookup::unseen)
            : profileOrLink.network();
    if (network.name() != null) {
      return network(network);
    }
    // A user who may use the profile need not see the network: its id is enough for our store.
    return network(token, network.id())
        .orElseGet(
            () ->
                new Network(
                    UUID.fromString(network.id()),
                    Optional.empty(),
                    network.id(),
                    true,
                    false,
                    false));
  }

  private SystemService system(String token) {
    return sdk.connection(token).systemService();
  }

  private static Network network(org.ovirt.engine.sdk4.types.Network network) {
    if (network.id() == null || network.name() == null) {
      throw incomplete();
    }
    return new Network(
        UUID.fromString(network.id()),
        Optional.ofNullable(network.dataCenter()).map(dc -> UUID.fromString(dc.id())),
        network.name(),
        network.usagesPresent() && network.usages().contains(NetworkUsage.VM),
        network.externalProviderPresent(),
        network.portIsolationPresent() && network.portIsolation());
  }

  private static VnicProfile profile(org.ovirt.engine.sdk4.types.VnicProfile profile) {
    return new VnicProfile(
        profile.name() == null ? "" : profile.name(),
        profile.passThroughPresent() && profile.passThrough().mode() == VnicPassThroughMode.ENABLED,
        profile.portMirroringPresent() && profile.portMirroring(),
        profile.customPropertiesPresent()
            ? profile.customProperties().stream()
                .filter(property -> VnicProfiles.PROPERTY.equals(property.name()))
                .map(CustomProperty::value)
                .findFirst()
            : Optional.empty());
  }

  /**
   * Who may not even see the profile of a vNIC cannot be told what its port would need; as strict
   * as the engine, which refuses such a caller in these words.
   */
  private static EngineException unseen() {
    return new EngineException(
        EngineException.Kind.REFUSED, FORBIDDEN, "User is not authorized to perform this action.");
  }

  private static EngineException incomplete() {
    return new EngineException(
        EngineException.Kind.GARBAGE,
        "The oVirt engine's answer lacks an id or a name that API v4 always gives.");
  }

  /** Empty where the engine answers 404; its other refusals are thrown. */
  static <T> Optional<T> visible(Supplier<T> call) {
    try {
      return Optional.of(SdkErrors.unwrap(call));
    } catch (EngineException e) {
      if (e.engineStatus() == 404) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
