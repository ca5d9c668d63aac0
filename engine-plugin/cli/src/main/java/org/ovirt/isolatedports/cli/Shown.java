// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

/**
 * Text for a terminal. Names come from inventories that tenants have a hand in: a line break in one
 * could forge a row of a table, an escape sequence whatever the reader sees.
 */
final class Shown {

  private Shown() {}

  /** The text with what is no visible character written out, e.g. {@code \n} or {@code \u001b}. */
  static String text(String text) {
    if (text.codePoints().noneMatch(Shown::isHidden)) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (!isHidden(c)) {
                shown.appendCodePoint(c);
              } else if (c == '\n') {
                shown.append("\\n");
              } else if (c == '\t') {
                shown.append("\\t");
              } else {
                shown.append(String.format(c > 0xffff ? "\\U%08x" : "\\u%04x", c));
              }
            });
    return shown.toString();
  }

  private static boolean isHidden(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE ->
          true;
      default -> false;
    };
  }
}
