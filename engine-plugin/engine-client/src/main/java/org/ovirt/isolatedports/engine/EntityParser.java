// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.body.Shape;
import org.ovirt.isolatedports.inventory.Cluster;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.VnicProfile;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.inventory.WatchedVm;
import org.ovirt.isolatedports.rules.UnknownIsUnsafe;
import org.ovirt.isolatedports.scheduling.NicPlace;
import org.ovirt.isolatedports.scheduling.ReportedHook;

/**
 * The one reader of the engine's entities, of its answers and of bodies meant for it, in XML or
 * JSON. A field that is left out or holds what is not known becomes an unknown fact and never an
 * exception; only an entity without an id cannot be read.
 */
public final class EntityParser {

  // Fields of API v4 that decide about isolation. Whoever writes one takes its name from here.
  public static final String USAGES = "usages";
  public static final String PASS_THROUGH = "pass_through";
  public static final String PORT_MIRRORING = "port_mirroring";
  public static final String SWITCH_TYPE = "switch_type";
  public static final String VERSION = "version";
  public static final String CUSTOM_PROPERTIES = "custom_properties";
  public static final String CUSTOM_PROPERTY = "custom_property";

  /** Whether a host without the network becomes non-operational; of a cluster's network. */
  public static final String REQUIRED = "required";

  /** A cluster of which nothing is known. */
  public static final Cluster UNKNOWN_CLUSTER =
      new Cluster("", "", CompatibilityLevel.UNKNOWN, SwitchType.UNKNOWN);

  /** A profile of which nothing is known. */
  public static final VnicProfile UNKNOWN_PROFILE =
      new VnicProfile("", Stated.UNKNOWN, Stated.UNKNOWN, Optional.empty());

  /** What the engine makes of a profile's fields that a request for a new one leaves out. */
  public static final VnicProfile NEW_PROFILE =
      new VnicProfile("", Stated.NO, Stated.NO, Optional.empty());

  private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");

  private EntityParser() {}

  /** A network; one without a name is a mere link. */
  public static Network network(ApiBody network) {
    return new Network(
        uuid(network),
        network.child("data_center").map(EntityParser::uuid),
        network.text("name").orElse(""),
        isForVms(network).orElse(false),
        isExternal(network),
        flag(network, "port_isolation"),
        network.text("vdsm_name").filter(name -> !name.isEmpty()));
  }

  /** Whether VMs may use a network; empty if it does not say what it is used for. */
  public static Optional<Boolean> isForVms(ApiBody network) {
    return usageWords(network).map(usages -> usages.contains("vm"));
  }

  /** What a network is said to be used for, as the engine reads it; empty if that is not said. */
  public static Optional<List<String>> usageWords(ApiBody network) {
    return network.texts(USAGES, "usage").map(usages -> usages.stream().map(Shape::word).toList());
  }

  /** Whether an external provider owns a network. */
  public static boolean isExternal(ApiBody network) {
    return network.has("external_provider");
  }

  /** What a network is used for in a cluster; {@code display} is also a field of its own. */
  public static List<String> usages(ApiBody network) {
    List<String> usages = new ArrayList<>();
    usages.addAll(usageWords(network).orElse(List.of()));
    if (network.flag("display").orElse(false)) {
      usages.add("display");
    }
    return usages;
  }

  /** A cluster as the engine has it. */
  public static Cluster cluster(ApiBody cluster) {
    String id = id(cluster);
    return cluster(cluster, new Cluster(id, id, CompatibilityLevel.UNKNOWN, SwitchType.UNKNOWN));
  }

  /** A cluster as a body has it; what it does not say is as before. */
  public static Cluster cluster(ApiBody cluster, Cluster before) {
    return new Cluster(
        cluster.text("id").orElse(before.id()),
        cluster.text("name").orElse(before.name()),
        cluster.has(VERSION) ? level(cluster) : before.level(),
        cluster.has(SWITCH_TYPE) ? switchType(cluster) : before.switchType());
  }

  /** Whether a body changes what decides if a cluster can isolate ports. */
  public static boolean concernsIsolation(ApiBody cluster) {
    return cluster.has(VERSION) || cluster.has(SWITCH_TYPE);
  }

  /** The compatibility level of a data center, such as 4.4; empty if it is not known. */
  public static Optional<String> levelText(ApiBody dataCenter) {
    return Optional.of(level(dataCenter))
        .filter(level -> !level.equals(CompatibilityLevel.UNKNOWN))
        .map(CompatibilityLevel::toString);
  }

