// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.finding.PolicyException;

class YamlReaderTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '%',
      value = {
        "a: &x 1 | f:1:4 | Anchors (&) and aliases (*) are not accepted",
        "a: [1, *x] | f:1:8 | Anchors (&) and aliases (*) are not accepted",
        "a: !!int 1 | f:1:4 | Tags",
        "{a: 1, b: 2, a: 3} | f:1:14 | was already given at line 1",
        "{[a]: 1} | f:1:2 | A key must be a plain word",
        "{a: | f:1 | This is not YAML",
      })
  void refusesWithThePlace(String text, String place, String message) {
    assertThatThrownBy(() -> YamlReader.read("f", text))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining(message)
        .hasMessageStartingWith(place);
  }

  @Test
  void deepNestingIsRefusedWithoutOverflow() {
    assertThatThrownBy(() -> YamlReader.read("f", "[\n".repeat(200_000)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("deeper than 32 levels");
  }

  @Test
  void aHugeFileIsRefusedWithoutReadingIt(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("huge.yaml");
    try (RandomAccessFile huge = new RandomAccessFile(file.toFile(), "rw")) {
      huge.setLength(100L * 1024 * 1024);
    }
    long start = processorTime();
    assertThatThrownBy(() -> YamlReader.read(file))
        .hasMessageContaining("at most 33554432 are read");
    assertThat(processorTime() - start).isLessThan(5_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a: ", "# ", "a: '", "a: \"", "", "- [", "a: |\n  ", "? "})
  void longLinesAreRefusedBeforeTheyCostTime(String start) {
    String text = "kind: x\r\n" + start + "x".repeat(20_000_000);
    long begin = processorTime();
    assertThatThrownBy(() -> YamlReader.read("f", text))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith("f:" + (start.contains("\n") ? 3 : 2) + ":65537")
        .hasMessageContaining("Break it into several lines");
    assertThat(processorTime() - begin).isLessThan(5_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"- x", "# x", "- 'x", "x"})
  void theLongestLinesInALargeFileTakeSeconds(String start) {
    String line =
        start + "x".repeat(YamlReader.MAX_LINE - 10) + (start.contains("'") ? "'\n" : "\n");
    String text = line.repeat(YamlReader.MAX_BYTES / 4 / line.length());
    long begin = processorTime();
    try {
      assertThat(YamlReader.read("f", text)).hasSizeLessThan(2);
    } catch (PolicyException e) {
      assertThat(e.getMessage()).startsWith("f:");
    }
    // Tens of milliseconds for each would be what the square of a file's length costs.
    assertThat(processorTime() - begin).isLessThan(20_000_000_000L);
  }

  @Test
  void severalDocumentsAreReadAndEmptyOnesSkipped() throws PolicyException {
    assertThat(YamlReader.read("f", "---\n---\na: 1\n---\nb: 2\n")).hasSize(2);
  }

  /** Other work on the machine must not count. */
  private static long processorTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
