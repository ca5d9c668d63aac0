// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * Compares two bodies member by member, in XML and JSON alike, and learns on the way which id of
 * ours stands for which recorded one.
 */
final class Bodies {
  /** Members whose values differ from run to run; that they are there is still compared. */
  private static final Set<String> VOLATILE =
      Set.of(
          "time",
          "start_time",
          "stop_time",
          "creation_time",
          "index",
          "correlation_id",
          "instance_id",
          "access_token",
          "exp",
          "principal_id",
          "domain_entry_id",
          "content",
          "hardware_information",
          "max_scheduling_memory",
          "reported_kernel_cmdline",
          "os/description",
          "os[0]/description",
          "AAA_AUTHZ_GROUP_ID",
          "data",
          "initiator",
          "job");

  private static final Pattern ID =
      Pattern.compile("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}");

  private static final String MAC = "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}";

  /** What the engine makes of a network's id where its name is no device name. */
  private static final String MADE_UP_DEVICE = "on[0-9a-f]{13}";

  private final JsonMapper json = new JsonMapper();

  /** Recorded id to ours. */
  private final Map<String, String> ids = new HashMap<>();

  /** The same for events, whose ids are numbers. */
  private final Map<String, String> events = new HashMap<>();

  /** The text with all ids that are known replaced by ours. */
  String mapped(String recorded) {
    Matcher matcher = ID.matcher(recorded);
    return matcher.replaceAll(
        found -> Matcher.quoteReplacement(ids.getOrDefault(found.group(), found.group())));
  }

  /** Our id of a recorded event. */
  String event(String recorded) {
    return events.getOrDefault(recorded, recorded);
  }

  void learn(String recorded, String ours) {
    if (ID.matcher(recorded).matches()) {
      ids.putIfAbsent(recorded, ours);
    }
  }

  JsonNode read(String body, boolean xml) {
    try {
      return xml ? xml(body) : json.readTree(body);
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalArgumentException("Not readable: " + body, e);
    }
  }