  private static CompatibilityLevel level(ApiBody cluster) {
    return cluster
        .child(VERSION)
        .flatMap(
            version ->
                CompatibilityLevel.parse(
                    version.text("major").orElse("") + "." + version.text("minor").orElse("")))
        .orElse(CompatibilityLevel.UNKNOWN);
  }

  private static SwitchType switchType(ApiBody cluster) {
    return cluster
        .text(SWITCH_TYPE)
        .map(Shape::word)
        .map(SwitchType::ofField)
        .orElse(SwitchType.UNKNOWN);
  }

  /**
   * A cluster with the networks attached to it.
   *
   * @param networks the networks as that cluster has them
   */
  public static WatchedCluster cluster(ApiBody cluster, List<ApiBody> networks) {
    Map<String, Set<NetworkRole>> attached = new HashMap<>();
    for (ApiBody network : networks) {
      Set<NetworkRole> roles = new HashSet<>();
      usageWords(network)
          .orElse(List.of())
          .forEach(usage -> UnknownIsUnsafe.roleOfUsage(usage).ifPresent(roles::add));
      attached.put(id(network), roles);
    }
    return new WatchedCluster(
        cluster(cluster), attached, cluster.child("scheduling_policy").map(EntityParser::id));
  }

  /** A profile as the engine has it; one without a network is none of a VM's. */
  public static Optional<WatchedProfile> profile(ApiBody profile) {
    return profile
        .child("network")
        .map(EntityParser::id)
        .map(
            network ->
                new WatchedProfile(
                    id(profile),
                    profile.text("name").orElse(""),
                    network,
                    portRole(profile),
                    passThrough(profile),
                    portMirroring(profile),
                    profile.has("failover"),
                    false));
  }

  /** A profile as a body has it; what it does not say is as before. */
  public static VnicProfile profile(ApiBody profile, VnicProfile before) {
    return new VnicProfile(
        profile.text("name").orElse(before.name()),
        profile.has(PASS_THROUGH) ? passThrough(profile) : before.passThrough(),
        profile.has(PORT_MIRRORING) ? portMirroring(profile) : before.portMirroring(),
        profile.has(CUSTOM_PROPERTIES) ? portRole(profile) : before.portRole());
  }

  /** Whether the vNICs of a profile are virtual functions of a host's card. */
  public static Stated passThrough(ApiBody profile) {
    return profile
        .child(PASS_THROUGH)
        .flatMap(mode -> mode.text("mode"))
        .map(
            mode ->
                switch (Shape.word(mode)) {
                  case "enabled" -> Stated.YES;
                  case "disabled" -> Stated.NO;
                  default -> Stated.UNKNOWN;
                })
        .orElse(Stated.UNKNOWN);
  }

  private static Stated portMirroring(ApiBody profile) {
    return flag(profile, PORT_MIRRORING).map(Stated::of).orElse(Stated.UNKNOWN);
  }

  /**
   * The value of a profile's custom property {@code port_isolation}; an empty text where it has the
   * property without a value.
   */
  public static Optional<String> portRole(ApiBody profile) {
    return profile.list(CUSTOM_PROPERTIES, CUSTOM_PROPERTY).stream()
        .filter(each -> each.text("name").filter(VnicProfiles.PROPERTY::equals).isPresent())
        .map(each -> each.text("value").orElse(""))
        .findFirst();
  }

  /** What a VM calls itself. */
  public static VmKind kind(ApiBody vm) {
    return VmKind.ofOrigin(vm.text("origin").orElse(""));
  }

  /**
   * Where a vNIC is, if it was read with {@code follow=vnic_profile.network}; empty if the engine
   * did not follow that far.
   */
  public static Optional<NicPlace> place(ApiBody nic) {
    return nic.child("vnic_profile")
        .flatMap(
            profile ->
                profile
                    .child("network")
                    .filter(network -> network.has("name"))
                    .map(
                        network ->
                            new NicPlace.OnNetwork(
                                id(network),
                                network.text("name").orElse(""),
                                UnknownIsUnsafe.engineIsolates(flag(network, "port_isolation")),
                                portRole(profile))));
  }

  /** A host without its hooks and networks, which take requests of their own. */
  public static WatchedHost host(ApiBody host) {
    Optional<ApiBody> system = host.child("os");
    return new WatchedHost(
        id(host),
        host.text("name").orElseGet(() -> id(host)),
        host.text("address").orElse(""),
        host.child("cluster").map(EntityParser::id).orElse(""),
        host.text("status").orElse("unknown"),
        host.child("libvirt_version").flatMap(version -> version.text("full_version")).orElse(""),
        system.flatMap(os -> os.text("type")).orElse(""),
        system
            .flatMap(os -> os.child(VERSION))
            .flatMap(version -> version.text("full_version"))
            .orElse(""));
  }

