// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Writes a tree of maps, lists and texts as API v4 writes its entities, in XML or JSON. */
public final class TreeWriter {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> ATTRIBUTES = List.of("href", "id");

  /** The engine writes milliseconds also where they are nought. */
  private static final DateTimeFormatter XML_TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

  private TreeWriter() {}

  /** A time as API v4 writes it: a number of milliseconds in JSON, ISO 8601 in XML. */
  public static Object time(Instant time, BodyFormat format) {
    if (format == BodyFormat.JSON) {
      return time.toEpochMilli();
    }
    return XML_TIME.format(time);
  }

  /**
   * Writes a document.
   *
   * @param root name of the XML root element; JSON has none
   */
  public static byte[] write(BodyFormat format, String root, Map<String, Object> tree) {
    try {
      return format == BodyFormat.JSON ? JSON.writeValueAsBytes(tree) : xml(root, tree);
    } catch (JsonProcessingException | XMLStreamException e) {
      throw new IllegalStateException("A tree of texts could not be written.", e);
    }
  }

  private static byte[] xml(String root, Map<String, Object> tree) throws XMLStreamException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(out, "UTF-8");
    xml.writeStartDocument("UTF-8", "1.0");
    element(xml, root, tree);
    xml.writeEndDocument();
    xml.close();
    return out.toByteArray();
  }

  private static void element(XMLStreamWriter xml, String name, Object value)
      throws XMLStreamException {
    if (value instanceof List<?> items) {
      for (Object item : items) {
        element(xml, name, item);
      }
      return;
    }
    xml.writeStartElement(name);
    if (value instanceof Map<?, ?> members) {
      for (String attribute : ATTRIBUTES) {
        Object text = members.get(attribute);
        if (text != null) {
          xml.writeAttribute(attribute, text.toString());
        }
      }
      for (Map.Entry<?, ?> member : members.entrySet()) {
        if (!ATTRIBUTES.contains(member.getKey())) {
          element(xml, member.getKey().toString(), member.getValue());
        }
      }
    } else {
      text(xml, XmlBody.withoutIllegalCharacters(value.toString()));
    }
    xml.writeEndElement();
  }

  /** A carriage return is written as a reference, or readers would make a line feed of it. */
  private static void text(XMLStreamWriter xml, String value) throws XMLStreamException {
    int start = 0;
    for (int end = value.indexOf('\r'); end >= 0; end = value.indexOf('\r', start)) {
      xml.writeCharacters(value.substring(start, end));
      xml.writeEntityRef("#13");
      start = end + 1;
    }
    xml.writeCharacters(value.substring(start));
  }
}
