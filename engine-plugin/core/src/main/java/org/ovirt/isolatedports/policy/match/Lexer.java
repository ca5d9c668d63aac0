// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.match;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.policy.address.Addresses;
import org.ovirt.isolatedports.policy.address.Bits;
import org.ovirt.isolatedports.policy.match.Token.Format;
import org.ovirt.isolatedports.policy.match.Token.Kind;

/**
 * Splits a match into tokens as OVN does (ovn-sb(5), Logical_Flow, "match"; the error wording is
 * that of OVN 24.03). Each call looks at each character a bounded number of times.
 */
final class Lexer {

  private final String input;
  private final Set<Cut> cut = new LinkedHashSet<>();

  Lexer(String input) {
    this.input = input;
  }

  /** An address with bits beyond its mask, which OVN takes away. */
  record Cut(int start, String text) {}

  /** The addresses read so far that have bits beyond their masks. */
  Set<Cut> cut() {
    return cut;
  }

  /** The character at an index, or NUL at the end. */
  private char at(int index) {
    return index < input.length() ? input.charAt(index) : '\0';
  }

  /** The first token at or after an index. */
  Token next(int from) {
    int p = from;
    while (true) {
      char c = at(p);
      if (p >= input.length()) {
        return Token.of(Kind.END, p, p);
      } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
        p++;
      } else if (c == '/' && at(p + 1) == '/') {
        int newline = input.indexOf('\n', p);
        p = newline < 0 ? input.length() : newline;
      } else if (c == '/' && at(p + 1) == '*') {
        int close = input.indexOf("*/", p + 2);
        int newline = input.indexOf('\n', p + 2);
        if (close < 0 || (newline >= 0 && newline < close)) {
          return Token.error(p, input.length(), "`/*' without matching `*/'.");
        }
        p = close + 2;
      } else {
        return token(p, c);
      }
    }
  }

  private Token token(int p, char c) {
    return switch (c) {
      case '(' -> Token.of(Kind.LPAREN, p, p + 1);
      case ')' -> Token.of(Kind.RPAREN, p, p + 1);
      case '{' -> Token.of(Kind.LCURLY, p, p + 1);
      case '}' -> Token.of(Kind.RCURLY, p, p + 1);
      case '[' -> Token.of(Kind.LSQUARE, p, p + 1);
      case ']' -> Token.of(Kind.RSQUARE, p, p + 1);
      case ',' -> Token.of(Kind.COMMA, p, p + 1);
      case ';' -> Token.of(Kind.SEMICOLON, p, p + 1);
      case '=' -> oneOrTwo(p, '=', Kind.EQUALS, Kind.EQ);
      case '!' -> oneOrTwo(p, '=', Kind.NOT, Kind.NE);
      case '>' -> oneOrTwo(p, '=', Kind.GT, Kind.GE);
      case '-' -> oneOrTwo(p, '-', Kind.HYPHEN, Kind.DECREMENT);
      case '<' ->
          at(p + 1) == '-' && at(p + 2) == '>'
              ? Token.of(Kind.EXCHANGE, p, p + 3)
              : oneOrTwo(p, '=', Kind.LT, Kind.LE);
      case '&' -> doubled(p, '&', Kind.AND, "`&' is only valid as part of `&&'.");
      case '|' -> doubled(p, '|', Kind.OR, "`|' is only valid as part of `||'.");
      case '.' -> doubled(p, '.', Kind.ELLIPSIS, "`.' is only valid as part of `..' or a number.");
      case '/' -> Token.error(p, p + 1, "`/' is only valid as part of `//' or `/*'.");
      case '$' -> named(p, Kind.ADDRESS_SET, "`$' must be followed by a valid identifier.");
      case '@' -> named(p, Kind.PORT_GROUP, "`@' must be followed by a valid identifier.");
      case '^' -> named(p, Kind.TEMPLATE, "`^' must be followed by a valid identifier.");
      case '"' -> string(p);
      case ':' -> at(p + 1) == ':' ? integer(p) : Token.of(Kind.COLON, p, p + 1);
      default -> {
        if (Addresses.isDigit(c) || startsAddress(p)) {
          yield integer(p);
        } else if (isIdStart(c)) {
          yield identifier(p, p, Kind.ID);
        } else if (c > ' ' && c < 127) {
          yield Token.error(p, p + 1, "Invalid character `" + c + "' in input.");
        }
        yield Token.error(p, p + 1, "Invalid byte 0x" + Integer.toHexString(c) + " in input.");
      }
    };
  }

  private Token oneOrTwo(int p, char second, Kind one, Kind two) {
    return at(p + 1) == second ? Token.of(two, p, p + 2) : Token.of(one, p, p + 1);
  }

  private Token doubled(int p, char second, Kind two, String message) {
    return at(p + 1) == second ? Token.of(two, p, p + 2) : Token.error(p, p + 1, message);
  }

  private Token named(int p, Kind type, String message) {
    return isIdStart(at(p + 1)) ? identifier(p, p + 1, type) : Token.error(p, p + 1, message);
  }

  private Token identifier(int start, int nameStart, Kind type) {
    int p = nameStart;
    while (isIdStart(at(p)) || Addresses.isDigit(at(p))) {
      p++;
    }
    return Token.named(type, start, p, input.substring(nameStart, p));
  }

  private static boolean isIdStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
  }

  /** Whether hexadecimal digits are followed by a colon: an address, never an identifier. */
  private boolean startsAddress(int from) {
    int p = from;
    while (Addresses.hexDigit(at(p)) >= 0) {
      p++;
    }
    return p > from && at(p) == ':';
  }

  private Token string(int start) {
    StringBuilder text = new StringBuilder();
    int p = start + 1;
    while (p < input.length()) {
      char c = input.charAt(p);
      if (c == '"') {
        return Token.named(Kind.STRING, start, p + 1, text.toString());
      } else if (c != '\\') {
        text.append(c);
        p++;
      } else if (at(p + 1) == 'u') {
        int code = hex4(p + 2);
        if (code <= 0) {
          return Token.error(start, p, "malformed \\u escape");
        }
        text.append((char) code);
        p += 6;
      } else {
        int escape = "\"\\/bfnrt".indexOf(at(p + 1));
        if (p + 1 >= input.length()) {
          break;
        } else if (escape < 0) {
          return Token.error(start, p, "bad escape \\" + at(p + 1));
        }
        text.append("\"\\/\b\f\n\r\t".charAt(escape));
        p += 2;
      }
    }
    return Token.error(start, input.length(), "Input ends inside quoted string.");
  }

  private int hex4(int from) {
    int code = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Addresses.hexDigit(at(i));
      if (digit < 0) {
        return -1;
      }
      code = code * 16 + digit;
    }
    return code;
  }

  private Token integer(int start) {
    Token value = unmasked(start);
    if (value.kind() != Kind.INTEGER || at(value.end()) != '/') {
      return value;
    }
    Token mask = unmasked(value.end() + 1);
    if (mask.kind() == Kind.ERROR) {
      return Token.error(start, mask.end(), mask.text());
    }
    Optional<Bits> bits = maskBits(value, mask);
    if (bits.isEmpty()) {
      return Token.error(start, mask.end(), "Value and mask have incompatible formats.");
    }
    if (!isNumber(value) && !value.value().and(bits.get()).equals(value.value())) {
      cut.add(new Cut(start, input.substring(start, mask.end())));
    }
    Format format =
        value.format() == Format.DECIMAL && mask.format() == Format.HEXADECIMAL
            ? Format.HEXADECIMAL
            : value.format();
    return new Token(
        Kind.MASKED_INTEGER,
        start,
        mask.end(),
        "",
        format,
        value.value().and(bits.get()),
        bits.get());
  }

  private static boolean isNumber(Token token) {
    return token.format() == Format.DECIMAL || token.format() == Format.HEXADECIMAL;
  }

  private static Optional<Bits> maskBits(Token value, Token mask) {
    if (value.format() == mask.format()) {
      return Optional.of(mask.value());
    }
    boolean prefix =
        (value.format() == Format.IPV4 || value.format() == Format.IPV6)
            && mask.format() == Format.DECIMAL
            && mask.value().compareTo(Bits.of(value.format().width())) <= 0;
    if (prefix) {
      return Optional.of(Bits.prefixMask((int) mask.value().low(), value.format().width()));
    }
    boolean zeroWithHexMask =
        value.format() == Format.DECIMAL
            && mask.format() == Format.HEXADECIMAL
            && value.value().isZero();
    return zeroWithHexMask ? Optional.of(mask.value()) : Optional.empty();
  }

  private Token unmasked(int start) {
    boolean sawDot = false;
    boolean allDigits = true;
    int end = start;
    while (true) {
      char c = at(end);
      boolean part =
          (c < 128 && Character.isLetterOrDigit(c))
              || (c == ':' && !sawDot)
              || (c == '.' && at(end + 1) != '.');
      if (!part) {
        break;
      }
      sawDot |= c == '.';
      allDigits &= Addresses.isDigit(c);
      end++;
    }
    if (end == start) {
      return Token.error(start, end, "Integer constant expected.");
    }
    String text = input.substring(start, end);
    Optional<Bits> mac = Addresses.parseMac(text);
    if (mac.isPresent()) {
      return Token.integer(start, end, Format.ETHERNET, mac.get());
    }
    if (allDigits) {
      return decimal(start, end, text);
    }
    if (text.startsWith("0x") || text.startsWith("0X")) {
      return hexadecimal(start, end, text);
    }
    Optional<Bits> ipv4 = Addresses.parseIpv4(text);
    if (ipv4.isPresent()) {
      return Token.integer(start, end, Format.IPV4, ipv4.get());
    }
    return Addresses.parseIpv6(text)
        .map(ipv6 -> Token.integer(start, start + text.length(), Format.IPV6, ipv6))
        .orElse(Token.error(start, end, "Invalid numeric constant."));
  }

  private static Token decimal(int start, int end, String text) {
    if (text.length() > 1 && text.charAt(0) == '0') {
      return Token.error(start, end, "Decimal constants must not have leading zeros.");
    }
    try {
      return Token.integer(start, end, Format.DECIMAL, Bits.of(Long.parseUnsignedLong(text)));
    } catch (NumberFormatException e) {
      return Token.error(start, end, "Decimal constants must be less than 2**64.");
    }
  }

  private static Token hexadecimal(int start, int end, String text) {
    if (text.length() == 2) {
      return Token.error(start, end, "Hex digits expected following 0" + text.charAt(1) + ".");
    }
    Bits value = Bits.ZERO;
    for (int i = 2; i < text.length(); i++) {
      int digit = Addresses.hexDigit(text.charAt(i));
      if (digit < 0) {
        return Token.error(start, end, "Invalid syntax in hexadecimal constant.");
      }
      if (value.bitLength() > 124) {
        return Token.error(start, end, "Hexadecimal constant requires more than 128 bits.");
      }
      value = value.shiftLeft(4).or(Bits.of(digit));
    }
    return Token.integer(start, end, Format.HEXADECIMAL, value);
  }
}