  /** The hooks a host reports. */
  public static List<ReportedHook> hooks(ApiBody hooks) {
    return hooks.items("hook").stream()
        .map(
            hook ->
                new ReportedHook(
                    hook.text("event_name").orElse(""),
                    hook.text("name").orElse(""),
                    hook.text("md5").orElse("")))
        .toList();
  }

  /**
   * The networks attached to a host. Reported configurations are what the host has, as against what
   * the engine wants of it.
   */
  public static List<HostAttachment> attachments(ApiBody attachments) {
    return attachments.items("network_attachment").stream()
        .flatMap(each -> each.child("network").map(network -> attachment(each, network)).stream())
        .toList();
  }

  private static HostAttachment attachment(ApiBody attachment, ApiBody network) {
    Map<String, String> reported = new HashMap<>();
    attachment
        .list("reported_configurations", "reported_configuration")
        .forEach(
            each ->
                each.text("actual_value")
                    .ifPresent(value -> reported.put(each.text("name").orElse(""), value)));
    return new HostAttachment(
        id(network),
        switch (reported.getOrDefault("bridged", "")) {
          case "true" -> Stated.YES;
          case "false" -> Stated.NO;
          default -> Stated.UNKNOWN;
        },
        Optional.ofNullable(reported.get("switchType")).map(SwitchType::ofField));
  }

  /** A VM with its vNICs. */
  public static WatchedVm vm(ApiBody vm, List<ApiBody> nics) {
    return new WatchedVm(
        id(vm),
        vm.text("name").orElse(""),
        vm.child("cluster").map(EntityParser::id).orElse(""),
        vm.child("host").map(EntityParser::id),
        nics.stream()
            .map(
                nic ->
                    new WatchedVm.Nic(
                        id(nic),
                        nic.text("name").orElse(""),
                        nic.child("vnic_profile").map(EntityParser::id),
                        // One that is not said to be unplugged may be plugged.
                        flag(nic, "plugged").orElse(true)))
            .toList());
  }

  /** A VM with its vNICs and where it is. */
  public static VmWithVnics placed(ApiBody vm, List<ApiBody> nics) {
    return new VmWithVnics(
        id(vm),
        vm.text("name").orElse(""),
        vm.child("cluster").map(EntityParser::id).orElse(""),
        kind(vm),
        vm.text("status").orElse("unknown"),
        vm.child("host").map(EntityParser::id),
        nics.stream().map(EntityParser::vnic).toList());
  }

  private static VmWithVnics.Vnic vnic(ApiBody nic) {
    return new VmWithVnics.Vnic(
        id(nic),
        nic.text("name").orElse(""),
        nic.child("mac")
            .flatMap(mac -> mac.text("address"))
            .map(mac -> mac.toLowerCase(Locale.ROOT))
            .filter(mac -> MAC.matcher(mac).matches()),
        nic.child("vnic_profile").map(EntityParser::id),
        flag(nic, "plugged").orElse(true),
        flag(nic, "linked").orElse(true));
  }

  /** The names of a role's permits. */
  public static Set<String> permits(ApiBody permits) {
    return permits.items("permit").stream()
        .flatMap(permit -> permit.text("name").stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** An entity's id. */
  public static String id(ApiBody entity) {
    return entity.text("id").orElseThrow(() -> garbage("an entity without id"));
  }

  /** An entity's id, which is a UUID but for roles and groups of old engines. */
  public static UUID uuid(ApiBody entity) {
    try {
      return UUID.fromString(id(entity));
    } catch (IllegalArgumentException e) {
      throw garbage("an id that is none");
    }
  }

  /** Whether a field plainly says true. */
  public static boolean isTrue(ApiBody entity, String field) {
    return flag(entity, field).orElse(false);
  }

  /** A field that is true or false; empty for anything else. */
  private static Optional<Boolean> flag(ApiBody entity, String field) {
    try {
      return entity.flag(field);
    } catch (MalformedBodyException e) {
      return Optional.empty();
    }
  }

  private static EngineException garbage(String what) {
    return new EngineException(
        EngineException.Kind.GARBAGE, "The oVirt engine's answer holds " + what + ".");
  }
}
