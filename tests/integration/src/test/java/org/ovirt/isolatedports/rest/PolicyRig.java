// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The document's network and its VMs, and the texts and truth tables of the core's tests. */
final class PolicyRig {

  static final String YAML = "application/yaml";

  /** Of the VMs of the document. */
  static final List<String> ADDRESSES =
      List.of("172.20.10.2", "172.20.10.3", "172.20.10.4", "172.20.10.5", "172.20.10.6");

  /** The document's network as Kube-OVN has it, without any rule. */
  static final String ADDRESSES_ONLY =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: vswitch1}
      spec: {cidrBlock: 172.20.10.0/24, gateway: 172.20.10.1}
      """;

  private static final ObjectMapper JSON = new ObjectMapper();

  private PolicyRig() {}

  /** A file of the core's test data, such as {@code seed/subnet-acl-1.yaml}. */
  static String resource(String name) {
    Path file = Rig.project().resolve("engine-plugin/core/src/test/resources/policy/" + name);
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode truth(String name) {
    try {
      return JSON.readTree(resource("truth/" + name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The VM of the document that has an address: VM1 has 172.20.10.2. */
  static String vm(String address) {
    return "VM" + (Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)) - 1);
  }

  /** A VM whose vNIC on a profile the engine tells of by an event, as an engine does. */
  static String vm(Rig rig, Api engine, String name, String cluster, String profile) {
    String vm = rig.engine().seeds().vm(name, cluster, List.of()).toString();
    Api.Answer nic =
        engine.post(
            "/vms/" + vm + "/nics",
            "{\"name\":\"nic1\",\"vnic_profile\":{\"id\":\"" + profile + "\"}}");
    if (nic.status() != 201) {
      throw new AssertionError(nic.toString());
    }
    return vm;
  }

  /** Sends a text as it is, and wants JSON. */
  static Api.Answer yaml(Api api, String method, String path, String text, String... headers) {
    return send(api, method, path, text, YAML, "application/json", headers);
  }

  /** Reads a text as it was written. */
  static Api.Answer text(Api api, String path) {
    return send(api, "GET", path, "", YAML, YAML);
  }

  static Api.Answer send(
      Api api,
      String method,
      String path,
      String body,
      String type,
      String accept,
      String... headers) {
    HttpRequest.Builder request =
        api.request(method, path, body.getBytes(StandardCharsets.UTF_8))
            .setHeader("Accept", accept);
    if (!method.equals("GET")) {
      request.setHeader("Content-Type", type);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return Api.send(request.build());
  }

  /** What it says of a packet from one to another. */
  static JsonNode pair(JsonNode reachability, String from, String to) {
    for (JsonNode pair : reachability.path("pair")) {
      if (pair.path("from").asText().equals(from) && pair.path("to").asText().equals(to)) {
        return pair;
      }
    }
    throw new AssertionError("No pair " + from + ">" + to + " in " + reachability);
  }
}
