// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import org.ovirt.isolatedports.policy.address.Bits;

/**
 * One token of a match.
 *
 * @param kind what it is
 * @param start index of its first character
 * @param end index after its last character
 * @param text identifier, string content, set name without its sign, or the error's message
 * @param format how an integer was written
 * @param value an integer's value, its bits outside the mask cleared
 * @param mask a masked integer's mask
 */
record Token(Kind kind, int start, int end, String text, Format format, Bits value, Bits mask) {

  enum Kind {
    END("$"),
    ID(""),
    STRING(""),
    INTEGER(""),
    MASKED_INTEGER(""),
    ADDRESS_SET(""),
    PORT_GROUP(""),
    TEMPLATE(""),
    ERROR(""),
    LPAREN("("),
    RPAREN(")"),
    LCURLY("{"),
    RCURLY("}"),
    LSQUARE("["),
    RSQUARE("]"),
    EQ("=="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">="),
    NOT("!"),
    AND("&&"),
    OR("||"),
    ELLIPSIS(".."),
    COMMA(","),
    SEMICOLON(";"),
    EQUALS("="),
    EXCHANGE("<->"),
    DECREMENT("--"),
    COLON(":"),
    HYPHEN("-");

    private final String sign;

    Kind(String sign) {
      this.sign = sign;
    }

    String sign() {
      return sign;
    }
  }

  /** How an integer was written, which decides what mask it may take and how wide it counts. */
  enum Format {
    DECIMAL(64),
    HEXADECIMAL(128),
    IPV4(32),
    IPV6(128),
    ETHERNET(48);

    private final int width;

    Format(int width) {
      this.width = width;
    }

    int width() {
      return width;
    }
  }

  static Token of(Kind kind, int start, int end) {
    return new Token(kind, start, end, "", Format.DECIMAL, Bits.ZERO, Bits.ZERO);
  }

  static Token named(Kind kind, int start, int end, String text) {
    return new Token(kind, start, end, text, Format.DECIMAL, Bits.ZERO, Bits.ZERO);
  }

  static Token integer(int start, int end, Format format, Bits value) {
    return new Token(Kind.INTEGER, start, end, "", format, value, Bits.ZERO);
  }

  static Token error(int start, int end, String message) {
    return named(Kind.ERROR, start, end, message);
  }
}
