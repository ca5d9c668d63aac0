// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.inventory;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.inventory.HostAttachment;
import org.ovirt.isolatedports.inventory.Network;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.inventory.VmKind;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedCluster;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.inventory.WatchedProfile;
import org.ovirt.isolatedports.scheduling.ReportedHook;
import org.ovirt.isolatedports.server.engine.EnginePicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostDetails;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostPicture;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;

/** An engine's picture, put together by hand: one data center, VMs of one vNIC. */
public final class TestPicture {

  public static final UUID DATA_CENTER = new UUID(1, 0);

  public final Map<UUID, Network> networks = new LinkedHashMap<>();
  public final Map<String, WatchedCluster> clusters = new LinkedHashMap<>();
  public final Map<String, WatchedProfile> profiles = new LinkedHashMap<>();
  public final Map<String, HostPicture> hosts = new LinkedHashMap<>();
  public final Map<String, VmWithVnics> vms = new LinkedHashMap<>();

  public EnginePicture get() {
    Map<Part, Instant> read = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      read.put(part, Instant.EPOCH);
    }
    return new EnginePicture(
        new LinkedHashMap<>(networks),
        new LinkedHashMap<>(clusters),
        new LinkedHashMap<>(profiles),
        new LinkedHashMap<>(hosts),
        Map.of(),
        new LinkedHashMap<>(vms),
        read);
  }

  public TestPicture network(UUID id, String name) {
    networks.put(
        id,
        new Network(
            id, Optional.of(DATA_CENTER), name, true, false, Optional.empty(), Optional.empty()));
    return this;
  }

  public TestPicture profile(String id, UUID network, Optional<String> property) {
    profiles.put(
        id,
        new WatchedProfile(
            id, id, network.toString(), property, Stated.NO, Stated.NO, false, false));
    return this;
  }

  /** A host with a status line of ours, on some networks. */
  public TestPicture host(String id, String status, UUID... attached) {
    List<HostAttachment> attachments = new ArrayList<>();
    for (UUID network : attached) {
      attachments.add(
          new HostAttachment(network.toString(), Stated.YES, Optional.of(SwitchType.LINUX_BRIDGE)));
    }
    hosts.put(
        id,
        new HostPicture(
            new WatchedHost(
                id, id, id + ".example", "cluster", "up", "libvirt-9.0.0-1.el9", "RHEL", "9 - 2"),
            Optional.of(
                new HostDetails(
                    List.of(new ReportedHook("isolated_ports", "status", status)),
                    attachments,
                    Instant.EPOCH))));
    return this;
  }

  public TestPicture vm(String id, String profile, String mac) {
    return vm(id, profile, mac, true);
  }

  public TestPicture unpluggedVm(String id, String profile, String mac) {
    return vm(id, profile, mac, false);
  }

  private TestPicture vm(String id, String profile, String mac, boolean plugged) {
    vms.put(
        idOf(id),
        new VmWithVnics(
            idOf(id),
            id,
            "cluster",
            VmKind.ORDINARY,
            "up",
            Optional.empty(),
            List.of(
                new VmWithVnics.Vnic(
                    idOf(id + "/nic1"),
                    "nic1",
                    mac.isEmpty() ? Optional.empty() : Optional.of(mac),
                    Optional.of(profile),
                    plugged,
                    true))));
    return this;
  }

  /** The id of a VM, or of a vNIC such as {@code vm1/nic1}. */
  public static String idOf(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
  }
}
