// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
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
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** An XML body of API v4. */
final class XmlBody implements ApiBody {

  private static final int MAX_DEPTH = 64;

  private final byte[] original;
  private final Document document;
  private final Element element;
  private final AtomicBoolean changed;

  private XmlBody(byte[] original, Document document, Element element, AtomicBoolean changed) {
    this.original = original;
    this.document = document;
    this.element = element;
    this.changed = changed;
  }

  static XmlBody read(byte[] bytes, String root) {
    Document document = parse(bytes);
    Element element = document.getDocumentElement();
    if (!element.getLocalName().equals(root)) {
      throw new MalformedBodyException(
          "The body must be a <" + root + "> element, not <" + element.getLocalName() + ">.");
    }
    return new XmlBody(bytes, document, element, new AtomicBoolean());
  }

  /**
   * Reads what a caller asks for. An element or attribute of a namespace is none of API v4 to the
   * engine's JAXB, or changes what it stands on ({@code xsi:nil}), but has the same name here.
   */
  static XmlBody readAsked(byte[] bytes, String root) {
    XmlBody body = read(bytes, root);
    Element element = body.document.getDocumentElement();
    refuseNamespaces(element);
    everyElement(element, XmlBody::refuseNamespaces);
    return body;
  }

  private static void refuseNamespaces(Element element) {
    if (element.getNamespaceURI() != null) {
      throw ofNamespace(element);
    }
    NamedNodeMap attributes = element.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      Node attribute = attributes.item(i);
      if (attribute.getNamespaceURI() != null
          && !attribute.getNamespaceURI().equals(XMLConstants.XMLNS_ATTRIBUTE_NS_URI)) {
        throw ofNamespace(attribute);
      }
    }
  }

  private static MalformedBodyException ofNamespace(Node node) {
    return new MalformedBodyException(
        "The body holds "
            + node.getNodeName()
            + " of the namespace "
            + node.getNamespaceURI()
            + "; API v4 has no namespace.");
  }

  static XmlBody create(String root) {
    try {
      Document document = factory().newDocumentBuilder().newDocument();
      document.appendChild(document.createElementNS(null, root));
      return new XmlBody(
          new byte[0], document, document.getDocumentElement(), new AtomicBoolean(true));
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("The JDK's own XML parser knows these features", e);
    }
  }

  private static Document parse(byte[] bytes) {
    try {
      DocumentBuilder builder = factory().newDocumentBuilder();
      builder.setErrorHandler(new Thrower());
      return builder.parse(new ByteArrayInputStream(bytes));
    } catch (SAXParseException e) {
      throw new MalformedBodyException(
          "The body is not well-formed XML at line "
              + e.getLineNumber()
              + ", column "
              + e.getColumnNumber()
              + ": "
              + e.getMessage());
    } catch (SAXException | IOException e) {
      throw new MalformedBodyException("The body is not well-formed XML in UTF-8.");
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("The JDK's own XML parser knows these features", e);
    }
  }

  /** The JDK's own parser, whatever the container brings, with everything outside the body shut. */
  private static DocumentBuilderFactory factory() throws ParserConfigurationException {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
    factory.setNamespaceAware(true);
    factory.setXIncludeAware(false);
    factory.setExpandEntityReferences(false);
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    factory.setAttribute("jdk.xml.maxElementDepth", String.valueOf(MAX_DEPTH));
    return factory;
  }

  static byte[] fault(String reason, String detail) {
    try {
      Document document = factory().newDocumentBuilder().newDocument();
      Element fault = document.createElement("fault");
      document.appendChild(fault);
      appendText(fault, "detail", detail);
      appendText(fault, "reason", reason);
      return write(document, true);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("The JDK's own XML parser knows these features", e);
    }
  }

  private static void appendText(Element parent, String name, String text) {
    Element child = parent.getOwnerDocument().createElement(name);
    child.setTextContent(withoutIllegalCharacters(text));
    parent.appendChild(child);
  }

  /** A detail may quote what a client sent, and that may hold what XML cannot. */
  static String withoutIllegalCharacters(String text) {
    StringBuilder legal = new StringBuilder(text.length());
    text.codePoints().map(c -> isLegal(c) ? c : '?').forEach(legal::appendCodePoint);
    return legal.toString();
  }

  /** XML 1.0, production 2. */
  private static boolean isLegal(int c) {
    return c == '\t'
        || c == '\r'
        || c == '\n'
        || (c >= 0x20 && c <= 0xD7FF)
        || (c >= 0xE000 && c <= 0xFFFD)
        || c >= 0x10000;
  }

  private static byte[] write(Document document, boolean indent) {
    try {
      Transformer transformer = TransformerFactory.newDefaultInstance().newTransformer();
      transformer.setOutputProperty(OutputKeys.ENCODING, StandardCharsets.UTF_8.name());
      transformer.setOutputProperty(OutputKeys.STANDALONE, "yes");
      transformer.setOutputProperty(OutputKeys.INDENT, indent ? "yes" : "no");
      transformer.setOutputProperty("{http://xml.apache.org/xslt}indent-amount", "4");
      document.setXmlStandalone(true);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      transformer.transform(new DOMSource(document), new StreamResult(out));
      return out.toByteArray();
    } catch (TransformerException e) {
      throw new IllegalStateException("A parsed document can always be written", e);
    }
  }

  @Override
  public Optional<String> text(String field) {
    if (isAttribute(field)) {
      return element.hasAttribute(field)
          ? Optional.of(element.getAttribute(field))
          : Optional.empty();
    }
    return one(field).filter(child -> children(child).isEmpty()).map(Element::getTextContent);
  }

  @Override
  public boolean has(String field) {
    return isAttribute(field) ? element.hasAttribute(field) : one(field).isPresent();
  }

  @Override
  public void require(Shape.Entity shape) {
    require(element, shape);
  }

  private static void require(Element holder, Shape.Entity shape) {
    shape
        .fields()
        .forEach(
            (field, wanted) -> {
              if (!isAttribute(field)) {
                one(holder, field).ifPresent(child -> require(field, child, wanted));
              } else if (holder.hasAttribute(field)) {
                Shape.requireText(field, holder.getAttribute(field), wanted);
              }
            });
  }

  private static void require(String field, Element child, Shape shape) {
    if (shape instanceof Shape.Entity entity) {
      require(child, entity);
    } else if (shape instanceof Shape.Items items) {
      for (Element item : children(child)) {
        if (!item.getLocalName().equals(items.element())) {
          throw new MalformedBodyException(
              "The field \"" + field + "\" holds elements of " + items.element() + " only.");
        }
        require(items.element(), item, items.each());
      }
    } else {
      if (!children(child).isEmpty()) {
        throw new MalformedBodyException(
            "The field \"" + field + "\" must be a single value, not hold elements.");
      }
      Shape.requireText(field, child.getTextContent(), shape);
    }
  }

  @Override
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    NamedNodeMap attributes = element.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      names.add(attributes.item(i).getNodeName());
    }
    children(element).forEach(child -> names.add(child.getLocalName()));
    return names;
  }

  @Override
  public Optional<ApiBody> child(String field) {
    return one(field).map(this::entity);
  }

  @Override
  public List<ApiBody> items(String name) {
    return children(element).stream()
        .filter(child -> child.getLocalName().equals(name))
        .map(this::entity)
        .toList();
  }

  @Override
  public List<ApiBody> list(String list, String name) {
    return child(list).map(holder -> holder.items(name)).orElse(List.of());
  }

  @Override
  public List<ApiBody> everywhere(String name) {
    List<ApiBody> found = new ArrayList<>();
    everyElement(
        document.getDocumentElement(),
        each -> {
          if (each.getLocalName().equals(name)) {
            found.add(entity(each));
          }
        });
    return found;
  }

  private static void everyElement(Element parent, Consumer<Element> action) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element child) {
        action.accept(child);
        everyElement(child, action);
      }
    }
  }

  @Override
  public Optional<List<String>> texts(String list, String name) {
    return one(list)
        .map(
            holder ->
                children(holder).stream()
                    .filter(child -> child.getLocalName().equals(name))
                    .map(Element::getTextContent)
                    .toList());
  }

  @Override
  public void set(String field, String value) {
    Optional<Element> existing = one(field);
    if (existing.isPresent()) {
      existing.get().setTextContent(value);
    } else {
      insert(field, value);
    }
    changed.set(true);
  }

  @Override
  public void append(String list, String name, Map<String, String> fields) {
    if (one(list).isEmpty()) {
      insert(list, "");
    }
    Element item = document.createElementNS(null, name);
    fields.forEach(
        (field, value) -> {
          Element child = document.createElementNS(null, field);
          child.setTextContent(withoutIllegalCharacters(value));
          item.appendChild(child);
        });
    one(list).orElseThrow().appendChild(item);
    changed.set(true);
  }

  @Override
  public void setTexts(String list, String name, List<String> texts) {
    remove(list);
    insert(list, "");
    Element holder = one(list).orElseThrow();
    texts.forEach(text -> appendText(holder, name, text));
    changed.set(true);
  }

  @Override
  public void changeHrefs(UnaryOperator<String> change) {
    Element root = document.getDocumentElement();
    changeHref(root, change);
    everyElement(root, each -> changeHref(each, change));
  }

  private void changeHref(Element holder, UnaryOperator<String> change) {
    String before = holder.getAttribute("href");
    String after = change.apply(before);
    if (!after.equals(before)) {
      holder.setAttribute("href", after);
      changed.set(true);
    }
  }

  @Override
  public String canonical(Set<String> without) {
    StringBuilder text = new StringBuilder();
    canonical(element, without, text);
    return text.toString();
  }

  private static void canonical(Element holder, Set<String> without, StringBuilder text) {
    text.append('<').append(holder.getLocalName());
    // Attributes come sorted by name from a NamedNodeMap of the JDK's parser.
    NamedNodeMap attributes = holder.getAttributes();
    for (int i = 0; i < attributes.getLength(); i++) {
      Node attribute = attributes.item(i);
      if (!without.contains(attribute.getNodeName())) {
        quote(text.append(' ').append(attribute.getNodeName()), attribute.getNodeValue());
      }
    }
    List<Element> children = children(holder);
    if (children.isEmpty()) {
      quote(text, holder.getTextContent());
    }
    for (Element child : children) {
      if (!without.contains(child.getLocalName())) {
        canonical(child, without, text);
      }
    }
    text.append('>');
  }

  private static void quote(StringBuilder text, String value) {
    text.append('"').append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
  }

  /** API v4 writes name, description, comment and links first, then the fields by their names. */
  private void insert(String field, String value) {
    Element child = document.createElementNS(null, field);
    child.setTextContent(value);
    Node before = null;
    for (Element sibling : children(element)) {
      if (!isHead(sibling.getLocalName()) && sibling.getLocalName().compareTo(field) > 0) {
        before = sibling;
        break;
      }
    }
    Node indentation = before == null ? null : before.getPreviousSibling();
    element.insertBefore(child, before);
    if (indentation != null && indentation.getNodeType() == Node.TEXT_NODE) {
      element.insertBefore(indentation.cloneNode(false), before);
    }
  }

  private static boolean isHead(String name) {
    return switch (name) {
      case "actions", "name", "description", "comment", "creation_status", "link" -> true;
      default -> false;
    };
  }

  @Override
  public void remove(String field) {
    one(field)
        .ifPresent(
            child -> {
              element.removeChild(child);
              changed.set(true);
            });
  }

  @Override
  public Optional<Boolean> flag(String field) {
    return one(field)
        .map(
            child ->
                switch (child.getTextContent()) {
                  case "true", "1" -> true;
                  case "false", "0" -> false;
                  default ->
                      throw new MalformedBodyException(
                          "Invalid value",
                          "Value \""
                              + child.getTextContent()
                              + "\" isn't a valid boolean, it should be \"true\" , \"false\","
                              + " \"0\" or \"1\"");
                });
  }

  @Override
  public byte[] toBytes() {
    return changed.get() ? write(document, false) : original;
  }

  private static boolean isAttribute(String field) {
    return field.equals("id") || field.equals("href");
  }

  /** A field's element; two of one name are refused, as two readers could take different ones. */
  private Optional<Element> one(String field) {
    return one(element, field);
  }

  private static Optional<Element> one(Element holder, String field) {
    List<Element> found =
        children(holder).stream().filter(child -> child.getLocalName().equals(field)).toList();
    if (found.size() > 1) {
      throw new MalformedBodyException("The body holds <" + field + "> twice.");
    }
    return found.stream().findFirst();
  }

  private static List<Element> children(Element parent) {
    List<Element> children = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element child) {
        children.add(child);
      }
    }
    return children;
  }

  private ApiBody entity(Element child) {
    return new XmlBody(original, document, child, changed);
  }

  /** Without it the parser prints errors to the server's standard error. */
  private static final class Thrower implements ErrorHandler {

    @Override
    public void warning(SAXParseException exception) {
      // A warning does not make a body malformed.
    }

    @Override
    public void error(SAXParseException exception) throws SAXException {
      throw exception;
    }

    @Override
    public void fatalError(SAXParseException exception) throws SAXException {
      throw exception;
    }
  }
}
