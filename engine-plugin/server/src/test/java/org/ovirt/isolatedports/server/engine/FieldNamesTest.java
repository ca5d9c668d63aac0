// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The fields that decide about isolation are named in the one parser, so they are read there. */
class FieldNamesTest {

  private static final List<Path> SOURCES =
      List.of(Path.of("src/main/java"), Path.of("../engine-client/src/main/java"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "switch_type",
        "pass_through",
        "required",
        "usages",
        "port_mirroring",
        "custom_properties",
        "libvirt_version",
        "reported_configurations",
        "scheduling_policy"
      })
  void aFieldIsNamedByTheParserAlone(String field) throws IOException {
    List<String> naming = new ArrayList<>();
    for (Path source : SOURCES) {
      try (Stream<Path> files = Files.walk(source)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .filter(file -> text(file).contains("\"" + field + "\""))
            .forEach(file -> naming.add(file.getFileName().toString()));
      }
    }
    assertThat(naming).containsExactly("EntityParser.java");
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
