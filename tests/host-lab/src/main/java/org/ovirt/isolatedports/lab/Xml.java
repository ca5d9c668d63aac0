// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The few XML operations the lab needs, on DOM. */
final class Xml {

  private Xml() {}

  static Document parse(String text) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setNamespaceAware(true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      DocumentBuilder builder = factory.newDocumentBuilder();
      builder.setErrorHandler(null);
      return builder.parse(new InputSource(new StringReader(text)));
    } catch (SAXException | IOException e) {
      throw new LabException("This is not well-formed XML: " + e.getMessage(), e);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A document of its own that holds a copy of {@code element}. */
  static Document copy(Element element) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setNamespaceAware(true);
      Document document = factory.newDocumentBuilder().newDocument();
      document.appendChild(document.importNode(element, true));
      return document;
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A copy of the element with plain names, in no namespace. */
  static Element withoutNamespaces(Element element) {
    Document document = copy(element);
    return plain(document, element);
  }

  private static Element plain(Document document, Element element) {
    Element plain = document.createElementNS(null, element.getLocalName());
    NamedNodeMap attributes = element.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      Node attribute = attributes.item(i);
      if (!XMLConstants.XMLNS_ATTRIBUTE_NS_URI.equals(attribute.getNamespaceURI())) {
        plain.setAttribute(attribute.getLocalName(), attribute.getNodeValue());
      }
    }
    for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
      plain.appendChild(
          node instanceof Element child ? plain(document, child) : document.importNode(node, true));
    }
    return plain;
  }

  /** The node as text, with a declaration. */
  static String text(Node node) {
    return write(node, false);
  }

  /** The node as text, with declaration and indentation as VDSM gives it to hooks. */
  static String indented(Node node) {
    return "<?xml version='1.0' encoding='utf-8'?>\n" + write(node, true);
  }

  private static String write(Node node, boolean indent) {
    try {
      Transformer transformer = TransformerFactory.newInstance().newTransformer();
      transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, indent ? "yes" : "no");
      transformer.setOutputProperty(OutputKeys.ENCODING, "UTF-8");
      transformer.setOutputProperty(OutputKeys.INDENT, indent ? "yes" : "no");
      StringWriter text = new StringWriter();
      transformer.transform(new DOMSource(node), new StreamResult(text));
      return text.toString();
    } catch (TransformerException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The child elements of this local name, in document order. */
  static List<Element> children(Element parent, String localName) {
    return elements(parent).stream()
        .filter(element -> localName.equals(element.getLocalName()))
        .toList();
  }

  /** All child elements, in document order. */
  static List<Element> elements(Element parent) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        found.add(element);
      }
    }
    return found;
  }

  static Optional<Element> child(Element parent, String localName) {
    return children(parent, localName).stream().findFirst();
  }

  static Element require(Element parent, String localName) {
    return child(parent, localName)
        .orElseThrow(
            () ->
                new LabException(
                    "The element <%s> has no <%s>.".formatted(parent.getTagName(), localName)));
  }

  /** The attribute of a child element, where both exist. */
  static Optional<String> attribute(Element parent, String child, String attribute) {
    return child(parent, child)
        .filter(element -> element.hasAttribute(attribute))
        .map(element -> element.getAttribute(attribute));
  }

  /** Appends a child element with attributes given as name, value, name, value. */
  static Element append(Element parent, String name, String... attributes) {
    Element child = parent.getOwnerDocument().createElementNS(null, name);
    for (int i = 0; i < attributes.length; i += 2) {
      child.setAttribute(attributes[i], attributes[i + 1]);
    }
    parent.appendChild(child);
    return child;
  }

  static void remove(Element parent, String localName) {
    children(parent, localName).forEach(parent::removeChild);
  }
}
