// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.engine.TestAuthority;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * The eight examples of the Harvester document from end to end: written over REST as they stand
 * there, compiled by the server, fetched by the host's own process with its certificate, loaded by
 * the host's service into a kernel, and measured there with packets. What is measured must be what
 * OVN and Kubernetes decide (the truth tables) and what the server's {@code reachability} says.
 *
 * <p>Network policies need connection tracking on bridges, which not every kernel that tests run on
 * has: they are measured in Debian's kernel, in a guest. ACLs are measured in this machine's.
 */
@Tag("root")
class SeedExamplesLabIT extends ServerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final String GATEWAY = "172.20.10.1";
  private static final String GATEWAY_MAC = "56:6f:00:00:00:fe";

  private static final String NOTHING_MORE = "ct=no;ibrname=no;reject=no";

  /** The port that example 4 of the ACLs names. */
  private static final String OF_ACL_4 = "9501";

  /** What is sent: its name in the truth table, and the query that asks the server of it. */
  private record Conversation(String name, String protocol, int sourcePort, int port) {

    String query() {
      return protocol.equals("icmp")
          ? ""
          : "?protocol=" + protocol + "&source_port=" + sourcePort + "&port=" + port;
    }
  }

  private static final Conversation ICMP = new Conversation("icmp", "icmp", 0, 0);
  private static final List<Conversation> OF_ACLS =
      List.of(
          ICMP,
          new Conversation("tcp80", "tcp", 40000, 80),
          new Conversation("tcp9501", "tcp", 9501, 80));
  private static final List<Conversation> OF_POLICIES =
      List.of(
          ICMP,
          new Conversation("tcp", "tcp", 40000, 80),
          new Conversation("udp", "udp", 5000, 53));

  /**
   * Refuses what two conversations open with, and drops from others what VMs are told of that;
   * without state, and then with it.
   */
  private static final String REFUSING =
      """
      apiVersion: kubeovn.io/v1
      kind: Subnet
      metadata: {name: vswitch1}
      spec:
        cidrBlock: 172.20.10.0/24
        gateway: 172.20.10.1
        acls:
        - {action: reject, direction: from-lport, priority: 1007, match: "tcp.dst == 22 || udp.dst == 69"}
        - {action: drop, direction: to-lport, priority: 1007, match: tcp.src == 22}
        - {action: drop, direction: to-lport, priority: 1007, match: ip4.dst == 172.20.10.2 && icmp4.type == 3}
        - {action: drop, direction: to-lport, priority: 1007, match: "ip6.dst == fd00::ac14:a02 && icmp6.type == 1"}
      """;

  private static final String WITH_STATE =
      """
        - {action: allow-related, direction: from-lport, priority: 1006, match: ip}
        - {action: drop, direction: to-lport, priority: 1005, match: ip4.src == 172.20.10.254 && ip4.dst == 172.20.10.3}
      """;

  /** To which VMs the host itself may open a connection, by what is in force. */
  private static final Map<String, List<String>> HOST_OPENS =
      Map.of(
          "networkpolicy-2",
          List.of(),
          "refusing",
          List.of("VM1", "VM2"),
          "refusing-with-state",
          List.of("VM1"));

  /** The host's own, on the network's bridge. */
  private static final String OF_HOST = "172.20.10.254/24";

  /** What is refused: its name, and what VMs are told by the host. */
  private static final Map<String, String> TOLD =
      Map.of("tcp4", "reset", "tcp6", "reset", "udp4", "prohibited", "udp6", "prohibited");

  /** Not below /tmp: the guest has a /tmp of its own. */
  private Path work;

  private final Map<String, Map<String, JsonNode>> predicted = new LinkedHashMap<>();
  private String network;
  private ArrayNode ports;

  SeedExamplesLabIT() {
    super(false);
  }

  @BeforeEach
  void documentsNetwork() throws IOException {
    Path target = Rig.project().resolve("tests/integration/target");
    work = Files.createTempDirectory(target, "seed-examples");
    network = "/networks/" + attachedNetwork("vswitch1", false);
    String profile = profileOf(network.substring("/networks/".length()));
    ports = JSON.createArrayNode();
    for (String address : PolicyRig.ADDRESSES) {
      String vm = PolicyRig.vm(rig, engine, PolicyRig.vm(address), CLUSTER, profile);
      JsonNode nic = engine.get("/vms/" + vm + "/nics").json().path("nic").path(0);
      String id = nic.path("id").asText();
      Api.Answer said =
          us.put(
              "/vms/" + vm + "/nics/" + id + "/labels", "{\"ips\":{\"ip\":[\"" + address + "\"]}}");
      assertThat(said.status()).as(said.toString()).isEqualTo(200);
      ports
          .addObject()
          .put("name", PolicyRig.vm(address))
          .put("vm", vm)
          .put("nic", id)
          .put("mac", nic.path("mac").path("address").asText())
          .put("ip", address);
    }
    EmergencyIT.until(
        SOON, "all VMs of the document", () -> reachability("").path("pair").size() == 30);
  }

  private JsonNode reachability(String query) {
    Api.Answer answer = us.get(network + "/reachability" + query);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.json();
  }

  private static HostCapabilities capabilities(String abilities, String... networks) {
    return HostCapabilities.el9()
        .withNetworks(Stream.of(networks).collect(Collectors.toMap(name -> name, bridge -> bridge)))
        .withHooks(
            Map.of(
                "isolated_ports",
                Map.of(
                    "status",
                    "version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=6.1;nft=yes;"
                        + abilities)));
  }

  private String host(String name, SimulatedHost host) {
    return rig.engine().seeds().host(name, CLUSTER, host).toString();
  }

  /** No network policy is put in force while this machine's kernel would have to enforce it. */
  private void refusedUntilDetached(String name, String id, SimulatedHost host) {
    String path = network + "/networkpolicies/ip-block?dry_run=true";
    String text = PolicyRig.resource("seed/networkpolicy-1.yaml");
    Api.Answer refused = PolicyRig.yaml(us, "PUT", path, text);
    assertThat(refused.status()).as(refused.toString()).isEqualTo(409);
    assertThat(refused.body()).contains("Host " + name + " cannot enforce").contains("audit");
    host.report(capabilities(NOTHING_MORE));
    assertThat(engine.post("/hosts/" + id + "/refresh", "{}").status()).isEqualTo(200);
    EmergencyIT.until(
        SOON,
        "the host without the network",
        () -> PolicyRig.yaml(us, "PUT", path, text).status() == 200);
  }

  // --- as the host's own process does it ---

  /** A host's process that fetches, and what is to be measured of what it fetched. */
  private final class Fetching implements AutoCloseable {

    private final ArrayNode cases = JSON.createArrayNode();
    private final Path root;
    private final Process process;
    private String last = "";

    Fetching(String host) throws IOException, GeneralSecurityException {
      root = Files.createDirectory(work.resolve(host));
      Path pki = Files.createDirectories(root.resolve("etc/pki/vdsm"));
      Files.createDirectories(pki.resolve("certs"));
      Files.createDirectories(pki.resolve("keys"));
      Files.createDirectories(root.resolve("run/isolated-ports-fetch"));
      TestAuthority.Identity identity = rig.authority().issue(host);
      rig.authority().writeAuthority(pki.resolve("certs/cacert.pem"));
      X509Certificate certificate = identity.certificate();
      pem(pki.resolve("certs/vdsmcert.pem"), "CERTIFICATE", certificate.getEncoded());
      pem(
          pki.resolve("keys/vdsmkey.pem"),
          "PRIVATE KEY",
          identity.keys().getPrivate().getEncoded());
      Files.writeString(
          Files.createDirectories(root.resolve("etc/isolated-ports")).resolve("host.conf"),
          "server = " + rig.hosts().resolve("/") + "\n");
      process =
          new ProcessBuilder(
                  "/usr/bin/python3",
                  "-c",
                  "import sys; sys.path.insert(0, sys.argv[1]); from isolated_ports import fetch,"
                      + " host; fetch.run(host.Host(sys.argv[2]))",
                  Rig.project().resolve("vdsm-hook").toString(),
                  root.toString())
              .redirectErrorStream(true)
              .redirectOutput(work.resolve(host + ".log").toFile())
              .start();
    }

    private static void pem(Path file, String what, byte[] content) throws IOException {
      Files.writeString(
          file,
          "-----BEGIN %s-----%n%s%n-----END %1$s-----%n"
              .formatted(what, Base64.getMimeEncoder().encodeToString(content)));
    }

    /** Waits for another ruleset than the last one. */
    void fetch() {
      Path file = root.resolve("run/isolated-ports-fetch/ruleset.json");
      EmergencyIT.until(
          SOON,
          "a new ruleset",
          () -> Files.exists(file) && !revision(read(file)).equals(revision(last)));
      // One change may come in two steps, such as a policy and the names that it pins.
      do {
        last = read(file);
        Rig.pause(1500);
      } while (!read(file).equals(last));
    }

    /** What is to be measured of the policy that was just written. */
    void add(String name, List<Conversation> conversations) {
      fetch();
      ObjectNode added = cases.addObject().put("name", name).put("ruleset", last);
      ArrayNode flows = added.putArray("flows");
      for (Conversation conversation : conversations) {
        flows
            .addObject()
            .put("name", conversation.name())
            .put("protocol", conversation.protocol())
            .put("source_port", conversation.sourcePort())
            .put("port", conversation.port());
      }
      addHost(added);
    }

    private static void addHost(ObjectNode added) {
      List<String> opens = HOST_OPENS.get(added.path("name").asText());
      if (opens != null) {
        ArrayNode names = added.putObject("host").put("address", OF_HOST).putArray("opens");
        opens.forEach(names::add);
      }
    }

    /** What is to be refused of the policy that was just written. */
    void addRefused(String name) {
      ObjectNode added = cases.addObject().put("name", name).put("ruleset", last);
      addHost(added);
      ArrayNode flows = added.putArray("refused");
      for (String flow : TOLD.keySet()) {
        boolean tcp = flow.startsWith("tcp");
        flows
            .addObject()
            .put("name", flow)
            .put("family", flow.charAt(flow.length() - 1) - '0')
            .put("protocol", tcp ? "tcp" : "udp")
            .put("port", tcp ? 22 : 69);
      }
    }

    /** The shell script that measures it, on a host that sees this one's files. */
    String script() throws IOException {
      ObjectNode replay = JSON.createObjectNode().put("bridge", "vswitch1");
      replay.putObject("gateway").put("mac", GATEWAY_MAC).put("ip", GATEWAY);
      replay.set("ports", ports);
      replay.set("cases", cases);
      Path file = root.resolve("replay.json");
      Files.writeString(file, replay.toString());
      return "cd '%s' && ISOLATED_PORTS_REPLAY='%s' tests/root/run.sh tests.root.replay 2>&1"
          .formatted(Rig.project().resolve("vdsm-hook"), file);
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String revision(String ruleset) {
    if (ruleset.isEmpty()) {
      return "";
    }
    try {
      return JSON.readTree(ruleset).path("revision").asText();
    } catch (IOException e) {
      throw new AssertionError(ruleset, e);
    }
  }

  private void write(String path, String text) {
    Api.Answer written = PolicyRig.yaml(us, "PUT", network + path, text);
    assertThat(written.status()).as(written.toString()).isIn(200, 201);
  }

  private void predict(String name, List<Conversation> conversations) {
    Map<String, JsonNode> answers = new LinkedHashMap<>();
    for (Conversation conversation : conversations) {
      answers.put(conversation.name(), reachability(conversation.query()));
    }
    predicted.put(name, answers);
  }

  // --- the kernel ---

  private List<String> measure(List<String> command, String input)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(work, "output", "");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try (OutputStream script = process.getOutputStream()) {
      script.write(input.getBytes(StandardCharsets.UTF_8));
    }
    boolean ended = process.waitFor(20, TimeUnit.MINUTES);
    process.destroy();
    String text = read(output);
    assertThat(ended && process.exitValue() == 0).as(text).isTrue();
    return text.replace("\r", "").lines().toList();
  }

  /** Begins with it; what else has to be done goes on meanwhile. */
  private CompletableFuture<List<String>> inThisKernel(Fetching host) throws IOException {
    String script = host.script();
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return measure(List.of("sh"), script);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
          }
        });
  }

  private List<String> inDebiansKernel(Fetching host) throws Exception {
    Path lab = Rig.project().resolve("tests/host-lab/debian-host");
    Path image = Rig.project().resolve("target/lab-cache/debian-host");
    Process made =
        new ProcessBuilder("sh", lab.resolve("make-image.sh").toString(), image.toString())
            .inheritIO()
            .start();
    assertThat(made.waitFor()).isZero();
    return measure(
        List.of("sh", lab.resolve("run.sh").toString(), image.toString()), host.script());
  }

  private static JsonNode said(String what, List<String> lines) throws IOException {
    List<String> results = lines.stream().filter(line -> line.startsWith(what + ": ")).toList();
    assertThat(results).as(String.join("\n", lines)).hasSize(1);
    return JSON.readTree(results.get(0).substring(what.length() + 2));
  }

  /**
   * A VM is told at once what is refused, whatever its rules say of what comes from the host; and
   * with state, nobody can tell a VM so in the host's place.
   */
  private static void assertAnswered(JsonNode refused) {
    assertThat(refused.path("refusing").size()).isEqualTo(TOLD.size() + 1);
    assertThat(refused.path("refusing-with-state").size()).isEqualTo(TOLD.size() + 1);
    for (JsonNode ofCase : refused) {
      TOLD.forEach(
          (flow, told) -> {
            JsonNode pairs = ofCase.path(flow);
            assertThat(pairs.size()).isEqualTo(30);
            for (var pair : pairs.properties()) {
              // The uplink is no vNIC: what is refused to it is dropped.
              String expected = pair.getKey().startsWith("gateway>") ? "null" : told;
              assertThat(pair.getValue().asText("null"))
                  .as(flow + " " + pair.getKey())
                  .isEqualTo(expected);
            }
          });
    }
    assertThat(refused.path("refusing-with-state").path("forged")).isEmpty();
    // Without state they are packets like others, and show that they could be heard: two kinds of
    // two families between 30 pairs, but for five senders' errors that VM1's rules drop.
    assertThat(refused.path("refusing").path("forged").size()).isEqualTo(110);
  }

  /** The host answers VMs whatever keeps it from opening connections, and opens what it may. */
  private static void assertHostSpeaks(JsonNode host) {
    assertThat(host.size()).isEqualTo(HOST_OPENS.size());
    HOST_OPENS.forEach(
        (name, opens) -> {
          for (String vm : List.of("VM1", "VM2")) {
            JsonNode found = host.path(name).path(vm);
            for (String what : List.of("arp", "icmp", "udp", "tcp", "asked", "opened")) {
              boolean expected = !what.matches("asked|opened") || opens.contains(vm);
              assertThat(found.path(what).asBoolean(!expected))
                  .as(name + " " + vm + " " + what + " of " + host)
                  .isEqualTo(expected);
            }
          }
        });
  }

  // --- three ways, one answer ---

  /** The result line of {@code tests/host-lab/run.sh seed-examples}: one entry an example. */
  private ArrayNode compare(JsonNode measured, String kernel) {
    ArrayNode examples = JSON.createArrayNode();
    measured
        .fieldNames()
        .forEachRemaining(
            name -> {
              Map<String, JsonNode> answers = predicted.get(name);
              ArrayNode differences = JSON.createArrayNode();
              int[] compared = new int[2];
              answers.forEach(
                  (flow, answer) -> {
                    JsonNode seen = measured.path(name).path(flow);
                    compared[0] += againstOracle(name, flow, seen, differences);
                    compared[1] += againstServer(answer, seen, name + " " + flow, differences);
                  });
              examples
                  .addObject()
                  .put("example", name)
                  .put("kernel", kernel)
                  .put("oracle_verdicts", compared[0])
                  .put("trace_verdicts", compared[1])
                  .put("measured_equals_oracle", none(differences, "oracle"))
                  .put("measured_equals_trace", none(differences, "server"))
                  .set("differences", differences);
            });
    return examples;
  }

  private static boolean none(ArrayNode differences, String with) {
    for (JsonNode difference : differences) {
      if (difference.path("with").asText().equals(with)) {
        return false;
      }
    }
    return true;
  }

  private static void differ(ArrayNode differences, String with, String what) {
    differences.addObject().put("with", with).put("what", what);
  }

  private static int againstOracle(String name, String flow, JsonNode seen, ArrayNode differences) {
    boolean acl = name.startsWith("subnet-acl-");
    JsonNode truth =
        PolicyRig.truth(acl ? "subnet-acl-truth.json" : "networkpolicy-truth.json")
            .path("ex" + name.charAt(name.length() - 1));
    int compared = 0;
    for (var source : truth.path(acl ? flow : "connect").properties()) {
      for (var destination : source.getValue().properties()) {
        String pair = PolicyRig.vm(source.getKey()) + ">" + PolicyRig.vm(destination.getKey());
        boolean passed = seen.path(pair).path("forward").asBoolean();
        if (passed != destination.getValue().asBoolean() || !seen.has(pair)) {
          differ(differences, "oracle", name + " " + flow + " " + pair + ": " + passed);
        }
        compared++;
      }
    }
    if (acl && !flow.equals("icmp")) {
      return compared;
    }
    for (var source : truth.path(acl ? "ping_gateway" : "to_gateway").properties()) {
      JsonNode pair = seen.path(PolicyRig.vm(source.getKey()) + ">gateway");
      boolean answered = pair.path("forward").asBoolean() && pair.path("reply").asBoolean();
      if (answered != source.getValue().asBoolean() || pair.isMissingNode()) {
        differ(differences, "oracle", name + " " + flow + " " + source.getKey() + " to gateway");
      }
      compared++;
    }
    return compared;
  }

  private static int againstServer(
      JsonNode answer, JsonNode seen, String what, ArrayNode differences) {
    int compared = 0;
    for (JsonNode pair : answer.path("pair")) {
      String name = pair.path("from").asText() + ">" + pair.path("to").asText();
      JsonNode measured = seen.path(name);
      boolean same =
          measured.path("forward").asText().equals(pair.path("forward").asText())
              && (measured.path("reply").isNull()
                  || measured.path("reply").asText().equals(pair.path("reply").asText()));
      if (!same) {
        differ(differences, "server", what + " " + name + ": " + measured + ", said " + pair);
      }
      compared++;
    }
    return compared;
  }

  @Test
  void threeWaysGiveOneAnswer() throws Exception {
    host(
        "host1.example",
        new SimulatedHost(capabilities("ct=yes;ibrname=yes;reject=yes", "vswitch1")));
    SimulatedHost basic = new SimulatedHost(capabilities(NOTHING_MORE, "vswitch1"));
    String basicId = host("host2.example", basic);
    ArrayNode examples = JSON.createArrayNode();
    try (Fetching debian = new Fetching("host1.example");
        Fetching here = new Fetching("host2.example")) {
      here.fetch();
      for (int example = 1; example <= 4; example++) {
        String name = "subnet-acl-" + example;
        write("/acls", PolicyRig.resource("seed/" + name + ".yaml"));
        predict(name, OF_ACLS);
        here.add(name, OF_ACLS);
      }
      CompletableFuture<List<String>> seenHere = inThisKernel(here);
      write("/acls", PolicyRig.ADDRESSES_ONLY);
      do {
        debian.fetch();
      } while (debian.last.contains(OF_ACL_4));
      refusedUntilDetached("host2.example", basicId, basic);
      for (int example = 1; example <= 4; example++) {
        String name = "networkpolicy-" + example;
        write("/networkpolicies/ip-block", PolicyRig.resource("seed/" + name + ".yaml"));
        predict(name, OF_POLICIES);
        debian.add(name, OF_POLICIES);
      }
      assertThat(us.delete(network + "/networkpolicies/ip-block").status()).isIn(200, 204);
      write("/acls", REFUSING);
      do {
        debian.fetch();
      } while (debian.last.contains("_in_") || !debian.last.contains("admin-prohibited"));
      debian.addRefused("refusing");
      write("/acls", REFUSING + WITH_STATE);
      debian.fetch();
      debian.addRefused("refusing-with-state");
      List<String> inDebian = inDebiansKernel(debian);
      examples.addAll(compare(said("replayed", seenHere.get()), "this"));
      examples.addAll(compare(said("replayed", inDebian), "debian"));
      assertAnswered(said("refused", inDebian));
      assertHostSpeaks(said("host", inDebian));
    }
    String result = System.getProperty("seed-examples.result", "");
    if (!result.isEmpty()) {
      JsonNode line = JSON.createObjectNode().set("examples", examples);
      Files.writeString(Path.of(result), line + "\n");
    }
    assertThat(examples).hasSize(8);
    assertThat(examples)
        .allSatisfy(
            example -> {
              assertThat(example.path("differences")).as(example.toString()).isEmpty();
              assertThat(example.path("oracle_verdicts").asInt()).isGreaterThanOrEqualTo(65);
              assertThat(example.path("trace_verdicts").asInt()).isEqualTo(90);
            });
  }
}
