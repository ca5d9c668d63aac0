// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of two revisions, in the form that {@code patch} reads. */
class LineDiffTest {

  private static String diff(String before, String after) {
    return LineDiff.unified("a", before, "b", after);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''      | ''        | ''",
        "a;      | a;        | ''",
        "''      | a;        | --- a;+++ b;@@ -0,0 +1 @@;+a;",
        "a;      | ''        | --- a;+++ b;@@ -1 +0,0 @@;-a;",
        "a;b;    | a;c;      | --- a;+++ b;@@ -1,2 +1,2 @@; a;-b;+c;",
        "a       | a;        | --- a;+++ b;@@ -1 +1 @@;-a;\\ No newline at end of file;+a;",
        "1;2;3;4;5;6;7;8;9; | 1;2;3;4;5;6;7;8;x; |"
            + " --- a;+++ b;@@ -6,4 +6,4 @@; 6; 7; 8;-9;+x;",
        "1;2;3;4;5;6;7;8;9; | x;2;3;4;5;6;7;8;y; | --- a;+++ b;@@ -1,4 +1,4 @@;-1;+x; 2; 3; 4;"
            + "@@ -6,4 +6,4 @@; 6; 7; 8;-9;+y;",
        "1;2;3;4;5;6;7; | x;2;3;4;5;6;y; |"
            + " --- a;+++ b;@@ -1,7 +1,7 @@;-1;+x; 2; 3; 4; 5; 6;-7;+y;"
      })
  void changesAreShownWithTheirSurroundings(String before, String after, String expected) {
    assertThat(diff(before.replace(';', '\n'), after.replace(';', '\n')))
        .isEqualTo(expected.replace(';', '\n'));
  }

  @Test
  void anotherLineEndIsADifference() {
    assertThat(diff("a\r\n", "a\n")).contains("-a\r\n").contains("+a\n");
  }

  /** Applies a difference as {@code patch} does, by the lines of its hunks. */
  private static String patched(String before, String diff) {
    List<String> old = new ArrayList<>(before.lines().toList());
    List<String> now = new ArrayList<>();
    int at = 0;
    for (String line : diff.lines().skip(2).toList()) {
      if (line.startsWith("@@")) {
        String[] range = line.split("[-, +@]+", -1);
        int count = line.split(" ", -1)[1].contains(",") ? Integer.parseInt(range[2]) : 1;
        int start = Integer.parseInt(range[1]) - (count == 0 ? 0 : 1);
        while (at < start) {
          now.add(old.get(at++));
        }
      } else if (line.startsWith("+")) {
        now.add(line.substring(1));
      } else {
        assertThat(old.get(at)).isEqualTo(line.substring(1));
        if (line.startsWith(" ")) {
          now.add(old.get(at));
        }
        at++;
      }
    }
    while (at < old.size()) {
      now.add(old.get(at++));
    }
    return now.isEmpty() ? "" : String.join("\n", now) + "\n";
  }

  @Test
  void theOldTextWithTheDifferenceIsTheNewOne() {
    Random random = new Random(7);
    for (int round = 0; round < 500; round++) {
      String before = text(random);
      String after = text(random);
      String diff = diff(before, after);
      assertThat(before.equals(after) ? before : patched(before, diff)).as(diff).isEqualTo(after);
    }
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int line = random.nextInt(20); line > 0; line--) {
      text.append("abc".charAt(random.nextInt(3))).append('\n');
    }
    return text.toString();
  }

  @Test
  void longTextsAreComparedInReasonableTime() {
    StringBuilder before = new StringBuilder();
    StringBuilder after = new StringBuilder();
    for (int line = 0; line < 50_000; line++) {
      before.append("a").append(line).append('\n');
      after.append("b").append(line).append('\n');
    }
    long start = System.nanoTime();
    assertThat(diff(before.toString(), after.toString())).contains("@@ -1,50000 +1,50000 @@");
    assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
  }
}
