// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

/**
 * What a caller gets instead of an answer. Codes are those of the XML-RPC fault code
 * interoperability note (D. Libby, 2001).
 */
public final class XmlRpcFault extends Exception {

  private static final long serialVersionUID = 1L;

  private final int code;

  private XmlRpcFault(int code, String message) {
    super(message);
    this.code = code;
  }

  /** The body is not well-formed XML. */
  public static XmlRpcFault notWellFormed(String message) {
    return new XmlRpcFault(-32700, message);
  }

  /** The body is XML, but no XML-RPC call we take. */
  public static XmlRpcFault notXmlRpc(String message) {
    return new XmlRpcFault(-32600, message);
  }

  /** There is no such method. */
  public static XmlRpcFault noSuchMethod(String message) {
    return new XmlRpcFault(-32601, message);
  }

  /** The method does not take these parameters. */
  public static XmlRpcFault invalidParams(String message) {
    return new XmlRpcFault(-32602, message);
  }

  /** The fault is ours. */
  public static XmlRpcFault internal(String message) {
    return new XmlRpcFault(-32603, message);
  }

  public int code() {
    return code;
  }
}
