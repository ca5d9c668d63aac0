// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads XML-RPC calls from anybody: no document type, no entities, an allow-list of types, limits
 * on depth and number of values. The body's length is the caller's to limit, before it is read.
 *
 * <p>Written by hand because the one Java server library of the protocol (Apache xmlrpc-server
 * 3.1.3, the counterpart of the engine's client) deserializes objects it is sent (CVE-2016-5003,
 * CVE-2019-17570) and is not maintained.
 */
public final class XmlRpcReader {

  /** Namespace of Apache's extension types, of which only {@code nil} is taken. */
  private static final String EXTENSIONS = "http://ws.apache.org/xmlrpc/namespaces/extensions";

  /** Longest piece of a caller's text that a fault repeats. */
  private static final int QUOTED = 64;

  private final XmlRpcLimits limits;

  public XmlRpcReader(XmlRpcLimits limits) {
    this.limits = limits;
  }

  /**
   * Reads a call.
   *
   * @throws XmlRpcFault if the body is not one, with a sentence that says why
   */
  public XmlRpcCall read(byte[] body) throws XmlRpcFault {
    return parse(body, Parse::call);
  }

  /**
   * Reads the value of an answer.
   *
   * @throws XmlRpcFault if the body is not one, or is a fault itself
   */
  public XmlRpcValue readAnswer(byte[] body) throws XmlRpcFault {
    return parse(body, Parse::answer);
  }

  private <T> T parse(byte[] body, Step<T> step) throws XmlRpcFault {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    factory.setProperty(XMLInputFactory.IS_COALESCING, true);
    try {
      XMLStreamReader xml = factory.createXMLStreamReader(new ByteArrayInputStream(body));
      try {
        return step.take(new Parse(xml));
      } finally {
        xml.close();
      }
    } catch (XMLStreamException e) {
      throw XmlRpcFault.notWellFormed("The request is not well-formed XML.");
    } catch (RuntimeException e) {
      // The JDK's parser answers some malformed input with unchecked exceptions of its own.
      throw XmlRpcFault.notWellFormed("The request cannot be read as XML.");
    }
  }

  /** A caller's text, short enough and plain enough to be repeated to them. */
  public static String quote(String text) {
    String start = text.length() > QUOTED ? text.substring(0, QUOTED) + "..." : text;
    return "'" + start.replaceAll("\\p{Cntrl}", "?") + "'";
  }

  /** What is read of a body. */
  private interface Step<T> {
    T take(Parse parse) throws XMLStreamException, XmlRpcFault;
  }

  /** One body being read; the cursor stands on the event last looked at. */
  private final class Parse {

    private final XMLStreamReader xml;
    private int items;

    Parse(XMLStreamReader xml) {
      this.xml = xml;
    }

    XmlRpcCall call() throws XMLStreamException, XmlRpcFault {
      expectStart("methodCall");
      expectStart("methodName");
      String method = text();
      List<XmlRpcValue> params = new ArrayList<>();
      if (nextTag() == XMLStreamConstants.START_ELEMENT) {
        requireName("params");
        while (nextTag() == XMLStreamConstants.START_ELEMENT) {
          requireName("param");
          expectStart("value");
          params.add(value(1));
          expectEnd();
        }
        expectEnd();
      }
      while (xml.hasNext()) {
        next();
      }
      return new XmlRpcCall(method, params);
    }

    XmlRpcValue answer() throws XMLStreamException, XmlRpcFault {
      expectStart("methodResponse");
      expectStart("params");
      expectStart("param");
      expectStart("value");
      return value(1);
    }

    /** Reads a value whose start tag was just read, up to and with its end tag. */
    private XmlRpcValue value(int depth) throws XMLStreamException, XmlRpcFault {
      if (depth > limits.depth()) {
        throw XmlRpcFault.notXmlRpc(
            "The request nests values more than " + limits.depth() + " deep.");
      }
      count();
      StringBuilder text = new StringBuilder();
      while (true) {
        int event = next();
        if (event == XMLStreamConstants.END_ELEMENT) {
          return new XmlRpcValue.Text(text.toString());
        }
        if (event == XMLStreamConstants.START_ELEMENT) {
          if (!text.toString().isBlank()) {
            throw XmlRpcFault.notXmlRpc("A value of the request has both text and a type.");
          }
          XmlRpcValue typed = typed(depth);
          expectEnd();
          return typed;
        }
        text.append(xml.getText());
      }
    }

    private XmlRpcValue typed(int depth) throws XMLStreamException, XmlRpcFault {
      String type = xml.getLocalName();
      if (xml.getNamespaceURI() != null
          && !(xml.getNamespaceURI().equals(EXTENSIONS) && type.equals("nil"))) {
        throw unknownType(type);
      }
      return switch (type) {
        case "string" -> new XmlRpcValue.Text(text());
        case "i4", "int" -> new XmlRpcValue.Int(number(text()));
        case "boolean" -> new XmlRpcValue.Bool(truth(text()));
        case "array" -> array(depth);
        case "struct" -> struct(depth);
        case "nil" -> {
          expectEnd();
          yield new XmlRpcValue.Nil();
        }
        default -> throw unknownType(type);
      };
    }

