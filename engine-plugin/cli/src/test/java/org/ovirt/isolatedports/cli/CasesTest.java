// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Inputs that other systems, or this one, once misread; src/test/resources/cases has them. */
class CasesTest {

  static Stream<Arguments> steps() throws IOException, URISyntaxException {
    List<Arguments> steps = new ArrayList<>();
    Path cases = Path.of(CasesTest.class.getResource("/cases").toURI());
    try (Stream<Path> folders = Files.list(cases)) {
      for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
        List<String> commands =
            Files.readAllLines(folder.resolve("command")).stream()
                .filter(line -> !line.isBlank())
                .toList();
        for (String line : Files.readAllLines(folder.resolve("expected.txt"))) {
          if (line.startsWith("step ")) {
            int colon = line.indexOf(':');
            int number = Integer.parseInt(line.substring(5, colon));
            steps.add(
                Arguments.of(
                    folder.getFileName().toString(),
                    commands.get(number - 1).strip(),
                    new ObjectMapper().readTree(line.substring(colon + 1)),
                    folder));
          }
        }
      }
    }
    assertThat(steps).hasSizeGreaterThan(40);
    return steps.stream();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("steps")
  void comesOutAsItMust(String name, String command, JsonNode expected, Path folder) {
    List<String> words = arguments(command, folder);
    Cli.Result result = Cli.run(words.toArray(new String[0]));
    if (!expected.get("exit").isNull()) {
      assertThat(result.code()).as(result.all()).isEqualTo(expected.get("exit").asInt());
    }
    for (JsonNode pattern : expected.path("has")) {
      assertThat(result.all()).containsPattern(Pattern.compile(pattern.asText()));
    }
    for (JsonNode pattern : expected.path("hasnot")) {
      assertThat(result.all()).doesNotContainPattern(Pattern.compile(pattern.asText()));
    }
    if (expected.has("fwd")) {
      words.add("--json");
      JsonNode traced = Cli.run(words.toArray(new String[0])).json();
      assertThat(traced.get("forward").asBoolean())
          .as(traced.toString())
          .isEqualTo(expected.get("fwd").asBoolean());
      if (expected.hasNonNull("reply")) {
        assertThat(traced.get("reply").asBoolean()).isEqualTo(expected.get("reply").asBoolean());
      }
    }
  }

  /** The words of a command, with files found in its folder. */
  private static List<String> arguments(String command, Path folder) {
    List<String> words = new ArrayList<>(List.of(command.split("\\s+")));
    assertThat(words.remove(0)).isEqualTo("isolated-ports");
    words.replaceAll(word -> word.endsWith(".yaml") ? folder.resolve(word).toString() : word);
    return words;
  }
}
