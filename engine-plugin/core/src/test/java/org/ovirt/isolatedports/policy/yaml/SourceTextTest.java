// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;

/** The place of a character of a value, however YAML writes the value. */
class SourceTextTest {

  /**
   * In each the value says "one two three" or the like; # is not in it but where it is looked for.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: one two @here",
        "a: one two\n   @here",
        "a: one\n\n  two\n  @here",
        "a: 'one ''two'' @here'",
        "a: \"one \\t \\\" \\x41 \\u0041 \\U0001F600 @here\"",
        "a: \"one \\\n   two @here\"",
        "a: \"one\n   two\n\n   @here\"",
        "a: |\n  one\n  two @here",
        "a: |-\n\n  one\n    two\n  @here",
        "a: >\n  one\n  two\n  @here",
        "a: >-\n  one\n\n  two @here",
        "a: |2\n   one\n  two @here",
        "k: [x, {a: one @here}]",
        "a:   # note\n  one @here",
        "ü: 😀 @here",
      })
  void isFound(String text) throws PolicyException {
    YamlNode.Scalar scalar = scalarWith(YamlReader.read("f", text).get(0));
    int index = text.indexOf('@');
    int line = (int) text.substring(0, index).chars().filter(c -> c == '\n').count() + 1;
    int start = text.lastIndexOf('\n', index) + 1;
    assertThat(scalar.locationOf(scalar.text().indexOf('@')))
        .isEqualTo(new SourceLocation("f", line, 1 + text.codePointCount(start, index)));
  }

  private static YamlNode.Scalar scalarWith(YamlNode node) {
    if (node instanceof YamlNode.Scalar scalar) {
      return scalar;
    } else if (node instanceof YamlNode.Sequence list) {
      return scalarWith(list.items().get(list.items().size() - 1));
    }
    return scalarWith(
        ((YamlNode.Mapping) node).entries().values().stream().findFirst().orElseThrow().value());
  }

  @Test
  void aCharacterThatMayNotStandInYamlIsFound() {
    assertThatThrownBy(() -> YamlReader.read("f", "a: 1\nb: x\u0007\n"))
        .hasMessageStartingWith("f:2:5: The character U+0007");
    assertThatThrownBy(() -> YamlReader.read("f", "a: 1\nb: [x\t\u001b[0m]\n"))
        .hasMessageStartingWith("f:2:7: The character U+001B");
  }

  @Test
  void aByteThatIsNotUtf8IsFound(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("f.yaml");
    byte[] text = "a: ü\nb: x?\n".getBytes(StandardCharsets.UTF_8);
    text[text.length - 2] = (byte) 0xff;
    Files.write(file, text);
    assertThatThrownBy(() -> YamlReader.read(file))
        .hasMessageContaining("f.yaml:2:5: The byte 0xff here is not UTF-8");
  }

  @Test
  void aByteOrderMarkIsNoText() throws PolicyException {
    assertThat(YamlReader.read("f", "\ufeffa: 1\n")).hasSize(1);
    assertThat(YamlReader.read("f", "\ufeffa: 1\n").get(0).location().column()).isEqualTo(1);
  }
}
