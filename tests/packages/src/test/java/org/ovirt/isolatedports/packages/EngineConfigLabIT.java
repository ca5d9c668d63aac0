// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our properties file for engine-config: its syntax, and the level gate changed with it. */
class EngineConfigLabIT {

  private static final Path PROPERTIES =
      Packages.PROJECT.resolve("packaging/server/isolated-ports.properties");

  @TempDir private static Path work;
  private static EnginesMachine machine;

  @BeforeAll
  static void start() throws IOException {
    machine = EnginesMachine.start(work);
  }

  @AfterAll
  static void stop() {
    machine.close();
  }

  private static Command set(String value, String level, String... more) {
    String[] line = {
      machine.engineConfig().toString(),
      "-s",
      "IsPortIsolationSupported=" + value,
      "--cver=" + level
    };
    List<String> whole = new java.util.ArrayList<>(List.of(line));
    whole.addAll(List.of(more));
    return machine.run(whole.toArray(String[]::new));
  }

  @Test
  void theFileKeepsToWhatEngineConfigReads() throws IOException {
    List<String> lines = Files.readAllLines(PROPERTIES);

    for (String line : lines) {
      int equals = (int) line.chars().filter(each -> each == '=').count();
      assertThat(equals).as(line).isEqualTo(line.startsWith("#") ? 0 : 1);
    }
    assertThat(lines)
        .contains(
            "IsPortIsolationSupported.type=Boolean",
            "IsPortIsolationSupported.validValues=true,false")
        .anyMatch(line -> line.matches("IsPortIsolationSupported\\.description=\".+\""));
  }

  @Test
  void theLevelGateIsOpenedForOneLevelAndNoOther() throws SQLException {
    Map<String, String> wanted = new TreeMap<>(machine.levels("IsPortIsolationSupported"));
    assertThat(wanted).containsEntry("4.4", "false");
    wanted.put("4.4", "true");

    assertThat(set("true", "4.4").output()).as("as shipped").contains("NullPointerException");
    Command opened = set("true", "4.4", "-p", PROPERTIES.toString());

    assertThat(opened.code()).as(opened.output()).isZero();
    assertThat(machine.levels("IsPortIsolationSupported")).isEqualTo(wanted);
  }

  @Test
  void anUnknownLevelAndAnUnknownValueAreRefused() throws SQLException {
    Map<String, String> before = machine.levels("IsPortIsolationSupported");

    assertThat(set("true", "4.9", "-p", PROPERTIES.toString()).code()).isEqualTo(1);
    assertThat(set("maybe", "4.4", "-p", PROPERTIES.toString()).code()).isEqualTo(1);

    assertThat(machine.levels("IsPortIsolationSupported")).isEqualTo(before);
  }
}
