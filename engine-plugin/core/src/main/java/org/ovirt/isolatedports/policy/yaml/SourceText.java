// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/** The text of a file, to find the place of a character of a value that YAML folds or escapes. */
public final class SourceText {

  private final String name;
  private final String text;
  private Optional<List<Integer>> lineStarts = Optional.empty();

  SourceText(String name, String text) {
    this.name = name;
    this.text = text;
  }

  /** The place of a character of the text; columns count characters, not halves of surrogates. */
  SourceLocation location(int index) {
    List<Integer> starts = lines();
    int found = Collections.binarySearch(starts, index);
    int line = found >= 0 ? found : -found - 2;
    int start = starts.get(line);
    return new SourceLocation(name, line + 1, 1 + text.codePointCount(start, index));
  }

  private List<Integer> lines() {
    if (lineStarts.isEmpty()) {
      List<Integer> starts = new ArrayList<>(List.of(0));
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        boolean first = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n';
        if ((c == '\n' || c == '\r') && !first) {
          starts.add(i + 1);
        }
      }
      lineStarts = Optional.of(starts);
    }
    return lineStarts.get();
  }

  private int index(SourceLocation location) {
    int start = lines().get(location.line() - 1);
    return text.offsetByCodePoints(start, location.column() - 1);
  }

  private boolean isBreak(int index) {
    return index < text.length() && (text.charAt(index) == '\n' || text.charAt(index) == '\r');
  }

  private boolean isBlank(int index) {
    return index < text.length() && (text.charAt(index) == ' ' || text.charAt(index) == '\t');
  }

  /** Where a character of a value stands. */
  SourceLocation locationIn(YamlNode.Scalar scalar, int offset) {
    int start = index(scalar.location());
    return location(
        switch (scalar.style()) {
          case PLAIN -> inFlow(scalar, start, offset);
          case SINGLE_QUOTED, DOUBLE_QUOTED -> inFlow(scalar, start + 1, offset);
          case LITERAL, FOLDED -> inBlock(scalar, start, offset);
        });
  }

  /** Follows a value in quotes, or without, to a character of what it says. */
  private int inFlow(YamlNode.Scalar scalar, int start, int offset) {
    int at = start;
    for (int i = 0; i < offset && i < scalar.text().length(); ) {
      int folded = afterFold(at);
      if (folded > at) {
        // A line break is a space, or as many breaks as there are empty lines.
        while (i < offset && isFolded(scalar.text().charAt(i))) {
          i++;
        }
        at = folded;
      } else if (scalar.style() == YamlNode.Style.DOUBLE_QUOTED && text.charAt(at) == '\\') {
        if (isBreak(at + 1)) {
          at = afterFold(at + 1);
          continue;
        }
        int length = escapeLength(at);
        i += text.charAt(at + 1) == 'U' ? Character.charCount(scalar.text().codePointAt(i)) : 1;
        at += length;
      } else {
        at += scalar.style() == YamlNode.Style.SINGLE_QUOTED && text.charAt(at) == '\'' ? 2 : 1;
        i++;
      }
      if (at >= text.length()) {
        return text.length();
      }
    }
    int folded = afterFold(at);
    boolean atBreak =
        folded > at && offset < scalar.text().length() && !isFolded(scalar.text().charAt(offset));
    return atBreak ? folded : at;
  }

  private static boolean isFolded(char c) {
    return c == ' ' || c == '\n';
  }

  private int escapeLength(int at) {
    return switch (at + 1 < text.length() ? text.charAt(at + 1) : ' ') {
      case 'x' -> 4;
      case 'u' -> 6;
      case 'U' -> 10;
      default -> 2;
    };
  }

  /** Behind blanks, line breaks and the blanks that follow, if there is a line break; else here. */
  private int afterFold(int at) {
    int end = at;
    boolean broken = false;
    while (isBlank(end) || isBreak(end)) {
      broken |= isBreak(end);
      end++;
    }
    return broken ? end : at;
  }

  /** Follows the lines of a block to a character of what it says. */
  private int inBlock(YamlNode.Scalar scalar, int start, int offset) {
    int at = nextLine(start);
    int indentation = indentation(at) - leadingSpaces(scalar.text());
    at = indented(at, indentation);
    for (int i = 0; i < offset && at < text.length(); ) {
      if (!isBreak(at)) {
        at++;
        i++;
        continue;
      }
      if (isFolded(scalar.text().charAt(i))) {
        i++;
      }
      at = indented(nextLine(at), indentation);
    }
    // What was folded into the break before it stands behind that break.
    while (isBreak(at)
        && offset < scalar.text().length()
        && !isFolded(scalar.text().charAt(offset))) {
      at = indented(nextLine(at), indentation);
    }
    return Math.min(at, text.length());
  }

  private int nextLine(int from) {
    int at = from;
    while (at < text.length() && !isBreak(at)) {
      at++;
    }
    if (at + 1 < text.length() && text.charAt(at) == '\r' && text.charAt(at + 1) == '\n') {
      at++;
    }
    return Math.min(at + 1, text.length());
  }

  /** How far the first line that is not empty is indented. */
  private int indentation(int from) {
    int line = from;
    while (line < text.length()) {
      int at = line;
      while (at < text.length() && text.charAt(at) == ' ') {
        at++;
      }
      if (!isBreak(at)) {
        return at - line;
      }
      line = nextLine(at);
    }
    return 0;
  }

  /** How far the first line that is not empty is indented in what a block says. */
  private static int leadingSpaces(String said) {
    String first = said.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
    return first.length() - first.stripLeading().length();
  }

  private int indented(int line, int indentation) {
    int at = line;
    while (at < line + indentation && at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at;
  }
}
