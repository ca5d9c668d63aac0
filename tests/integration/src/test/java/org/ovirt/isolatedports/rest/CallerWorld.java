// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.util.Map;

/**
 * What the requests of one caller are about: entities that nobody else's requests touch.
 *
 * @param name part of the names of all of them
 * @param ids by what a route calls them, such as {@code network}
 */
record CallerWorld(String name, Map<String, String> ids) {

  /** An id. */
  String id(String what) {
    return ids.get(what);
  }

  /** The path of a route with the ids of this world. */
  String path(String route) {
    String path = route.substring(route.indexOf(' ') + 1);
    for (Map.Entry<String, String> id : ids.entrySet()) {
      path = path.replace("{" + id.getKey() + "}", id.getValue());
    }
    path = path.replace("{id}", id(ofId(route)));
    return route.endsWith("/trace") ? path + "?from=gateway&to=gateway" : path;
  }

  /** Which entity a route calls just {@code id}: never one that a row further down needs. */
  private static String ofId(String route) {
    if (route.endsWith("/isolate")
        || route.startsWith("DELETE /datacenters/{datacenter}/networks/{id}")) {
      return "plain";
    }
    if (route.contains("vnicprofiles/{id}")) {
      if (!route.startsWith("DELETE")) {
        return "profile";
      }
      return route.contains("datacenters")
          ? "spare1"
          : route.contains("networks") ? "spare2" : "spare3";
    }
    if (route.contains("/nics/{id}")) {
      return "nic";
    }
    if (route.contains("/hosts/{id}")) {
      return "host";
    }
    if (route.contains("/vms/{id}")) {
      return "vm";
    }
    if (route.contains("/violations/{id}")) {
      return "violation";
    }
    return route.contains(" /clusters/{id}") ? "cluster" : "network";
  }

  /** A body that asks for something harmless of its route. */
  String body(String route) {
    String ref = "{\"id\":\"" + id("network") + "\"}";
    String mark = "\"" + name + "-" + Math.abs(route.hashCode() % 10_000) + "\"";
    return switch (route) {
      case "POST /networks", "POST /datacenters/{datacenter}/networks" ->
          "{\"name\":"
              + mark
              + ",\"data_center\":{\"id\":\""
              + id("datacenter")
              + "\"},\"port_isolation\":true}";
      case "POST /vnicprofiles",
          "POST /networks/{network}/vnicprofiles",
          "POST /datacenters/{datacenter}/networks/{network}/vnicprofiles" ->
          "{\"name\":" + mark + ",\"network\":" + ref + "}";
      case "PUT /networks/{id}/uplink" -> "{\"mode\":\"open\"}";
      case "POST /networks/{id}/isolate" -> "{\"step\":\"prepare\"}";
      case "PUT /networks/{id}/acls" ->
          yaml(
              "{apiVersion: kubeovn.io/v1, kind: Subnet, metadata: {name: x}, spec: {cidrBlock:"
                  + " 10.0.0.0/24}}");
      case "PUT /networks/{id}/networkpolicies/{policy}" -> policy("deny");
      case "POST /networks/{id}/networkpolicies" -> policy("another");
      case "PUT /networks/{id}/addresssets/{set}" -> "{\"addresses\":{\"address\":[\"10.0.0.1\"]}}";
      case "PUT /networks/{id}/portgroups/{group}" -> "{\"ports\":{\"port\":[\"uplink\"]}}";
      case "PUT /vms/{id}/labels", "PUT /vms/{vm}/nics/{id}/labels" ->
          "{\"namespace\":\"default\"}";
      case "PUT /vms/{vm}/nics/{id}/role" -> "{\"role\":\"isolated\"}";
      case "POST /networks/{id}/emergency" ->
          "{\"reason\":\"test\",\"confirm\":\"" + id("networkname") + "\",\"minutes\":30}";
      case "POST /clusters/{cluster}/networks" -> "{\"id\":\"" + id("plain") + "\"}";
      case "PUT /clusters/{cluster}/networks/{id}" -> "{\"required\":false}";
      case "POST /vms/{vm}/nics" -> "{\"name\":\"nic9\"}";
      case "PUT /vnicprofiles/{id}/services" -> "{\"router_and_dhcp\":\"false\"}";
      case "PUT /vnicprofiles/{id}" -> "{\"description\":\"x\"}";
      case "POST /vms/{vm}/nics/{id}/activate", "POST /vms/{vm}/nics/{id}/deactivate" -> "{}";
      case "PUT /vms/{vm}/nics/{id}" -> "{\"name\":\"nic1b\"}";
      default -> route.startsWith("PUT") ? "{\"comment\":\"x\"}" : "";
    };
  }

  private static String yaml(String text) {
    return "{\"yaml\":\"" + text + "\"}";
  }

  private static String policy(String name) {
    return yaml(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: "
            + name
            + "}, spec: {podSelector: {}}}");
  }
}
