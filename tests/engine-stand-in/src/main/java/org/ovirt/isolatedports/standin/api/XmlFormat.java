// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Trees as the XML of API v4: four blanks a level, {@code href}, {@code id}, {@code rel} first. */
public final class XmlFormat {
  private static final List<String> ATTRIBUTES = List.of("href", "id", "rel");
  private static final List<String> FIRST =
      List.of("actions", "name", "description", "comment", "link");
  private static final int MAX_DEPTH = 64;

  private XmlFormat() {}

  /** The document with the given root element. */
  public static String write(String root, Tree tree) {
    StringBuilder out = new StringBuilder(256);
    out.append("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    writeElement(out, root, tree, 0);
    return out.toString();
  }

  private static void writeElement(StringBuilder out, String name, Tree tree, int level) {
    indent(out, level).append('<').append(name);
    Map<String, Object> members = tree.members();
    for (String attribute : ATTRIBUTES) {
      Object value = members.get(attribute);
      if (value != null) {
        out.append(' ').append(attribute).append("=\"");
        escape(out, value.toString()).append('"');
      }
    }
    boolean open = false;
    for (String first : FIRST) {
      Object value = members.get(first);
      if (value != null) {
        open = writeMember(out, open, first, value, level + 1);
      }
    }
    for (Map.Entry<String, Object> member : members.entrySet()) {
      if (!ATTRIBUTES.contains(member.getKey()) && !FIRST.contains(member.getKey())) {
        open = writeMember(out, open, member.getKey(), member.getValue(), level + 1);
      }
    }
    if (open) {
      indent(out, level).append("</").append(name).append(">\n");
    } else {
      out.append("/>\n");
    }
  }

  private static boolean writeMember(
      StringBuilder out, boolean open, String name, Object value, int level) {
    List<?> values = value instanceof List<?> list ? list : List.of(value);
    if (values.isEmpty()) {
      return open;
    }
    if (!open) {
      out.append(">\n");
    }
    for (Object each : values) {
      if (each instanceof Tree child) {
        writeElement(out, name, child, level);
      } else {
        indent(out, level).append('<').append(name).append('>');
        escape(out, text(each)).append("</").append(name).append(">\n");
      }
    }
    return true;
  }

  private static String text(Object scalar) {
    if (scalar instanceof Instant time) {
      // Always three digits of a second, where Instant leaves out zeros.
      String iso = time.truncatedTo(ChronoUnit.MILLIS).plusNanos(1).toString();
      return iso.substring(0, iso.indexOf('.') + 4) + "Z";
    }
    if (scalar instanceof Double number && number == Math.rint(number)) {
      return Long.toString(number.longValue());
    }
    return scalar.toString();
  }

  private static StringBuilder indent(StringBuilder out, int level) {
    for (int i = 0; i < level; i++) {
      out.append("    ");
    }
    return out;
  }

  private static StringBuilder escape(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '&' -> out.append("&amp;");
        case '"' -> out.append("&quot;");
        default -> out.append(c);
      }
    }
    return out;
  }

  /**
   * Reads a document; the root's name does not matter, as it does not to the engine.
   *
   * @throws BadSyntaxException if it is not XML, carries a DTD, or nests too deeply
   */
  public static Tree read(byte[] document) throws BadSyntaxException {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    try {
      XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(document));
      reader.nextTag();
      Object root = readElement(reader, 0);
      while (reader.hasNext()) {
        reader.next();
      }
      return root instanceof Tree tree ? tree : new Tree();
    } catch (XMLStreamException | IllegalStateException e) {
      throw new BadSyntaxException(e);
    }
  }

  private static Object readElement(XMLStreamReader reader, int depth)
      throws XMLStreamException, BadSyntaxException {
    if (depth > MAX_DEPTH) {
      throw new BadSyntaxException("The document nests deeper than " + MAX_DEPTH + " elements.");
    }
    Tree tree = new Tree();
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      tree.put(reader.getAttributeLocalName(i), reader.getAttributeValue(i));
    }
    StringBuilder text = new StringBuilder();
    boolean children = false;
    while (true) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          children = true;
          String name = reader.getLocalName();
          add(tree, name, readElement(reader, depth + 1));
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA ->
            text.append(reader.getText());
        case XMLStreamConstants.DTD ->
            throw new BadSyntaxException("A document type is not accepted.");
        case XMLStreamConstants.END_ELEMENT -> {
          if (children || !tree.members().isEmpty()) {
            return tree;
          }
          return text.toString();
        }
        default -> {
          // Comments and processing instructions mean nothing here.
        }
      }
    }
  }

  private static void add(Tree tree, String name, Object value) {
    Object before = tree.members().get(name);
    if (before == null) {
      tree.putRaw(name, value);
    } else {
      List<Object> all = new ArrayList<>(before instanceof List<?> list ? list : List.of(before));
      all.add(value);
      tree.putRaw(name, all);
    }
  }
}
