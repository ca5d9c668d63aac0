// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.junit.jupiter.api.Test;
import org.ovirt.engine.sdk4.internal.xml.XmlNetworkReader;
import org.ovirt.engine.sdk4.internal.xml.XmlNicReader;
import org.ovirt.engine.sdk4.internal.xml.XmlVnicProfileReader;
import org.ovirt.engine.sdk4.types.Network;
import org.ovirt.engine.sdk4.types.Nic;
import org.ovirt.engine.sdk4.types.VnicPassThroughMode;
import org.ovirt.engine.sdk4.types.VnicProfile;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.MalformedBodyException;
import org.ovirt.isolatedports.body.Shape;

/**
 * What we judge in a body is what others read in it: the readers of the SDK, StAX by the rules of
 * JAXB (as the engine reads XML, in UTF-8 whatever is declared), and Jackson (as the engine reads
 * JSON). Ten thousand bodies, each changed at random in ways that parsers disagree about: whatever
 * we let in and another reader takes as well, both must understand alike.
 */
class BodiesAsOthersReadThemTest {

  private static final int BODIES = 10_000;
  private static final long SEED = 20261128;

  private static final Map<Kind, List<String>> XML = new EnumMap<>(Kind.class);
  private static final Map<Kind, List<String>> JSON = new EnumMap<>(Kind.class);

  static {
    // The SDK logs each word it does not know, with a stack trace.
    System.setProperty("org.slf4j.simpleLogger.log.org.ovirt.engine.sdk4.types", "off");
    XML.put(
        Kind.NETWORK,
        List.of(
            "<?xml version='1.0' encoding='UTF-8'?><network><name>blue</name><data_center"
                + " id='07de34ef-a256-4d44-8c57-929008db3283'/><port_isolation>true</port_isolation>"
                + "<usages><usage>vm</usage><usage>display</usage></usages></network>"));
    XML.put(
        Kind.VNIC_PROFILE,
        List.of(
            "<vnic_profile id='1'><name>p</name><network id='2'/><pass_through><mode>enabled</mode>"
                + "</pass_through><port_mirroring>false</port_mirroring><custom_properties>"
                + "<custom_property><name>port_isolation</name><value>true</value></custom_property>"
                + "</custom_properties></vnic_profile>"));
    XML.put(
        Kind.NIC,
        List.of(
            "<nic id='1'><name>nic1</name><mac><address>02:00:00:00:00:01</address></mac>"
                + "<plugged>true</plugged><linked>false</linked><vnic_profile id='3'/></nic>"));
    JSON.put(
        Kind.NETWORK,
        List.of(
            "{\"name\": \"blue\", \"data_center\": {\"id\": \"5\"}, \"port_isolation\": true,"
                + " \"usages\": {\"usage\": [\"vm\", \"display\"]}}"));
    JSON.put(
        Kind.VNIC_PROFILE,
        List.of(
            "{\"id\": \"1\", \"name\": \"p\", \"network\": {\"id\": \"2\"}, \"pass_through\":"
                + " {\"mode\": \"enabled\"}, \"port_mirroring\": \"false\", \"custom_properties\":"
                + " {\"custom_property\": [{\"name\": \"port_isolation\", \"value\": \"true\"}]}}"));
    JSON.put(
        Kind.NIC,
        List.of(
            "{\"id\": \"1\", \"name\": \"nic1\", \"mac\": {\"address\": \"02:00:00:00:00:01\"},"
                + " \"plugged\": true, \"linked\": \"false\", \"vnic_profile\": {\"id\": \"3\"}}"));
  }