  /** A document as an object: attributes and texts as strings, elements in arrays by name. */
  private JsonNode xml(String body) throws ParserConfigurationException, IOException, SAXException {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    Element root =
        factory
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(body)))
            .getDocumentElement();
    ObjectNode document = json.createObjectNode();
    document.set("<" + root.getTagName() + ">", element(root));
    return document;
  }

  private JsonNode element(Element element) {
    ObjectNode object = json.createObjectNode();
    NamedNodeMap attributes = element.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      object.put(attributes.item(i).getNodeName(), attributes.item(i).getNodeValue());
    }
    boolean children = false;
    for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element each) {
        children = true;
        object.withArray("/" + each.getTagName()).add(element(each));
      }
    }
    return children || attributes.getLength() > 0
        ? object
        : json.getNodeFactory().textNode(element.getTextContent());
  }

  /** What differs, one sentence each; empty if nothing does. */
  List<String> differences(JsonNode recorded, JsonNode ours) {
    List<String> all = new ArrayList<>();
    compare("", recorded, ours, all);
    return all;
  }

  private void compare(String where, JsonNode recorded, JsonNode ours, List<String> all) {
    if (recorded.isObject() && ours.isObject()) {
      compareObjects(where, recorded, ours, all);
    } else if (recorded.isArray() && ours.isArray()) {
      compareArrays(where, (ArrayNode) recorded, (ArrayNode) ours, all);
    } else if (recorded.getNodeType() != ours.getNodeType()) {
      all.add(where + ": " + recorded.getNodeType() + " became " + ours.getNodeType());
    } else {
      String name = where.substring(where.lastIndexOf('/') + 1).replaceAll("\\[.*", "");
      boolean comparable = VOLATILE.stream().noneMatch(each -> ("/" + where).contains("/" + each));
      if (comparable && !same(name, recorded.asText(), ours.asText())) {
        all.add(where + ": '" + recorded.asText() + "' became '" + ours.asText() + "'");
      }
    }
  }

  private boolean same(String name, String recorded, String ours) {
    if (recorded.matches(MAC) || recorded.matches(MADE_UP_DEVICE)) {
      return ours.matches(recorded.matches(MAC) ? MAC : MADE_UP_DEVICE);
    }
    if (recorded.contains(" using session '")) {
      // Whether a login is logged beside the logout depends on when the one before was.
      return ours.contains(" using session '");
    }
    if (name.equals("code") && recorded.matches("3[01]")) {
      return ours.matches("3[01]");
    }
    if (recorded.matches(".*[0-9A-F]{72}.*")) {
      return recorded.replaceAll("[0-9A-F]{72}", "").equals(ours.replaceAll("[0-9A-F]{72}", ""));
    }
    if (name.equals("id") || name.equals("href")) {
      // Only ids that were met before can be told apart.
      Matcher matcher = ID.matcher(recorded);
      while (matcher.find()) {
        if (!ids.containsKey(matcher.group())) {
          return ID.matcher(recorded).replaceAll("").equals(ID.matcher(ours).replaceAll(""))
              || recorded.matches("\\d+");
        }
      }
      if (recorded.matches("\\d+") || recorded.matches(".*/events/\\d+")) {
        return true;
      }
    }
    return mapped(recorded).equals(ours);
  }

  private void compareObjects(String where, JsonNode recorded, JsonNode ours, List<String> all) {
    if (recorded.path("id").isTextual() && ours.path("id").isTextual()) {
      learn(recorded.get("id").asText(), ours.get("id").asText());
      if (recorded.has("code") && recorded.has("index")) {
        events.put(recorded.get("id").asText(), ours.get("id").asText());
      }
    }
    Set<String> names = new TreeSet<>();
    recorded.fieldNames().forEachRemaining(names::add);
    ours.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      if (!recorded.has(name)) {
        all.add(where + "/" + name + ": was not there");
      } else if (!ours.has(name)) {
        all.add(where + "/" + name + ": is missing");
      } else {
        compare(where + "/" + name, recorded.get(name), ours.get(name), all);
      }
    }
  }

  private void compareArrays(String where, ArrayNode recorded, ArrayNode ours, List<String> all) {
    if (recorded.size() != ours.size()) {
      all.add(where + ": " + recorded.size() + " items became " + ours.size());
    }
    List<JsonNode> left = new ArrayList<>();
    ours.forEach(left::add);
    for (int i = 0; i < recorded.size(); i++) {
      JsonNode each = recorded.get(i);
      JsonNode partner = partner(each, left);
      if (partner == null) {
        all.add(where + "[" + i + "]: nothing stands for it: " + key(each));
      } else {
        left.remove(partner);
        compare(where + "[" + i + "]", each, partner, all);
      }
    }
  }

  private JsonNode partner(JsonNode recorded, List<JsonNode> candidates) {
    if (!recorded.isObject()) {
      return candidates.stream()
          .filter(each -> each.asText().equals(recorded.asText()))
          .findFirst()
          .orElse(candidates.isEmpty() ? null : candidates.get(0));
    }
    String known = ids.get(recorded.path("id").asText());
    for (JsonNode each : candidates) {
      if (known != null && known.equals(each.path("id").asText())) {
        return each;
      }
    }
    String key = key(recorded);
    for (JsonNode each : candidates) {
      boolean taken =
          ids.containsValue(each.path("id").asText())
              && known == null
              && each.has("id")
              && !recorded.path("id").asText().equals(each.path("id").asText());
      if (!taken && key.equals(key(each))) {
        return each;
      }
    }
    return key.isEmpty() && !candidates.isEmpty() ? candidates.get(0) : null;
  }

  /** What tells an item from its neighbours, other than its id. */
  private String key(JsonNode item) {
    for (String name : List.of("name", "rel")) {
      JsonNode value = item.path(name);
      if (value.isTextual()) {
        return value.asText() + item.path("type").asText() + item.path("event_name").asText();
      }
      if (value.isArray() && value.size() == 1) {
        return value.get(0).asText()
            + item.path("type").path(0).asText()
            + item.path("event_name").path(0).asText();
      }
    }
    StringBuilder refs = new StringBuilder();
    for (String ref :
        List.of(
            "role", "user", "group", "network", "major", "minor", "version", "assignment_method")) {
      JsonNode value = item.path(ref);
      JsonNode one = value.isArray() ? value.path(0) : value;
      refs.append(one.has("id") ? mapped(one.path("id").asText()) : one.asText());
    }
    return refs.toString();
  }
}
