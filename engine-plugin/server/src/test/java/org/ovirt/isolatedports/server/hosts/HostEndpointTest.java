// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.engine.TestAuthority;
import org.ovirt.isolatedports.engine.TestAuthority.Identity;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.TestRulesets;

/** The listener for hosts, over real TLS. */
class HostEndpointTest {

  private static final TestAuthority ENGINE = new TestAuthority("engine CA");
  private static final TestAuthority FOREIGN = new TestAuthority("engine CA");
  private static final Identity SERVER = ENGINE.issue("server.example", "localhost", "127.0.0.1");

  /** What the rest of the server says. */
  private static final class Desk implements HostEndpoint.Desk {
    private final List<WatchedHost> hosts = new CopyOnWriteArrayList<>();
    private final TestRulesets rulesets = new TestRulesets();
    private final Map<String, String> fetched = new ConcurrentHashMap<>();
    private final List<PortReport> reports = new CopyOnWriteArrayList<>();
    private volatile Set<String> unknown = Set.of();

    void add(String id, String address) {
      hosts.add(new WatchedHost(id, id, address, "c", "up", "", "", ""));
      rulesets.addHost(id);
    }

    @Override
    public Collection<WatchedHost> hosts() {
      return hosts;
    }

    @Override
    public Optional<HostRuleset> ruleset(String hostId) {
      return rulesets.book().of(hostId);
    }

    @Override
    public Optional<HostRuleset> ruleset(String hostId, String revision) {
      return rulesets.book().of(hostId, revision);
    }

    @Override
    public void fetched(String hostId, String revision) {
      fetched.put(hostId, revision);
    }

    @Override
    public Set<String> report(PortReport report) {
      reports.add(report);
      return unknown;
    }
  }

  @TempDir Path folder;
  private final Desk desk = new Desk();
  private HostTls tls;
  private HostEndpoint endpoint;

  @BeforeEach
  void start() throws Exception {
    desk.add("h1", "Host1.example");
    desk.add("h2", "192.0.2.2");
    tls =
        new HostTls(
            ENGINE.writeAuthority(folder.resolve("ca.pem")),
            ENGINE.writeKeystore(folder.resolve("own.p12"), SERVER),
            TestAuthority.PASSWORD);
    endpoint = new HostEndpoint("127.0.0.1", 0, tls.context(), 2, desk, Clock.systemUTC());
    endpoint.start();
  }

  @AfterEach
  void stop() {
    endpoint.close();
  }

  private static HttpClient client(TestAuthority authority, Identity identity) {
    try {
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(authority.keystore(identity), TestAuthority.PASSWORD.toCharArray());
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(ENGINE.truststore());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return HttpClient.newBuilder()
          .sslContext(context)
          .version(HttpClient.Version.HTTP_1_1)
          .build();
    } catch (java.security.GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpClient client(String commonName, String... alternatives) {
    return client(ENGINE, ENGINE.issue(commonName, alternatives));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + endpoint.port() + path))
        .timeout(Duration.ofMinutes(2));
  }

  private HttpResponse<byte[]> get(HttpClient client, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path);
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpResponse<byte[]> report(HttpClient client, String body)
      throws IOException, InterruptedException {
    return client.send(
        request("/hosts/v1/report").POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private static JsonNode json(byte[] body) throws IOException {
    return new ObjectMapper().readTree(body);
  }

  private String revision(String host) {
    return desk.ruleset(host).orElseThrow().revision();
  }

  @ParameterizedTest
  @CsvSource({"host1.example,,h1", "HOST1.Example,,h1", "vdsm,host1.example,h1", "x,192.0.2.2,h2"})
  void aHostGetsItsOwnRuleset(String commonName, String alternative, String host) throws Exception {
    HttpClient client =
        alternative == null ? client(commonName) : client(commonName, alternative, "other.example");
    HttpResponse<byte[]> answer = get(client, "/hosts/v1/ruleset");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer.body()).get("host").asText()).isEqualTo(host);
    assertThat(answer.headers().firstValue("ETag")).contains("\"" + revision(host) + "\"");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(desk.fetched).containsEntry(host, revision(host));
  }