  /** What readers disagree about; put in, or in the place of something. */
  private static final List<String> XML_PIECES =
      List.of(
          "<name>red</name>",
          "<port_isolation>false</port_isolation>",
          "<usages/>",
          "<usage>management</usage>",
          "<usage>MANAGEMENT</usage>",
          "<usage>dısplay</usage>",
          "<usage> vm </usage>",
          "<x:port_isolation xmlns:x='urn:x'>false</x:port_isolation>",
          "<!-- c -->",
          "<![CDATA[x]]>",
          "<?p i?>",
          "&#x65;",
          "&amp;",
          " ",
          "\n",
          "<x/>",
          "<x>",
          "</x>",
          " xmlns='urn:x'",
          " xmlns:i='http://www.w3.org/2001/XMLSchema-instance'",
          " i:nil='true'",
          " id='9'",
          "<id>9</id>",
          "ſ",
          "ı",
          "1",
          "0",
          "true",
          "TRUE",
          "<mode>ENABLED</mode>",
          "<mode>disabled</mode>",
          "<custom_property/>",
          "<custom_property><name>port_isolation</name><value>promiscuous</value></custom_property>",
          "<mac><address>02:00:00:00:00:02</address></mac>",
          "<vnic_profile id='9'/>",
          "<plugged>false</plugged>",
          "encoding='Shift_JIS'",
          "encoding='ISO-8859-1'",
          "<network id='9'/>",
          "<data_center><name>x</name></data_center>",
          "\u00e9",
          "\uFEFF",
          "<external_provider/>");

  private static final List<String> JSON_PIECES =
      List.of(
          "null",
          "[]",
          "{}",
          "\"\"",
          "true",
          "false",
          "1",
          "0",
          "[null]",
          "\"TRUE\"",
          "\"management\"",
          "\"MANAGEMENT\"",
          "\"dısplay\"",
          "\"name\": \"red\",",
          "\"port_isolation\": false,",
          "\"usages\": null,",
          "\"usages\": [\"management\"],",
          "\"usages\": {\"usage\": \"vm\"},",
          "\"id\": null,",
          "\"id\": 9,",
          "\\u0065",
          "\\u0000",
          " ",
          "\n",
          ",",
          ":",
          "ı",
          "ſ",
          "\"mode\": \"ENABLED\",",
          "\"mode\": null,",
          "\"custom_properties\": null,",
          "\"custom_properties\": {},",
          "\"vnic_profile\": null,",
          "\"vnic_profile\": {},",
          "\"plugged\": null,",
          "\"external_provider\": null,",
          "/* c */",
          "NaN",
          "1e1");

  @Test
  void alike() {
    Random random = new Random(SEED);
    int taken = 0;
    Map<String, Integer> alsoTaken = new TreeMap<>();
    for (int i = 0; i < BODIES; i++) {
      Kind kind = List.copyOf(XML.keySet()).get(random.nextInt(XML.size()));
      boolean xml = random.nextBoolean();
      String text = changed(random, kind, xml);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      Optional<Map<String, Object>> ours =
          ours(xml ? BodyFormat.XML : BodyFormat.JSON, kind, bytes);
      if (ours.isEmpty()) {
        continue;
      }
      taken++;
      Map<String, Optional<Map<String, Object>>> others = new TreeMap<>();
      if (xml) {
        others.put("SDK", sdk(kind, bytes));
        others.put("JAXB", jaxb(kind, bytes));
      } else {
        others.put("Jackson", jackson(kind, bytes));
      }
      others.forEach(
          (who, read) ->
              read.ifPresent(
                  found -> {
                    assertThat(found).as(who + " reads " + text).isEqualTo(ours.get());
                    alsoTaken.merge(who, 1, Integer::sum);
                  }));
    }
    assertThat(taken).as("bodies that were let in").isGreaterThan(BODIES / 20);
    assertThat(alsoTaken).containsOnlyKeys("SDK", "JAXB", "Jackson");
    assertThat(alsoTaken.values()).allMatch(count -> count > BODIES / 100);
  }