    private XmlRpcValue array(int depth) throws XMLStreamException, XmlRpcFault {
      List<XmlRpcValue> values = new ArrayList<>();
      expectStart("data");
      while (nextTag() == XMLStreamConstants.START_ELEMENT) {
        requireName("value");
        values.add(value(depth + 1));
      }
      expectEnd();
      return new XmlRpcValue.Array(values);
    }

    private XmlRpcValue struct(int depth) throws XMLStreamException, XmlRpcFault {
      Map<String, XmlRpcValue> members = new LinkedHashMap<>();
      while (nextTag() == XMLStreamConstants.START_ELEMENT) {
        requireName("member");
        expectStart("name");
        String name = text();
        expectStart("value");
        if (members.put(name, value(depth + 1)) != null) {
          throw XmlRpcFault.notXmlRpc("A struct names the member " + quote(name) + " twice.");
        }
        expectEnd();
      }
      return new XmlRpcValue.Struct(members);
    }

    /** The text of the element whose start tag was just read, up to and with its end tag. */
    private String text() throws XMLStreamException, XmlRpcFault {
      StringBuilder text = new StringBuilder();
      while (true) {
        int event = next();
        if (event == XMLStreamConstants.END_ELEMENT) {
          return text.toString();
        }
        if (event == XMLStreamConstants.START_ELEMENT) {
          throw XmlRpcFault.notXmlRpc(
              "The element " + quote(xml.getLocalName()) + " has no place in the request there.");
        }
        text.append(xml.getText());
      }
    }

    private int number(String text) throws XmlRpcFault {
      try {
        return Integer.parseInt(text.strip());
      } catch (NumberFormatException e) {
        throw XmlRpcFault.notXmlRpc(quote(text) + " is not a number of 32 bits.");
      }
    }

    private boolean truth(String text) throws XmlRpcFault {
      return switch (text.strip()) {
        case "0" -> false;
        case "1" -> true;
        default -> throw XmlRpcFault.notXmlRpc(quote(text) + " is not a boolean.");
      };
    }

    private void count() throws XmlRpcFault {
      items++;
      if (items > limits.items()) {
        throw XmlRpcFault.notXmlRpc("The request has more than " + limits.items() + " values.");
      }
    }

    /** The next start or end tag; text between tags must be blank. */
    private int nextTag() throws XMLStreamException, XmlRpcFault {
      while (true) {
        int event = next();
        if (event == XMLStreamConstants.START_ELEMENT || event == XMLStreamConstants.END_ELEMENT) {
          return event;
        }
        if (!xml.getText().isBlank()) {
          throw XmlRpcFault.notXmlRpc("The request has text between its elements.");
        }
      }
    }

    /** The next tag or text. */
    private int next() throws XMLStreamException, XmlRpcFault {
      while (true) {
        int event = xml.next();
        switch (event) {
          case XMLStreamConstants.START_ELEMENT,
              XMLStreamConstants.END_ELEMENT,
              XMLStreamConstants.CHARACTERS,
              XMLStreamConstants.CDATA,
              XMLStreamConstants.SPACE,
              XMLStreamConstants.END_DOCUMENT -> {
            return event;
          }
          case XMLStreamConstants.COMMENT -> {}
          case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
              throw XmlRpcFault.notXmlRpc(
                  "The request has a document type or an entity, which are not taken.");
          default -> throw XmlRpcFault.notXmlRpc("The request is not an XML-RPC call.");
        }
      }
    }

    private void expectStart(String name) throws XMLStreamException, XmlRpcFault {
      if (nextTag() != XMLStreamConstants.START_ELEMENT) {
        throw XmlRpcFault.notXmlRpc("The request lacks the element '" + name + "'.");
      }
      requireName(name);
    }

    private void expectEnd() throws XMLStreamException, XmlRpcFault {
      if (nextTag() != XMLStreamConstants.END_ELEMENT) {
        throw misplaced();
      }
    }

    private void requireName(String name) throws XmlRpcFault {
      if (xml.getNamespaceURI() != null || !xml.getLocalName().equals(name)) {
        throw misplaced();
      }
    }

    private XmlRpcFault misplaced() {
      return XmlRpcFault.notXmlRpc(
          "The element " + quote(xml.getLocalName()) + " has no place in the request there.");
    }

    private XmlRpcFault unknownType(String type) {
      return XmlRpcFault.notXmlRpc("Values of the type " + quote(type) + " are not taken.");
    }
  }
}