  @Test
  void anAnswerIsCompressedForWhoTakesThat() throws Exception {
    HttpClient client = client("host1.example");
    HttpResponse<byte[]> answer = get(client, "/hosts/v1/ruleset", "Accept-Encoding", "gzip");
    assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
    byte[] whole = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
    assertThat(whole).isEqualTo(get(client, "/hosts/v1/ruleset").body());
    assertThat(answer.body().length).isLessThan(whole.length / 4);
    Inflater inflater = new Inflater(true);
    inflater.setInput(answer.body(), 10, answer.body().length - 10);
    assertThat(inflater.inflate(new byte[whole.length + 1])).isEqualTo(whole.length);
    assertThat(inflater.finished()).isTrue();
    assertThat(inflater.getRemaining()).as("one member, as zlib reads no more").isEqualTo(8);
    inflater.end();
  }

  @Test
  void whoHasNoCertificateOfTheEnginesAuthorityIsNotHeard() {
    assertThatThrownBy(
            () -> get(client(FOREIGN, FOREIGN.issue("host1.example")), "/hosts/v1/ruleset"))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> {
              TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
              trust.init(ENGINE.truststore());
              SSLContext context = SSLContext.getInstance("TLS");
              context.init(null, trust.getTrustManagers(), null);
              get(HttpClient.newBuilder().sslContext(context).build(), "/hosts/v1/ruleset");
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void whoIsNotExactlyOneHostOfTheEngineIsRefused() throws Exception {
    assertThat(get(client("engine.example"), "/hosts/v1/ruleset").statusCode()).isEqualTo(403);
    HttpClient removed = client("host1.example");
    assertThat(get(removed, "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
    desk.hosts.remove(0);
    assertThat(get(removed, "/hosts/v1/ruleset").statusCode())
        .as("on the connection that was made before")
        .isEqualTo(403);
    desk.add("h3", "twice.example");
    desk.add("h4", "twice.example");
    assertThat(get(client("twice.example"), "/hosts/v1/ruleset").statusCode()).isEqualTo(403);
    assertThat(get(client("192.0.2.2", "twice.example"), "/hosts/v1/ruleset").statusCode())
        .isEqualTo(403);
    desk.add("h5", "");
    assertThat(get(client("nobody"), "/hosts/v1/ruleset").statusCode()).isEqualTo(403);
    assertThat(report(client("engine.example"), reportOf("h1")).statusCode()).isEqualTo(403);
  }

  @Test
  void headersThatClaimACertificateAreNotLookedAt() throws Exception {
    X509Certificate claimed = ENGINE.issue("host1.example").certificate();
    String pem = java.util.Base64.getEncoder().encodeToString(claimed.getEncoded());
    HttpResponse<byte[]> answer =
        get(
            client("engine.example"),
            "/hosts/v1/ruleset",
            "SSL_CLIENT_CERT",
            pem,
            "X-SSL-Client-Cert",
            pem,
            "X-Forwarded-Client-Cert",
            "Subject=\"CN=host1.example\"",
            "X-Client-Verify",
            "SUCCESS",
            "Forwarded",
            "for=host1.example");
    assertThat(answer.statusCode()).isEqualTo(403);
  }

  @Test
  void onlyThePathsOfTheContractAreThere() throws Exception {
    HttpClient client = client("host1.example");
    assertThat(get(client, "/hosts/v1/ruleset/").statusCode()).isEqualTo(404);
    assertThat(get(client, "/ovirt-isolated-ports/api").statusCode()).isEqualTo(404);
    HttpResponse<byte[]> answer = get(client, "/hosts/v1/report");
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("POST");
  }

  @Test
  void whatIsNotKnownYetIsAskedAgain() throws Exception {
    desk.hosts.add(new WatchedHost("new", "new", "new.example", "c", "up", "", "", ""));
    HttpResponse<byte[]> answer = get(client("new.example"), "/hosts/v1/ruleset");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("5");
  }

  @Test
  void whoHasTheNewestIsToldSoAtOnceOrWhenTheTimeIsOver() throws Exception {
    HttpClient client = client("host1.example");
    String tag = "\"" + revision("h1") + "\"";
    assertThat(get(client, "/hosts/v1/ruleset", "If-None-Match", tag).statusCode()).isEqualTo(304);
    Instant begun = Instant.now();
    HttpResponse<byte[]> answer =
        get(client, "/hosts/v1/ruleset", "If-None-Match", tag, "Prefer", "wait=1");
    assertThat(answer.statusCode()).isEqualTo(304);
    assertThat(answer.headers().firstValue("ETag")).contains(tag);
    assertThat(Duration.between(begun, Instant.now())).isGreaterThan(Duration.ofMillis(900));
    assertThat(
            get(client, "/hosts/v1/ruleset", "If-None-Match", "\"0\"", "Prefer", "wait=30")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void whoeverWaitsIsToldOfAChangeAtOnceAndHoldsNoThreadMeanwhile() throws Exception {
    HttpClient client = client("host1.example");
    String tag = "\"" + revision("h1") + "\"";
    List<CompletableFuture<HttpResponse<byte[]>>> waiting = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      waiting.add(
          client.sendAsync(
              request("/hosts/v1/ruleset")
                  .header("If-None-Match", tag)
                  .header("Prefer", "respond-async, wait=60")
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray()));
    }
    for (int i = 0; i < 9_000 && endpoint.waiting() < 40; i++) {
      Thread.sleep(10);
    }
    assertThat(endpoint.waiting()).as("with two workers").isEqualTo(40);
    assertThat(get(client("192.0.2.2"), "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
    Instant changed = Instant.now();
    endpoint.changed(desk.rulesets.change());
    for (CompletableFuture<HttpResponse<byte[]>> each : waiting) {
      HttpResponse<byte[]> answer = each.get(90, TimeUnit.SECONDS);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("ETag")).isNotEqualTo(Optional.of(tag));
    }
    assertThat(Duration.between(changed, Instant.now())).isLessThan(Duration.ofSeconds(50));
    assertThat(endpoint.waiting()).isZero();
  }

  @Test
  void whoSaysWhatHeHasMayGetTheDifference() throws Exception {
    HttpClient client = client("host1.example");
    String base = revision("h1");
    int whole = get(client, "/hosts/v1/ruleset").body().length;
    desk.rulesets.change();
    JsonNode difference = json(get(client, "/hosts/v1/ruleset?base=" + base).body());
    assertThat(difference.get("base").asText()).isEqualTo(base);
    assertThat(difference.get("nftables").toString().length()).isLessThan(whole / 4);
    assertThat(json(get(client, "/hosts/v1/ruleset?base=0123456789abcdef").body()).has("base"))
        .as("from one that nobody remembers")
        .isFalse();
  }

  private static String reportOf(String host) throws IOException {
    String contract = Files.readString(Path.of("../../docs/host-protocol.md"));
    int start = contract.indexOf("```json", contract.indexOf("## A report")) + "```json".length();
    return contract
        .substring(start, contract.indexOf("```", start))
        .replace("5f1c0d9e-8a52-4f0b-9d0e-2f6f1f0f0a01", host);
  }

  @Test
  void aReportAsTheContractHasItIsTakenIn() throws Exception {
    assertThat(report(client("host1.example"), reportOf("h1")).statusCode()).isEqualTo(204);
    assertThat(desk.reports)
        .singleElement()
        .satisfies(
            report -> {
              assertThat(report.loaded()).contains("3f2a9c0d1e4b5a69");
              assertThat(report.loadedAt()).contains(Instant.ofEpochSecond(1_795_600_000L));
              assertThat(report.error()).isEmpty();
              assertThat(report.ports().get(0).observed()).isEqualTo("community:web");
              assertThat(report.ports().get(0).nicId())
                  .contains("9d7d6a90-2f5e-4a7e-9a55-000000000001");
            });
  }

  @Test
  void whatRulesCountedIsTakenInWhereAHostSaysIt() throws Exception {
    String counting =
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"counted_since\":1795600000,"
            + "\"counters\":[{\"name\":\"audit_5b1f0c2e\",\"packets\":3,\"bytes\":5000000000}]}";
    assertThat(report(client("host1.example"), counting).statusCode()).isEqualTo(204);
    PortReport taken = desk.reports.get(0);
    assertThat(taken.counters())
        .containsExactly(new PortReport.Counter("audit_5b1f0c2e", 3, 5_000_000_000L));
    assertThat(taken.countedSince()).contains(Instant.ofEpochSecond(1_795_600_000L));
  }

  @Test
  void aReportOfAnotherHostIsRefused() throws Exception {
    assertThat(report(client("host1.example"), reportOf("h2")).statusCode()).isEqualTo(403);
    assertThat(desk.reports).isEmpty();
  }

  @Test
  void whatAReportSaysOfWhatIsNotThereIsNamedAndTheRestIsTakenIn() throws Exception {
    desk.unknown = Set.of("x");
    HttpResponse<byte[]> answer = report(client("host1.example"), reportOf("h1"));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(json(answer.body()).get("refused"))
        .singleElement()
        .satisfies(
            refused -> {
              assertThat(refused.get("nic").asText()).isEqualTo("x");
              assertThat(refused.get("detail").asText()).isEqualTo("There is no vNIC x.");
            });
    assertThat(desk.reports).hasSize(1);
  }

  @Test
  void whoSaysNothingKeepsNoHostOut() throws Exception {
    HttpClient before = client("192.0.2.2");
    assertThat(get(before, "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 1_100; i++) {
        silent.add(new Socket(InetAddress.getLoopbackAddress(), endpoint.port()));
      }
      assertThat(get(client("host1.example"), "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
      assertThat(get(before, "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
      silent.get(0).setSoTimeout(90_000);
      assertThat(silent.get(0).getInputStream().read()).as("the oldest is cut off").isEqualTo(-1);
      Socket last = silent.get(silent.size() - 1);
      last.setSoTimeout(90_000);
      Instant begun = Instant.now();
      assertThat(last.getInputStream().read()).as("the newest too after a while").isEqualTo(-1);
      assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(60));
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"version\":2}",
        "{\"version\":1}",
        "{\"version\":1,\"host\":7}",
        "{\"version\":1,\"host\":\"h1\"}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":{}}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"loaded\":\"x\"}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"loaded_at\":\"soon\"}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"loaded_at\":-1}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"elements\":1.5}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"counters\":{}}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"counters\":[{\"name\":\"a b\"}]}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[],\"counters\":[{\"name\":\"a\",\"packets\":-1,\"bytes\":0}]}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[{}]}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[]} {}",
        "{\"version\":1,\"host\":\"h1\",\"ports\":[{\"device\":\"v\",\"mac\":\"m\",\"bridge\":\"b\",\"observed\":\"wide open\"}]}"
      })
  void aReportThatCannotBeReadIsRefused(String body) throws Exception {
    HttpResponse<byte[]> answer = report(client("host1.example"), body);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(json(answer.body()).get("detail").asText()).endsWith(".");
    assertThat(desk.reports).isEmpty();
  }

  @Test
  void aReportThatIsTooLongIsRefused() throws Exception {
    String long5MiB = " ".repeat(5 << 20);
    try {
      assertThat(report(client("host1.example"), long5MiB).statusCode()).isEqualTo(413);
    } catch (IOException e) {
      assertThat(e).as("the connection may be closed before all is sent").isNotNull();
    }
    assertThat(desk.reports).isEmpty();
  }

  @Test
  void renewedCertificatesAreTakenUp() throws Exception {
    TestAuthority next = new TestAuthority("next CA");
    Path own = folder.resolve("own.p12");
    ENGINE.writeKeystore(own, ENGINE.issue("server.example", "127.0.0.1"));
    next.writeAuthority(folder.resolve("ca.pem"));
    Files.setLastModifiedTime(own, FileTime.from(Instant.now().plusSeconds(5)));
    tls.renew();
    HttpClient renewed = client(next, next.issue("host1.example"));
    assertThat(get(renewed, "/hosts/v1/ruleset").statusCode()).isEqualTo(200);
    assertThatThrownBy(() -> get(client("host1.example"), "/hosts/v1/ruleset"))
        .isInstanceOf(IOException.class);
    Files.writeString(own, "no keystore", StandardCharsets.UTF_8);
    Files.setLastModifiedTime(own, FileTime.from(Instant.now().plusSeconds(10)));
    assertThatThrownBy(tls::renew).isInstanceOf(IOException.class);
    assertThat(get(client(next, next.issue("host1.example")), "/hosts/v1/ruleset").statusCode())
        .as("what was read before goes on")
        .isEqualTo(200);
  }
}