  private static String changed(Random random, Kind kind, boolean xml) {
    List<String> bases = (xml ? XML : JSON).get(kind);
    List<String> pieces = xml ? XML_PIECES : JSON_PIECES;
    StringBuilder text = new StringBuilder(bases.get(random.nextInt(bases.size())));
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      String piece = pieces.get(random.nextInt(pieces.size()));
      List<Integer> borders = borders(text, xml);
      int at = borders.get(random.nextInt(borders.size()));
      int end = random.nextInt(3) > 0 ? at : nextBorder(borders, at, text.length());
      text.replace(at, end, piece);
    }
    return text.toString();
  }

  /** Between tokens, where a change is most often well-formed still. */
  private static List<Integer> borders(StringBuilder text, boolean xml) {
    String tokens = xml ? "<>' " : "{}[],:\" ";
    List<Integer> borders = new ArrayList<>();
    for (int i = 1; i < text.length(); i++) {
      if (tokens.indexOf(text.charAt(i)) >= 0 || tokens.indexOf(text.charAt(i - 1)) >= 0) {
        borders.add(i);
      }
    }
    return borders;
  }

  private static int nextBorder(List<Integer> borders, int at, int length) {
    return borders.stream().filter(border -> border > at).findFirst().orElse(length);
  }

  private static String bool(Optional<Boolean> value) {
    return value.map(String::valueOf).orElse("-");
  }

  /** The words of an enumeration; those that the engine does not know it leaves out. */
  private static final List<String> USAGES =
      List.of("vm", "display", "migration", "management", "default_route", "gluster");

  private static Set<String> usages(List<String> texts) {
    Set<String> known = new TreeSet<>();
    texts.forEach(
        text -> {
          String upper = text.strip().toUpperCase(Locale.ROOT);
          USAGES.stream()
              .filter(usage -> usage.toUpperCase(Locale.ROOT).equals(upper))
              .forEach(known::add);
        });
    return known;
  }

  // --- we ---

  private static Optional<Map<String, Object>> ours(BodyFormat format, Kind kind, byte[] bytes) {
    try {
      ApiBody body = format.readAsked(bytes, kind.element(), AskedFields.of(kind));
      Map<String, Object> read = new HashMap<>();
      switch (kind) {
        case NETWORK -> {
          read.put("name", body.text("name"));
          read.put("data_center", body.child("data_center").flatMap(dc -> dc.text("id")));
          read.put("isolated", bool(body.flag("port_isolation")));
          read.put("provider", body.has("external_provider"));
          read.put("usages", usages(AskedUsages.of(body).orElse(List.of())));
        }
        case VNIC_PROFILE -> {
          read.put("id", body.text("id"));
          read.put("network", body.child("network").flatMap(link -> link.text("id")));
          read.put("mirroring", bool(body.flag("port_mirroring")));
          read.put(
              "passthrough",
              body.child("pass_through")
                  .flatMap(mode -> mode.text("mode"))
                  .filter(mode -> Shape.word(mode).equals("enabled"))
                  .isPresent());
          read.put(
              "properties",
              body.list("custom_properties", "custom_property").stream()
                  .map(each -> each.text("name").orElse("") + "=" + each.text("value").orElse(""))
                  .toList());
        }
        default -> {
          read.put("id", body.text("id"));
          read.put("profile", body.child("vnic_profile").flatMap(link -> link.text("id")));
          read.put("mac", body.child("mac").flatMap(mac -> mac.text("address")));
          read.put("plugged", bool(body.flag("plugged")));
          read.put("linked", bool(body.flag("linked")));
        }
      }
      return Optional.of(read);
    } catch (MalformedBodyException e) {
      return Optional.empty();
    }
  }

  // --- the SDK ---

  private static Optional<Map<String, Object>> sdk(Kind kind, byte[] bytes) {
    try (org.ovirt.api.metamodel.runtime.xml.XmlReader reader =
        new org.ovirt.api.metamodel.runtime.xml.XmlReader(new ByteArrayInputStream(bytes))) {
      Map<String, Object> read = new HashMap<>();
      switch (kind) {
        case NETWORK -> {
          Network network = XmlNetworkReader.readOne(reader);
          read.put("name", Optional.ofNullable(network.name()));
          read.put(
              "data_center",
              Optional.ofNullable(network.dataCenter())
                  .flatMap(dc -> Optional.ofNullable(dc.id())));
          read.put(
              "isolated",
              network.portIsolationPresent() ? String.valueOf(network.portIsolation()) : "-");
          read.put("provider", network.externalProviderPresent());
          read.put(
              "usages",
              usages(
                  network.usagesPresent()
                      ? network.usages().stream()
                          .filter(usage -> usage != null)
                          .map(usage -> usage.value())
                          .toList()
                      : List.of()));
        }
        case VNIC_PROFILE -> {
          VnicProfile profile = XmlVnicProfileReader.readOne(reader);
          read.put("id", Optional.ofNullable(profile.id()));
          read.put(
              "network",
              Optional.ofNullable(profile.network())
                  .flatMap(link -> Optional.ofNullable(link.id())));
          read.put(
              "mirroring",
              profile.portMirroringPresent() ? String.valueOf(profile.portMirroring()) : "-");
          read.put(
              "passthrough",
              profile.passThroughPresent()
                  && profile.passThrough().mode() == VnicPassThroughMode.ENABLED);
          read.put(
              "properties",
              profile.customPropertiesPresent()
                  ? profile.customProperties().stream()
                      .map(each -> text(each.name()) + "=" + text(each.value()))
                      .toList()
                  : List.of());
        }
        default -> {
          Nic nic = XmlNicReader.readOne(reader);
          read.put("id", Optional.ofNullable(nic.id()));
          read.put(
              "profile",
              Optional.ofNullable(nic.vnicProfile())
                  .flatMap(link -> Optional.ofNullable(link.id())));
          read.put(
              "mac",
              Optional.ofNullable(nic.mac()).flatMap(mac -> Optional.ofNullable(mac.address())));
          read.put("plugged", nic.pluggedPresent() ? String.valueOf(nic.plugged()) : "-");
          read.put("linked", nic.linkedPresent() ? String.valueOf(nic.linked()) : "-");
        }
      }
      return Optional.of(read);
    } catch (RuntimeException e) {
      return Optional.empty();
    }
  }

  private static String text(String value) {
    return value == null ? "" : value;
  }

  // --- JAXB ---

  /** An element as JAXB sees one: what has a namespace is not there, the last of a name counts. */
  private static final class Node {
    final Map<String, String> attributes = new HashMap<>();
    final List<Map.Entry<String, Node>> children = new ArrayList<>();
    final StringBuilder text = new StringBuilder();

    Optional<Node> last(String name) {
      return all(name).reduce((one, other) -> other);
    }

    java.util.stream.Stream<Node> all(String name) {
      return children.stream()
          .filter(child -> child.getKey().equals(name))
          .map(Map.Entry::getValue);
    }

    Optional<String> string(String name) {
      return last(name).map(node -> node.text.toString());
    }

    Optional<String> idOf(String name) {
      return last(name).map(node -> node.attributes.get("id"));
    }

    /** The lexical forms of xs:boolean, blanks around them collapsed; others are not set. */
    String bool(String name) {
      return switch (string(name).orElse("").strip()) {
        case "true", "1" -> "true";
        case "false", "0" -> "false";
        default -> "-";
      };
    }
  }

  private static Optional<Map<String, Object>> jaxb(Kind kind, byte[] bytes) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    Node root;
    try {
      XMLStreamReader reader =
          factory.createXMLStreamReader(
              new InputStreamReader(new ByteArrayInputStream(bytes), StandardCharsets.UTF_8));
      reader.nextTag();
      if (reader.getNamespaceURI() != null || !reader.getLocalName().equals(kind.element())) {
        return Optional.empty();
      }
      root = node(reader);
      while (reader.hasNext()) {
        reader.next();
      }
    } catch (XMLStreamException e) {
      return Optional.empty();
    }
    Map<String, Object> read = new HashMap<>();
    switch (kind) {
      case NETWORK -> {
        read.put("name", root.string("name"));
        read.put("data_center", root.idOf("data_center"));
        read.put("isolated", root.bool("port_isolation"));
        read.put("provider", root.last("external_provider").isPresent());
        read.put(
            "usages",
            usages(
                root.last("usages").stream()
                    .flatMap(list -> list.all("usage"))
                    .map(usage -> usage.text.toString())
                    .toList()));
      }
      case VNIC_PROFILE -> {
        read.put("id", Optional.ofNullable(root.attributes.get("id")));
        read.put("network", root.idOf("network"));
        read.put("mirroring", root.bool("port_mirroring"));
        read.put(
            "passthrough",
            root.last("pass_through")
                .flatMap(mode -> mode.string("mode"))
                .filter(mode -> mode.strip().toUpperCase(Locale.ROOT).equals("ENABLED"))
                .isPresent());
        read.put(
            "properties",
            root.last("custom_properties").stream()
                .flatMap(list -> list.all("custom_property"))
                .map(each -> each.string("name").orElse("") + "=" + each.string("value").orElse(""))
                .toList());
      }
      default -> {
        read.put("id", Optional.ofNullable(root.attributes.get("id")));
        read.put("profile", root.idOf("vnic_profile"));
        read.put("mac", root.last("mac").flatMap(mac -> mac.string("address")));
        read.put("plugged", root.bool("plugged"));
        read.put("linked", root.bool("linked"));
      }
    }
    return Optional.of(read);
  }

  private static Node node(XMLStreamReader reader) throws XMLStreamException {
    Node node = new Node();
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      if (reader.getAttributeNamespace(i) == null) {
        node.attributes.put(reader.getAttributeLocalName(i), reader.getAttributeValue(i));
      }
    }
    while (true) {
      switch (reader.next()) {
        case XMLStreamReader.START_ELEMENT -> {
          String name = reader.getNamespaceURI() == null ? reader.getLocalName() : "";
          node.children.add(Map.entry(name, node(reader)));
        }
        case XMLStreamReader.CHARACTERS, XMLStreamReader.CDATA, XMLStreamReader.SPACE ->
            node.text.append(reader.getText());
        case XMLStreamReader.END_ELEMENT -> {
          return node;
        }
        default -> {
          // Comments and processing instructions stand for nothing.
        }
      }
    }
  }

  // --- Jackson ---

  private static final ObjectMapper JACKSON =
      new ObjectMapper()
          .enable(DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private record Link(@JsonProperty("id") String id, @JsonProperty("name") String name) {}

  private record Usages(@JsonProperty("usage") List<String> usage) {}

  private record Property(@JsonProperty("name") String name, @JsonProperty("value") String value) {}

  private record Properties(@JsonProperty("custom_property") List<Property> list) {}

  private record Mode(@JsonProperty("mode") String mode) {}

  private record Mac(@JsonProperty("address") String address) {}

  private record Model(
      @JsonProperty("id") String id,
      @JsonProperty("name") String name,
      @JsonProperty("data_center") Link dataCenter,
      @JsonProperty("external_provider") Link provider,
      @JsonProperty("port_isolation") Boolean portIsolation,
      @JsonProperty("usages") Usages usages,
      @JsonProperty("network") Link network,
      @JsonProperty("port_mirroring") Boolean portMirroring,
      @JsonProperty("pass_through") Mode passThrough,
      @JsonProperty("custom_properties") Properties customProperties,
      @JsonProperty("vnic_profile") Link vnicProfile,
      @JsonProperty("mac") Mac mac,
      @JsonProperty("plugged") Boolean plugged,
      @JsonProperty("linked") Boolean linked) {}

  private static Optional<Map<String, Object>> jackson(Kind kind, byte[] bytes) {
    Model model;
    try {
      model = JACKSON.readValue(bytes, Model.class);
    } catch (IOException e) {
      return Optional.empty();
    }
    Map<String, Object> read = new HashMap<>();
    switch (kind) {
      case NETWORK -> {
        read.put("name", Optional.ofNullable(model.name()));
        read.put("data_center", id(model.dataCenter()));
        read.put("isolated", bool(Optional.ofNullable(model.portIsolation())));
        read.put("provider", model.provider() != null);
        read.put(
            "usages",
            usages(
                model.usages() == null || model.usages().usage() == null
                    ? List.of()
                    : model.usages().usage().stream().filter(each -> each != null).toList()));
      }
      case VNIC_PROFILE -> {
        read.put("id", Optional.ofNullable(model.id()));
        read.put("network", id(model.network()));
        read.put("mirroring", bool(Optional.ofNullable(model.portMirroring())));
        read.put(
            "passthrough",
            model.passThrough() != null
                && text(model.passThrough().mode()).strip().equalsIgnoreCase("enabled"));
        read.put(
            "properties",
            model.customProperties() == null || model.customProperties().list() == null
                ? List.of()
                : model.customProperties().list().stream()
                    .map(each -> text(each.name()) + "=" + text(each.value()))
                    .toList());
      }
      default -> {
        read.put("id", Optional.ofNullable(model.id()));
        read.put("profile", id(model.vnicProfile()));
        read.put(
            "mac",
            Optional.ofNullable(model.mac()).flatMap(mac -> Optional.ofNullable(mac.address())));
        read.put("plugged", bool(Optional.ofNullable(model.plugged())));
        read.put("linked", bool(Optional.ofNullable(model.linked())));
      }
    }
    return Optional.of(read);
  }

  private static Optional<String> id(Link link) {
    return Optional.ofNullable(link).flatMap(each -> Optional.ofNullable(each.id()));
  }
}
