// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.xmlrpc;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of an XML-RPC call or answer: the types the engine's scheduler client uses, and no more.
 */
public sealed interface XmlRpcValue {

  /** What a fault calls the type. */
  String typeName();

  /** {@code <string>} or text without a type. */
  record Text(String value) implements XmlRpcValue {
    @Override
    public String typeName() {
      return "a string";
    }
  }

  /** {@code <i4>} or {@code <int>}. */
  record Int(int value) implements XmlRpcValue {
    @Override
    public String typeName() {
      return "an int";
    }
  }

  /** {@code <boolean>}. */
  record Bool(boolean value) implements XmlRpcValue {
    @Override
    public String typeName() {
      return "a boolean";
    }
  }

  /** {@code <nil>} and {@code <ex:nil>}, which the engine's client writes for null. */
  record Nil() implements XmlRpcValue {
    @Override
    public String typeName() {
      return "nil";
    }
  }

  /** {@code <array>}. */
  record Array(List<XmlRpcValue> values) implements XmlRpcValue {

    public Array {
      values = List.copyOf(values);
    }

    /** An array of texts. */
    public static Array ofTexts(List<String> texts) {
      return new Array(texts.stream().<XmlRpcValue>map(Text::new).toList());
    }

    @Override
    public String typeName() {
      return "an array";
    }
  }

  /** {@code <struct>}, its members in the order written. */
  record Struct(Map<String, XmlRpcValue> members) implements XmlRpcValue {

    public Struct {
      members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
    }

    @Override
    public String typeName() {
      return "a struct";
    }
  }
}
