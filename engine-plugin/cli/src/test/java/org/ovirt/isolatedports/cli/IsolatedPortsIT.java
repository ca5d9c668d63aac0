// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged command, run as a user runs it. */
class IsolatedPortsIT {

  private static final Path COMMAND = Path.of("target/isolated-ports").toAbsolutePath();
  private static final Path DATA =
      Path.of("../core/src/test/resources/policy").toAbsolutePath().normalize();

  @TempDir Path folder;

  private record Result(int code, String out, String err) {
    JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (IOException e) {
        throw new AssertionError(out, e);
      }
    }
  }

  private Result run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(COMMAND.toString()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    int code =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start()
            .waitFor();
    return new Result(
        code,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private Result withSeed(String seed, String command, String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command,
                "--inventory",
                DATA.resolve("inventory.yaml").toString(),
                "--policy",
                DATA.resolve("seed/" + seed + ".yaml").toString()));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(new String[0]));
  }

  @ParameterizedTest
  @CsvSource({
    "subnet-acl-1, tcp80, --port=80", "subnet-acl-2, icmp, --protocol=icmp",
    "subnet-acl-3, icmp, --protocol=icmp", "subnet-acl-4, tcp9501, --source-port=9501"
  })
  void reachabilityDecidesTheAclExamplesAsOvnDoes(String seed, String packet, String option)
      throws IOException, InterruptedException {
    JsonNode truth =
        new ObjectMapper().readTree(Files.readString(DATA.resolve("truth/subnet-acl-truth.json")));
    compare(
        truth.get("ex" + seed.charAt(seed.length() - 1)).get(packet),
        withSeed(seed, "reachability", "--json", option));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4"})
  void reachabilityDecidesThePolicyExamplesAsKubernetesDoes(String example)
      throws IOException, InterruptedException {
    JsonNode truth =
        new ObjectMapper()
            .readTree(Files.readString(DATA.resolve("truth/networkpolicy-truth.json")));
    compare(
        truth.get("ex" + example).get("connect"),
        withSeed("networkpolicy-" + example, "reachability", "--json"));
  }

  private static void compare(JsonNode truth, Result result) {
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).isZero();
    Map<String, JsonNode> pairs = new HashMap<>();
    for (JsonNode pair : result.json().get("pairs")) {
      pairs.put(pair.get("from").asText() + ">" + pair.get("to").asText(), pair);
    }
    assertThat(pairs).hasSize(30).containsKeys("VM1>gateway", "gateway>VM1");
    truth
        .properties()
        .forEach(
            source ->
                source
                    .getValue()
                    .properties()
                    .forEach(
                        destination -> {
                          String name = vm(source.getKey()) + ">" + vm(destination.getKey());
                          assertThat(pairs.get(name).get("forward").asBoolean())
                              .as(name)
                              .isEqualTo(destination.getValue().asBoolean());
                        }));
  }

  private static String vm(String address) {
    return "VM" + (Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)) - 1);
  }

  @Test
  void traceNamesTheDecidingRuleAndTheFateOfTheReply() throws IOException, InterruptedException {
    Result result = withSeed("subnet-acl-3", "trace", "--from", "VM1", "--to", "VM3", "--json");
    assertThat(result.json().get("forward").asBoolean()).isTrue();
    assertThat(result.json().get("reply").asBoolean()).isFalse();
    assertThat(result.json().get("rule").asText()).endsWith("subnet-acl-3.yaml:7");
    assertThat(withSeed("subnet-acl-3", "trace", "--from", "VM1", "--to", "VM3", "--check").code())
        .isEqualTo(3);
    assertThat(withSeed("subnet-acl-3", "trace", "--from", "VM2", "--to", "gateway").out())
        .contains("VM2 -> gateway: passes", "gateway -> VM2 (reply): passes");
  }

  @Test
  void lintOffersTheStatefulFormForALoneDrop() throws IOException, InterruptedException {
    Result result = withSeed("subnet-acl-3", "lint", "--json");
    assertThat(result.code()).isZero();
    assertThat(result.json().get("errors")).isEmpty();
    assertThat(result.json().get("warnings").toString())
        .contains("action: allow-related, match: ip4.src == 172.20.10.2");
  }

  @Test
  void errorsAreListedWithTheirPlaceAndExitCode1() throws IOException, InterruptedException {
    Path broken = folder.resolve("broken.yaml");
    Files.writeString(
        broken,
        Files.readString(DATA.resolve("seed/subnet-acl-3.yaml"))
            .replace("ip4.dst ==", "ip4.dst ="));
    String inventory = DATA.resolve("inventory.yaml").toString();
    Result lint = run("lint", "--inventory", inventory, "--policy", broken.toString(), "--json");
    assertThat(lint.code()).isEqualTo(1);
    JsonNode error = lint.json().get("errors").get(0);
    assertThat(error.get("file").asText()).isEqualTo(broken.toString());
    assertThat(error.get("line").asInt()).isEqualTo(9);
    assertThat(error.get("message").asText())
        .contains("Syntax error at `=' expecting relational operator");
    Result compile =
        run("compile", "--host", "h1", "--inventory", inventory, "--policy", broken.toString());
    assertThat(compile.code()).isEqualTo(1);
    assertThat(compile.out()).isEmpty();
    assertThat(compile.err()).contains("broken.yaml:9:");
  }

  @Test
  void compileIsTheSameEachTimeAndRefusesWhatTheHostCannotDo()
      throws IOException, InterruptedException {
    Result first = withSeed("networkpolicy-1", "compile", "--host", "h1");
    assertThat(first.json().get("nftables").isArray()).isTrue();
    assertThat(withSeed("networkpolicy-1", "compile", "--host", "h1").out()).isEqualTo(first.out());
    assertThat(withSeed("networkpolicy-1", "compile", "--host", "h1", "--format", "nft").out())
        .startsWith("table bridge isolated_ports\n");
    Result refused = withSeed("networkpolicy-1", "compile", "--host", "h1", "--without", "ct");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("Host h1", "network vswitch1", "nf_conntrack_bridge");
  }

  @Test
  void helpCompletionAndWrongOptions() throws IOException, InterruptedException {
    assertThat(run("--help").out()).contains("lint", "trace", "reachability", "compile");
    assertThat(run("generate-completion").out()).contains("isolated-ports");
    assertThat(run("lint", "--nonsense").code()).isEqualTo(2);
  }

  private Result shell(String script, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("bash", "-c", script, COMMAND.toString()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    int code =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start()
            .waitFor();
    return new Result(code, Files.readString(out), Files.readString(err));
  }

  /** Half a ruleset looks like one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"$0\" compile --host h1 --format nft%s > /dev/full",
        "\"$0\" reachability%s > /dev/full",
        "\"$0\" lint%s >&-"
      })
  void aFullDiskIsAnError(String script) throws IOException, InterruptedException {
    Result result =
        shell(
            script.formatted(
                " --inventory "
                    + DATA.resolve("inventory.yaml")
                    + " --policy "
                    + DATA.resolve("seed/subnet-acl-1.yaml")));
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains("The output could not be written");
  }

  /** The answer is larger than a pipe, so it cannot have gone into one that nobody reads. */
  @Test
  void aClosedPipeIsAnError() throws IOException, InterruptedException {
    StringBuilder yaml = new StringBuilder("networks: [{name: net}]\nvms:\n");
    for (int i = 0; i < 60; i++) {
      yaml.append(
          String.format(
              "- {name: vm%d, nics: [{network: net, mac: '52:54:00:00:00:%02x'}]}%n", i, i));
    }
    Path many = Files.writeString(folder.resolve("many.yaml"), yaml.toString());
    Result result =
        shell("set -o pipefail; \"$0\" reachability --json --inventory " + many + " | true");
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    assertThat(result.err()).contains("The output could not be written: Broken pipe.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"$0\" lint --inventory %1$sinventory.yaml --policy - < %1$sseed/subnet-acl-1.yaml",
        "cat %1$sseed/subnet-acl-1.yaml | \"$0\" lint --inventory %1$sinventory.yaml --policy"
            + " /dev/stdin",
        "\"$0\" lint --inventory <(cat %1$sinventory.yaml) --policy <(cat"
            + " %1$sseed/subnet-acl-1.yaml)"
      })
  void pipesAreRead(String script) throws IOException, InterruptedException {
    Result result = shell(script.formatted(DATA + "/"));
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    assertThat(result.out()).contains("cuts the gateway 172.20.10.1 off");
  }
}
