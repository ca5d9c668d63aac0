// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.ovirt.isolatedports.rig.PluginServer.TEST_JVM;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the README says of {@code --keep}: everything stays up, and its curl works as it stands. */
@Tag("root")
class DemoKeepLabIT {

  private static final Path PROJECT = Path.of(System.getProperty("isolated-ports.project"));
  private static final Pattern OUR_API =
      Pattern.compile("our API: +http://127\\.0\\.0\\.1:(\\d+)/ovirt-isolated-ports/api");

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void theCurlOfTheReadmeWorksAsItStandsThere() throws IOException, InterruptedException {
    Process demo =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Disolated-ports.project=" + PROJECT,
                "-D" + TEST_JVM + "=" + System.getProperty(TEST_JVM, ""),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                Demo.class.getName(),
                "--guests",
                "netns",
                "--keep")
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out = demo.inputReader(StandardCharsets.UTF_8)) {
      List<String> said = new ArrayList<>();
      String port = portOfOurApi(out, said);
      assertThat(said).as("what the demo said").noneMatch(line -> line.startsWith("FAIL"));

      JsonNode network = new ObjectMapper().readTree(run(curlOfTheReadme().replace("PORT", port)));

      assertThat(network.path("name").asText()).as(network.toString()).isEqualTo("blue");
      assertThat(network.path("port_isolation").asText()).isEqualTo("true");
    } finally {
      // As Ctrl-C does, which a process started in the background of a script ignores; what it had
      // started goes with it.
      run("kill -TERM " + demo.pid());
      if (!demo.waitFor(2, TimeUnit.MINUTES)) {
        demo.destroyForcibly();
      }
    }
    assertThat(demo.isAlive()).isFalse();
  }

  private static String portOfOurApi(BufferedReader out, List<String> said) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      said.add(line);
      Matcher api = OUR_API.matcher(line);
      if (api.find()) {
        return api.group(1);
      }
    }
    throw new AssertionError("The demo ended instead of staying up: " + said);
  }

  private static String curlOfTheReadme() throws IOException {
    Matcher block =
        Pattern.compile("```\n(curl .*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PROJECT.resolve("README.md")));
    assertThat(block.find()).as("the README shows a curl").isTrue();
    return block.group(1);
  }

  private static String run(String command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("bash", "-c", command).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return out;
  }
}
