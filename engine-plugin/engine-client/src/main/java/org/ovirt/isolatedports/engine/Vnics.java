// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.body.ApiBody;

/** The vNICs of VMs. API v4 has no list of a network's vNICs, so the VMs are gone through. */
public final class Vnics {

  /** How many VMs are asked for at a time. */
  public static final int PAGE = 100;

  /**
   * A vNIC and the VM it is of.
   *
   * @param vmStatus of API v4, such as {@code up} or {@code down}
   * @param host where the VM runs
   * @param profile its vNIC profile
   * @param plugged whether it is plugged in
   * @param linked whether its link is up
   */
  public record Vnic(
      String id,
      String name,
      String vmId,
      String vmName,
      String vmStatus,
      Optional<String> host,
      String cluster,
      Optional<String> profile,
      boolean plugged,
      boolean linked) {

    /** Whether the VM has no process on any host, so that the engine alone knows the vNIC. */
    public boolean isOfStoppedVm() {
      return vmStatus.equals("down") || vmStatus.equals("image_locked");
    }
  }

  private Vnics() {}

  /**
   * The vNICs on some profiles, of all VMs the account may see.
   *
   * @throws EngineException also if the engine shows VMs, but none of them when it is to go through
   *     them: a search it does not understand finds nothing and is no error
   */
  public static List<Vnic> onProfiles(JsonReader engine, Set<String> profiles) {
    return all(engine).stream()
        .filter(vnic -> vnic.profile().filter(profiles::contains).isPresent())
        .toList();
  }

  /** The vNICs of all VMs the account may see; throws as {@link #onProfiles} does. */
  public static List<Vnic> all(JsonReader engine) {
    List<Vnic> found = new ArrayList<>();
    for (ApiBody vm : allVms(engine)) {
      nics(engine, vm).stream().map(nic -> vnic(vm, nic)).forEach(found::add);
    }
    return found;
  }

  /** All VMs the account may see, with vNICs; throws as {@link #onProfiles} does. */
  public static List<ApiBody> allVms(JsonReader engine) {
    List<ApiBody> vms = pages(engine, "sortby name asc");
    if (vms.isEmpty() && !engine.read("/vms?max=1").items("vm").isEmpty()) {
      throw new EngineException(
          EngineException.Kind.GARBAGE,
          "The oVirt engine has VMs, but does not list them by their names.");
    }
    return vms;
  }

  /** The VMs of a cluster with their vNICs. */
  public static List<ApiBody> vms(JsonReader engine, String clusterId, String clusterName) {
    return pages(engine, "cluster=" + clusterName).stream()
        .filter(vm -> vm.child("cluster").map(Vnics::id).filter(clusterId::equals).isPresent())
        .toList();
  }

  /** The VMs that run on a host with their vNICs. */
  public static List<ApiBody> vmsOn(JsonReader engine, String hostId, String hostName) {
    return pages(engine, "host=" + hostName).stream()
        .filter(vm -> vm.child("host").map(Vnics::id).filter(hostId::equals).isPresent())
        .toList();
  }

  /** What a search finds, with vNICs, a hundred VMs a request. */
  private static List<ApiBody> pages(JsonReader engine, String search) {
    Map<String, ApiBody> vms = new LinkedHashMap<>();
    for (int page = 1; ; page++) {
      // "page 1" is what the engine gives without being asked for a page.
      String paged = search + (page > 1 ? " page " + page : "");
      List<ApiBody> found =
          engine
              .read(
                  "/vms?follow=nics&max="
                      + PAGE
                      + "&search="
                      + URLEncoder.encode(paged, StandardCharsets.UTF_8).replace("+", "%20"))
              .items("vm");
      int before = vms.size();
      found.forEach(vm -> vms.put(id(vm), vm));
      if (found.size() < PAGE || vms.size() == before) {
        return List.copyOf(vms.values());
      }
    }
  }

  /** The vNICs of a VM, also where the engine did not follow the link. */
  public static List<ApiBody> nics(JsonReader engine, ApiBody vm) {
    return vm.child("nics")
        .filter(list -> list.has("nic"))
        .or(() -> engine.find("/vms/" + id(vm) + "/nics"))
        .map(list -> list.items("nic"))
        .orElse(List.of());
  }

  private static Vnic vnic(ApiBody vm, ApiBody nic) {
    return new Vnic(
        id(nic),
        nic.text("name").orElse(id(nic)),
        id(vm),
        vm.text("name").orElse(id(vm)),
        vm.text("status").orElse("unknown"),
        vm.child("host").map(Vnics::id),
        vm.child("cluster").map(Vnics::id).orElse(""),
        nic.child("vnic_profile").map(Vnics::id),
        nic.flag("plugged").orElse(true),
        nic.flag("linked").orElse(true));
  }

  private static String id(ApiBody entity) {
    return entity
        .text("id")
        .orElseThrow(
            () ->
                new EngineException(
                    EngineException.Kind.GARBAGE,
                    "The oVirt engine's answer holds an entity without an id."));
  }
}
