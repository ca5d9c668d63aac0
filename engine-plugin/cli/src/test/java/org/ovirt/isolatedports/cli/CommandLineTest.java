// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line: what it reads, what it writes, and how it ends. */
class CommandLineTest {

  private static final String INVENTORY =
      """
      networks: [{name: net, cidr: 10.0.0.0/24, gateway: 10.0.0.1}]
      vms:
      - {name: a, host: h1, nics: [{network: net, mac: "52:54:00:00:00:0a", ips: [10.0.0.10]}]}
      - {name: b, host: h1, nics: [{network: net, mac: "52:54:00:00:00:0b", ips: [10.0.0.11]}]}
      """;
  private static final String POLICY =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: net}
      spec:
        acls:
        - {direction: to-lport, priority: 1, action: drop, match: ip4.dst == 10.0.0.11}
      """;

  @TempDir Path folder;
  private String inventory;
  private String policy;

  @BeforeEach
  void write() {
    inventory = Cli.file(folder, "inventory.yaml", INVENTORY);
    policy = Cli.file(folder, "policy.yaml", POLICY);
  }

  private Cli.Result run(String command, String... more) {
    List<String> words =
        new ArrayList<>(List.of(command, "--inventory", inventory, "--policy", policy));
    words.addAll(List.of(more));
    return Cli.run(words.toArray(new String[0]));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "trace --from a --to b --port 70000 | --port must be a port",
        "trace --from a --to b --source-port -1 | --source-port must be a port",
        "trace --from a --to b --port x | Invalid value for option '--port'",
        "trace --from a --to b --protocol x | Invalid value for option '--protocol'",
        "trace --from z --to b | --from must be a VM's name or id",
        "trace --from a --to z | --to must be a VM's name or id",
        "trace --from a/nic9 --to b | --from must be a VM's name or id",
        "trace --from a --to b --source-ip x | --source-ip",
        "trace --from a --to b --source-ip 10.0.0.1/24 | --source-ip",
        "trace --from a --to b --source-ip 10.0.0.1 --destination-ip fd00::1 | must be of one"
            + " family",
        "trace --from a --to b --source-mac x | --source-mac must be a MAC",
        "trace --from a | Missing required option: '--to=VM'",
        "trace --from a --to b --network z | There is no network z",
        "reachability --port 70000 | --port must be a port",
        "reachability --network z | There is no network z",
        "lint --network z | There is no network z",
        "lint --nonsense | Unknown option: '--nonsense'",
        "compile --host z | No VM of the inventory runs on a host z",
        "compile --host h1 --format x | Invalid value for option '--format'",
        "compile --host h1 --without x | Invalid value for option '--without'",
      })
  void mistakesOnTheCommandLineExitWith2(String command, String message) {
    String[] words = command.split(" ");
    String[] more = List.of(words).subList(1, words.length).toArray(new String[0]);
    Cli.Result result = run(words[0], more);
    assertThat(result.code()).as(result.all()).isEqualTo(2);
    assertThat(result.err()).contains(message);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void anAmbiguousNameExitsWith2AndSaysWhatToWrite() {
    String both =
        Cli.file(
            folder,
            "both.yaml",
            """
            networks: [{name: net, data_center: prod}, {name: net, data_center: test}]
            vms:
            - {id: v1, name: a, nics: [{network: prod/net, mac: "52:54:00:00:00:01"}]}
            - {id: v2, name: a, nics: [{network: test/net, mac: "52:54:00:00:00:02"}]}
            """);
    Cli.Result network = Cli.run("lint", "--inventory", both, "--network", "net");
    assertThat(network.code()).isEqualTo(2);
    assertThat(network.err()).contains("--network must be one of prod/net, test/net.");
    Cli.Result vm = Cli.run("trace", "--inventory", both, "--from", "a", "--to", "gateway");
    assertThat(vm.code()).isEqualTo(2);
    assertThat(vm.err()).contains("--from a; write one of their ids: v1, v2.");
    Cli.Result byId = Cli.run("trace", "--inventory", both, "--from", "v1", "--to", "gateway");
    assertThat(byId.code()).as(byId.all()).isZero();
    assertThat(byId.out()).contains("prod/net").doesNotContain("test/net");
  }

  @Test
  void withJsonErrorsAreJson() {
    String broken = Cli.file(folder, "broken.yaml", POLICY.replace("==", "="));
    for (String command : List.of("trace", "reachability", "lint")) {
      List<String> words =
          new ArrayList<>(List.of(command, "--inventory", inventory, "--policy", broken, "--json"));
      if (command.equals("trace")) {
        words.addAll(List.of("--from", "a", "--to", "b"));
      }
      Cli.Result result = Cli.run(words.toArray(new String[0]));
      assertThat(result.code()).isEqualTo(1);
      assertThat(result.err()).isEmpty();
      JsonNode error = result.json().get("errors").get(0);
      assertThat(error.get("line").asInt()).isEqualTo(6);
      assertThat(error.get("message").asText()).contains("Syntax error");
    }
    for (String[] more :
        new String[][] {
          {"--from", "a", "--to", "b", "--port", "70000"},
          {"--from", "z", "--to", "b"},
          {"--nonsense"}
        }) {
      List<String> words = new ArrayList<>(List.of(more));
      words.add("--json");
      Cli.Result result = run("trace", words.toArray(new String[0]));
      assertThat(result.code()).isEqualTo(2);
      assertThat(result.json().get("errors").get(0).get("message").asText()).isNotEmpty();
    }
  }

  @Test
  void whatIsWrongInAnAnswerIsPartOfIt() {
    policy =
        Cli.file(
            folder,
            "closed.yaml",
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: p}
            spec: {podSelector: {}, ingress: [{from: [{ipBlock: }]}]}
            """);
    Cli.Result text = run("trace", "--from", "a", "--to", "b");
    assertThat(text.code()).isZero();
    assertThat(text.out()).startsWith("a -> b: is dropped");
    assertThat(text.err()).contains("must specify a peer", "read as what lets the least through");
    for (Cli.Result json :
        List.of(
            run("trace", "--from", "a", "--to", "b", "--json"), run("reachability", "--json"))) {
      assertThat(json.json().get("errors")).hasSize(1);
      assertThat(json.err()).isEmpty();
    }
    Cli.Result compiled = run("compile", "--host", "h1");
    assertThat(compiled.code()).isEqualTo(1);
    assertThat(compiled.out()).isEmpty();
    assertThat(run("lint").code()).isEqualTo(1);
  }

  /** A stream that takes so many bytes and then fails. */
  private static OutputStream failingAfter(int bytes, String message) {
    AtomicLong left = new AtomicLong(bytes);
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        if (left.decrementAndGet() < 0) {
          throw new IOException(message);
        }
      }
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"compile --host h1", "reachability", "lint", "trace --from a --to b", "--help"})
  void outputThatCannotBeWrittenIsAnError(String command) {
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    if (!command.equals("--help")) {
      words.addAll(List.of("--inventory", inventory, "--policy", policy));
    }
    for (int bytes : new int[] {0, 10}) {
      StringWriter err = new StringWriter();
      int code =
          IsolatedPorts.run(
              Output.writer(failingAfter(bytes, "No space left on device")),
              new PrintWriter(err),
              words.toArray(new String[0]));
      assertThat(code).isEqualTo(1);
      assertThat(err.toString())
          .contains("The output could not be written: No space left on device.");
    }
  }

  /** One that fails while it is made, not when its last part is written. */
  @Test
  void aLongAnswerThatCannotBeWrittenIsAnErrorInOneLine() {
    StringBuilder yaml = new StringBuilder("networks: [{name: net}]\nvms:\n");
    for (int i = 0; i < 60; i++) {
      yaml.append(
          String.format(
              "- {name: vm%d, nics: [{network: net, mac: '52:54:00:00:00:%02x'}]}%n", i, i));
    }
    inventory = Cli.file(folder, "many.yaml", yaml.toString());
    for (String json : List.of("--json", "--port=80")) {
      StringWriter err = new StringWriter();
      int code =
          IsolatedPorts.run(
              Output.writer(failingAfter(100, "Broken pipe")),
              new PrintWriter(err),
              "reachability",
              json,
              "--inventory",
              inventory);
      assertThat(code).isEqualTo(1);
      assertThat(err.toString().strip()).isEqualTo("The output could not be written: Broken pipe.");
    }
  }

  @Test
  void theStandardInputIsReadOnce() throws IOException {
    InputStream before = System.in;
    try (InputStream in = new ByteArrayInputStream(POLICY.getBytes(StandardCharsets.UTF_8))) {
      System.setIn(in);
      policy = "-";
      assertThat(run("trace", "--from", "a", "--to", "b").out())
          .startsWith("a -> b: is dropped (standard input:6)");
    } finally {
      System.setIn(before);
    }
    inventory = "-";
    Cli.Result twice = run("lint");
    assertThat(twice.code()).isEqualTo(2);
    assertThat(twice.err()).contains("can be read once only");
  }

  @Test
  void whatIsNoFileIsNamed() {
    policy = folder.resolve("none.yaml").toString();
    assertThat(run("lint").out()).contains("none.yaml:1:1: error: There is no such file");
    policy = folder.toString();
    assertThat(run("lint").out()).contains("This is a directory");
  }

  @Test
  void columnsInBlockScalarsAreThoseOfTheFile() {
    policy =
        Cli.file(
            folder,
            "block.yaml",
            """
            apiVersion: kubeovn.io/v1
            kind: Subnet
            metadata: {name: net}
            spec:
              acls:
              - direction: to-lport
                priority: 1
                action: drop
                match: |
                  ip4.dst == 10.0.0.11
                  && ip5.src == 10.0.0.12
              - direction: to-lport
                priority: 2
                action: drop
                match: "ip4 \\u0026\\u0026 \\tip5"
            """);
    assertThat(run("lint").out())
        .contains("block.yaml:11:10: error: ")
        .contains("block.yaml:15:32: error: ");
  }

  @Test
  void namesCannotForgeRowsOrEscapes() {
    String forged = "a\\u001b[31m\\nb  gateway  no  no";
    inventory =
        Cli.file(
            folder, "forged.yaml", INVENTORY.replace("{name: a,", "{name: \"" + forged + "\","));
    Cli.Result table = run("reachability");
    assertThat(table.code()).isZero();
    assertThat(table.out().lines()).hasSize(7);
    assertThat(table.out()).doesNotContain("\u001b").contains("a\\u001b[31m\\nb  gateway");
    assertThat(run("reachability", "--json").json().get("pairs")).hasSize(6);
    for (Cli.Result result :
        List.of(
            run("trace", "--from", "a\u001b[31m\nb  gateway  no  no", "--to", "b"),
            run("trace", "--from", "\u001b[2Jz", "--to", "b"))) {
      assertThat(result.all()).isNotEmpty().doesNotContain("\u001b");
    }
  }

  @Test
  void anEmptyFileIsSaidToHoldNoPolicies() {
    policy = Cli.file(folder, "empty.yaml", "# later\n");
    assertThat(run("lint").out()).contains("empty.yaml:1:1: warning:", "no policies found");
    for (Cli.Result result :
        List.of(run("reachability"), run("trace", "--from", "a", "--to", "b"))) {
      assertThat(result.code()).isZero();
      assertThat(result.err()).contains("no policies found");
    }
  }

  @Test
  void lintGroupsWhatIsAlike() {
    StringBuilder many = new StringBuilder(POLICY.substring(0, POLICY.indexOf("  - {")));
    for (int i = 0; i < 10_000; i++) {
      many.append("  - {direction: to-lport, priority: ").append(i % 32768);
      many.append(", action: drop, match: ip4.dst == 10.").append(i >> 8).append('.');
      many.append(i & 255).append(".7}\n");
    }
    policy = Cli.file(folder, "many.yaml", many.toString());
    Cli.Result grouped = run("lint");
    assertThat(grouped.code()).isZero();
    assertThat(grouped.out().lines()).hasSizeLessThan(20);
    assertThat(grouped.out()).contains("This ACL drops replies too", "and 9997 more like this");
    assertThat(run("lint", "--all").out().lines()).hasSizeGreaterThan(10_000);
    assertThat(run("lint", "--json").json().get("warnings")).hasSizeGreaterThan(10_000);
  }

  @Test
  void aMillionPairsAreStreamed() throws IOException {
    StringBuilder yaml =
        new StringBuilder(
            "networks: [{name: net, cidr: 10.0.0.0/16, gateway: 10.0.255.1}]\nvms:\n");
    for (int i = 0; i < 1_000; i++) {
      yaml.append(
          String.format(
              "- {name: vm%d, nics: [{network: net, mac: \"52:54:00:00:%02x:%02x\", ips:"
                  + " [10.0.%d.%d]}]}%n",
              i, i >> 8, i & 255, i >> 8, i & 255));
    }
    inventory = Cli.file(folder, "thousand.yaml", yaml.toString());
    AtomicLong bytes = new AtomicLong();
    AtomicLong most = new AtomicLong();
    OutputStream counting =
        new OutputStream() {
          @Override
          public void write(int b) {
            bytes.incrementAndGet();
          }

          @Override
          public void write(byte[] block, int offset, int length) {
            most.set(Math.max(most.get(), length));
            bytes.addAndGet(length);
          }
        };
    PrintWriter err = new PrintWriter(new StringWriter());
    int code =
        IsolatedPorts.run(
            Output.writer(counting),
            err,
            "reachability",
            "--json",
            "--inventory",
            inventory,
            "--policy",
            policy);
    assertThat(code).isZero();
    assertThat(bytes.get()).isGreaterThan(100_000_000L);
    // What is written at once is a buffer, not the answer.
    assertThat(most.get()).isLessThan(1_000_000L);
    Files.delete(Path.of(inventory));
  }
}
