// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.ovirt.isolatedports.engine.TestAuthority;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.TestRulesets;

/**
 * Hosts that wait at the real listener, over TLS with certificates of their own, fetch each change
 * as a difference and report it: one thread each, in the server's JVM. What a host does with its
 * kernel is not in it.
 *
 * <p>Arguments: hosts (400), vNICs on their network (1,000), changes (20). Prints one JSON object
 * as the last line: {@code enforced_p99_s} from the change to the report of it, and {@code
 * leak_window_ms_max}, the longest that a host still had the rules before after the change was
 * compiled.
 */
public final class AgentsBenchmark {

  private static final Pattern REVISION = Pattern.compile("\"revision\":\"([0-9a-f]{16})\"");
  private static final Duration SETTLE = Duration.ofSeconds(60);

  private static volatile boolean over;

  private AgentsBenchmark() {}

  /** What hosts fetched and reported, and when. */
  private static final class Desk implements HostEndpoint.Desk {
    private final List<WatchedHost> hosts = new ArrayList<>();
    private final TestRulesets rulesets;
    private final Set<String> reported = ConcurrentHashMap.newKeySet();
    private final ConcurrentSkipListMap<Long, String> reports = new ConcurrentSkipListMap<>();

    Desk(int hosts, int vnics) {
      this.rulesets = new TestRulesets(vnics);
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < hosts; i++) {
        String id = "h" + i;
        ids.add(id);
        this.hosts.add(new WatchedHost(id, id, id + ".example", "c", "up", "", "", ""));
      }
      rulesets.addHosts(ids);
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
    public void fetched(String hostId, String revision) {}

    @Override
    public Set<String> report(PortReport report) {
      boolean newest = ruleset(report.hostId()).map(HostRuleset::revision).equals(report.loaded());
      if (newest && reported.add(report.hostId())) {
        reports.put(System.nanoTime(), report.hostId());
      }
      return Set.of();
    }
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    int hosts = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 400;
    int vnics = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1_000;
    int changes = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 20;
    TestAuthority authority = new TestAuthority("engine CA");
    Path folder = Files.createTempDirectory("agents");
    HostTls tls =
        new HostTls(
            authority.writeAuthority(folder.resolve("ca.pem")),
            authority.writeKeystore(
                folder.resolve("own.p12"), authority.issue("server.example", "127.0.0.1")),
            TestAuthority.PASSWORD);
    Desk desk = new Desk(hosts, vnics);
    ExecutorService agents = Executors.newCachedThreadPool();
    List<Long> enforced = new ArrayList<>();
    long leak = 0;
    try (HostEndpoint endpoint =
        new HostEndpoint("127.0.0.1", 0, tls.context(), 8, desk, Clock.systemUTC())) {
      endpoint.start();
      for (WatchedHost host : desk.hosts) {
        agents.execute(() -> agent(endpoint.port(), authority, host));
        // As hosts that were not all started in one moment.
        Thread.sleep(20);
      }
      await(desk, hosts);
      for (int i = 0; i < changes; i++) {
        Thread.sleep(500);
        desk.reported.clear();
        desk.reports.clear();
        long changed = System.nanoTime();
        Set<String> news = desk.rulesets.change();
        long compiled = System.nanoTime();
        endpoint.changed(news);
        await(desk, hosts);
        desk.reports.keySet().forEach(at -> enforced.add(at - changed));
        leak = Math.max(leak, desk.reports.lastKey() - compiled);
      }
      over = true;
    }
    enforced.sort(Long::compare);
    System.out.printf(
        Locale.ROOT,
        "{\"agents\": %d, \"vnics\": %d, \"changes\": %d, \"enforced_p50_s\": %.3f,"
            + " \"enforced_p99_s\": %.3f, \"leak_window_ms_max\": %d}%n",
        hosts,
        vnics,
        changes,
        enforced.get(enforced.size() / 2) / 1e9,
        enforced.get((int) (enforced.size() * 0.99)) / 1e9,
        leak / 1_000_000);
    System.exit(0);
  }

  private static void await(Desk desk, int hosts) throws InterruptedException {
    long end = System.nanoTime() + SETTLE.toNanos();
    while (desk.reports.size() < hosts) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            desk.reports.size() + " of " + hosts + " hosts have the newest ruleset.");
      }
      Thread.sleep(5);
    }
  }

  private static void agent(int port, TestAuthority authority, WatchedHost host) {
    String base = "https://127.0.0.1:" + port + "/hosts/v1/";
    try {
      SSLSocketFactory sockets = sockets(authority, host.address());
      String revision = "";
      while (!over) {
        HttpsURLConnection ask =
            open(sockets, base + (revision.isEmpty() ? "ruleset" : "ruleset?base=" + revision));
        ask.setRequestProperty("Accept-Encoding", "gzip");
        ask.setRequestProperty("Prefer", "wait=60");
        ask.setRequestProperty("If-None-Match", "\"" + revision + "\"");
        if (ask.getResponseCode() == 200) {
          try (InputStream in = new GZIPInputStream(ask.getInputStream())) {
            revision = revision(new String(in.readAllBytes(), StandardCharsets.UTF_8));
          }
          report(open(sockets, base + "report"), host.id(), revision);
        }
      }
    } catch (IOException | GeneralSecurityException e) {
      if (!over) {
        System.err.println("host " + host.id() + ": " + e);
      }
    }
  }

  private static void report(HttpsURLConnection tell, String host, String revision)
      throws IOException {
    tell.setDoOutput(true);
    try (OutputStream out = tell.getOutputStream()) {
      out.write(
          String.format(
                  "{\"version\":1,\"host\":\"%s\",\"loaded\":\"%s\",\"abilities\":{},\"ports\":[]}",
                  host, revision)
              .getBytes(StandardCharsets.UTF_8));
    }
    if (tell.getResponseCode() != 204) {
      throw new IOException("status " + tell.getResponseCode());
    }
  }

  private static HttpsURLConnection open(SSLSocketFactory sockets, String url) throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) URI.create(url).toURL().openConnection();
    connection.setSSLSocketFactory(sockets);
    return connection;
  }

  private static String revision(String body) throws IOException {
    Matcher matcher = REVISION.matcher(body);
    if (!matcher.find()) {
      throw new IOException("an answer without revision");
    }
    return matcher.group(1);
  }

  private static SSLSocketFactory sockets(TestAuthority authority, String address)
      throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(authority.keystore(authority.issue(address)), TestAuthority.PASSWORD.toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(authority.truststore());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context.getSocketFactory();
  }
}
