// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.compile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a host does to a ruleset: stand-ins for devices become those that are there, or go. */
final class StandIns {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern STAND_IN = Pattern.compile("nic[0-9a-f]{12}");

  private StandIns() {}

  /**
   * Puts in the devices of one host.
   *
   * @param commands the list of commands
   * @param devices devices that are on the host, by what stands in for them
   * @throws AssertionError if a stand-in stands where a host does not look for one
   */
  static String replaced(String commands, Map<String, String> devices) {
    try {
      JsonNode all = JSON.readTree(commands);
      for (JsonNode command : all) {
        command
            .elements()
            .forEachRemaining(
                objects -> {
                  for (String kind : new String[] {"set", "map", "element"}) {
                    if (objects.get(kind) instanceof ObjectNode object && object.has("elem")) {
                      object.set("elem", elements((ArrayNode) object.get("elem"), devices));
                    }
                  }
                });
      }
      String replaced = JSON.writeValueAsString(JSON.createObjectNode().set("nftables", all));
      if (Pattern.compile("\"nic[0-9a-f]{12}\"").matcher(replaced).find()) {
        throw new AssertionError("a stand-in where none may be: " + replaced);
      }
      return replaced;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ArrayNode elements(ArrayNode elements, Map<String, String> devices) {
    ArrayNode replaced = JSON.createArrayNode();
    for (JsonNode element : elements) {
      JsonNode key = element.isArray() ? element.get(0) : element;
      JsonNode first = key.has("concat") ? key.get("concat").get(0) : key;
      if (!first.isTextual() || !STAND_IN.matcher(first.asText()).matches()) {
        replaced.add(element);
        continue;
      }
      Optional.ofNullable(devices.get(first.asText()))
          .ifPresent(device -> replaced.add(withDevice(element, device)));
    }
    return replaced;
  }

  private static JsonNode withDevice(JsonNode element, String device) {
    if (element.isArray()) {
      ArrayNode pair = JSON.createArrayNode();
      return pair.add(withDevice(element.get(0), device)).add(element.get(1));
    }
    if (element.has("concat")) {
      ObjectNode copy = element.deepCopy();
      ((ArrayNode) copy.get("concat")).set(0, device);
      return copy;
    }
    return JSON.getNodeFactory().textNode(device);
  }
}
