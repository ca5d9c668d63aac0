// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.json;

import java.util.List;
import java.util.Map;

/**
 * Writes JSON (RFC 8259) of maps, lists, texts, numbers and booleans, keys in the order in which a
 * map gives them, so that the same input is always the same bytes.
 */
public final class JsonWriter {

  /** Stands for {@code null}. */
  public static final Object NULL = new Object();

  private final StringBuilder out;

  private JsonWriter(StringBuilder out) {
    this.out = out;
  }

  /** The text of a value. */
  public static String write(Object value) {
    StringBuilder out = new StringBuilder();
    new JsonWriter(out).value(value);
    return out.toString();
  }

  /** Appends a value to a text that is being built. */
  public static void append(StringBuilder out, Object value) {
    new JsonWriter(out).value(value);
  }

  private void value(Object value) {
    if (value instanceof Map<?, ?> map) {
      char separator = '{';
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        text(entry.getKey().toString());
        out.append(':');
        value(entry.getValue());
        separator = ',';
      }
      out.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> list) {
      char separator = '[';
      for (Object item : list) {
        out.append(separator);
        value(item);
        separator = ',';
      }
      out.append(list.isEmpty() ? "[]" : "]");
    } else if (value == NULL) {
      out.append("null");
    } else if (value instanceof Number || value instanceof Boolean) {
      out.append(value);
    } else {
      text(value.toString());
    }
  }

  private void text(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || c == 0x7f) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
