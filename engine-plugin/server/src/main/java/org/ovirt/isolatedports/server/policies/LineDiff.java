// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.ArrayList;
import java.util.List;

/** The difference of two texts, line by line, in the unified form of {@code diff -u}. */
final class LineDiff {

  private static final int CONTEXT = 3;

  /**
   * Texts whose middle parts have more lines than this to compare with each other are not compared
   * line by line: their middle is said to be another.
   */
  private static final long MOST_PAIRS = 1_000_000;

  private static final String NO_NEWLINE = "\\ No newline at end of file";

  private LineDiff() {}

  /** A line of the result: as in both (' '), in the old ('-') or in the new ('+'). */
  private record Line(char sign, String text) {}

  /**
   * The difference; empty if there is none.
   *
   * @param oldName what the old text is called
   * @param newName what the new text is called
   */
  static String unified(String oldName, String before, String newName, String after) {
    if (before.equals(after)) {
      return "";
    }
    StringBuilder out = new StringBuilder();
    out.append("--- ").append(oldName).append("\n+++ ").append(newName).append('\n');
    hunks(compare(lines(before), lines(after)), out);
    return out.toString();
  }

  /** Lines with what ends them, so that CR LF and a missing end differ from LF. */
  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      lines.add(text.substring(start, end + 1));
      start = end + 1;
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  private static List<Line> compare(List<String> old, List<String> now) {
    int head = 0;
    while (head < old.size() && head < now.size() && old.get(head).equals(now.get(head))) {
      head++;
    }
    int tail = 0;
    while (tail < Math.min(old.size(), now.size()) - head
        && old.get(old.size() - 1 - tail).equals(now.get(now.size() - 1 - tail))) {
      tail++;
    }
    List<Line> lines = new ArrayList<>();
    old.subList(0, head).forEach(line -> lines.add(new Line(' ', line)));
    middle(old.subList(head, old.size() - tail), now.subList(head, now.size() - tail), lines);
    old.subList(old.size() - tail, old.size()).forEach(line -> lines.add(new Line(' ', line)));
    return lines;
  }

  /** By the longest common subsequence. */
  private static void middle(List<String> old, List<String> now, List<Line> lines) {
    int i = 0;
    int j = 0;
    if ((long) old.size() * now.size() <= MOST_PAIRS) {
      int[][] common = new int[old.size() + 1][now.size() + 1];
      for (int a = old.size() - 1; a >= 0; a--) {
        for (int b = now.size() - 1; b >= 0; b--) {
          common[a][b] =
              old.get(a).equals(now.get(b))
                  ? common[a + 1][b + 1] + 1
                  : Math.max(common[a + 1][b], common[a][b + 1]);
        }
      }
      while (i < old.size() && j < now.size()) {
        if (old.get(i).equals(now.get(j))) {
          lines.add(new Line(' ', old.get(i)));
          i++;
          j++;
        } else if (common[i + 1][j] >= common[i][j + 1]) {
          lines.add(new Line('-', old.get(i++)));
        } else {
          lines.add(new Line('+', now.get(j++)));
        }
      }
    }
    old.subList(i, old.size()).forEach(line -> lines.add(new Line('-', line)));
    now.subList(j, now.size()).forEach(line -> lines.add(new Line('+', line)));
  }

  private static void hunks(List<Line> lines, StringBuilder out) {
    int oldLine = 1;
    int newLine = 1;
    int at = 0;
    while (at < lines.size()) {
      int change = at;
      while (change < lines.size() && lines.get(change).sign() == ' ') {
        change++;
      }
      if (change == lines.size()) {
        return;
      }
      int start = Math.max(at, change - CONTEXT);
      oldLine += start - at;
      newLine += start - at;
      int end = endOfHunk(lines, change);
      int olds = (int) lines.subList(start, end).stream().filter(l -> l.sign() != '+').count();
      int news = (int) lines.subList(start, end).stream().filter(l -> l.sign() != '-').count();
      out.append("@@ -").append(range(oldLine, olds));
      out.append(" +").append(range(newLine, news)).append(" @@\n");
      for (Line line : lines.subList(start, end)) {
        out.append(line.sign()).append(line.text());
        if (!line.text().endsWith("\n")) {
          out.append('\n').append(NO_NEWLINE).append('\n');
        }
      }
      oldLine += olds;
      newLine += news;
      at = end;
    }
  }

  /** A hunk goes on while the next change is within the context of the last one. */
  private static int endOfHunk(List<Line> lines, int change) {
    int last = change;
    for (int i = change; i < lines.size() && i - last <= 2 * CONTEXT; i++) {
      if (lines.get(i).sign() != ' ') {
        last = i;
      }
    }
    return Math.min(lines.size(), last + CONTEXT + 1);
  }

  private static String range(int line, int count) {
    return (count == 0 ? line - 1 : line) + (count == 1 ? "" : "," + count);
  }
}
