// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

import java.util.LinkedHashMap;
import java.util.Map;

/** Writes XML-RPC answers in the form the engine's client (Apache xmlrpc-client 3.1.3) reads. */
public final class XmlRpcWriter {

  private static final String DECLARATION = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

  private XmlRpcWriter() {}

  /** An answer with one value. */
  public static String answer(XmlRpcValue value) {
    StringBuilder out = new StringBuilder(1024).append(DECLARATION);
    out.append("<methodResponse><params><param>");
    write(value, out);
    return out.append("</param></params></methodResponse>").toString();
  }

  /** A fault. */
  public static String fault(XmlRpcFault fault) {
    Map<String, XmlRpcValue> members = new LinkedHashMap<>();
    members.put("faultCode", new XmlRpcValue.Int(fault.code()));
    members.put("faultString", new XmlRpcValue.Text(fault.getMessage()));
    StringBuilder out = new StringBuilder(512).append(DECLARATION);
    out.append("<methodResponse><fault>");
    write(new XmlRpcValue.Struct(members), out);
    return out.append("</fault></methodResponse>").toString();
  }

  private static void write(XmlRpcValue value, StringBuilder out) {
    out.append("<value>");
    if (value instanceof XmlRpcValue.Text text) {
      out.append("<string>");
      escape(text.value(), out);
      out.append("</string>");
    } else if (value instanceof XmlRpcValue.Int number) {
      out.append("<i4>").append(number.value()).append("</i4>");
    } else if (value instanceof XmlRpcValue.Bool truth) {
      out.append("<boolean>").append(truth.value() ? 1 : 0).append("</boolean>");
    } else if (value instanceof XmlRpcValue.Array array) {
      out.append("<array><data>");
      array.values().forEach(element -> write(element, out));
      out.append("</data></array>");
    } else if (value instanceof XmlRpcValue.Struct struct) {
      out.append("<struct>");
      struct.members().forEach((name, member) -> writeMember(name, member, out));
      out.append("</struct>");
    }
    out.append("</value>");
  }

  private static void writeMember(String name, XmlRpcValue value, StringBuilder out) {
    out.append("<member><name>");
    escape(name, out);
    out.append("</name>");
    write(value, out);
    out.append("</member>");
  }

  /** Escapes markup, and replaces what XML 1.0 cannot hold. */
  private static void escape(String text, StringBuilder out) {
    if (isPlain(text)) {
      out.append(text);
      return;
    }
    text.codePoints()
        .forEach(
            point -> {
              switch (point) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '\r' -> out.append("&#13;");
                default -> out.appendCodePoint(isXmlCharacter(point) ? point : 0xfffd);
              }
            });
  }

  /** Whether a text is printable ASCII without markup, as every host's id is. */
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '<' || c == '>' || c == '&') {
        return false;
      }
    }
    return true;
  }

  /** XML 1.0, production 2. */
  private static boolean isXmlCharacter(int point) {
    return point == '\t'
        || point == '\n'
        || (point >= 0x20 && point <= 0xd7ff)
        || (point >= 0xe000 && point <= 0xfffd)
        || point >= 0x10000;
  }
}
