// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import io.undertow.server.HttpServerExchange;
import io.undertow.server.RenegotiationRequiredException;
import io.undertow.server.SSLSessionInfo;
import io.undertow.server.ServerConnection;
import io.undertow.util.AttachmentKey;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.policy.json.JsonWriter;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Where hosts fetch their rulesets and report: docs/host-protocol.md. A listener of its own, so
 * that nothing of it can be reached in another way and nothing else by it; who asks is told by the
 * certificate of the connection alone.
 *
 * <p>A host that waits for a change holds a connection, and no thread.
 */
final class HostEndpoint implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(HostEndpoint.class.getName());

  private static final String RULESET = "/hosts/v1/ruleset";
  private static final String REPORT = "/hosts/v1/report";

  private static final AttachmentKey<AtomicReference<Waiter>> LAST =
      AttachmentKey.create(AtomicReference.class);
  private static final HttpString PREFER = HttpString.tryFromString("Prefer");
  private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,4})(?:$|[,;\\s])");
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
  private static final String RETRY_SECONDS = "5";

  private static final int LONGEST_REPORT = 4 << 20;
  private static final int MOST_UNKNOWN = 100;
  private static final int MOST_UNPROVEN_OF_ADDRESS = 1_024;
  private static final int MOST_UNPROVEN = 4_096;
  private static final int RECEIVE_MILLIS = 10_000;

  /** What the endpoint needs of the rest. */
  interface Desk {

    /** The hosts that the engine has now. */
    Collection<WatchedHost> hosts();

    /** What a host is to enforce; empty while that is not known. */
    Optional<HostRuleset> ruleset(String hostId);

    /** An earlier ruleset of a host, if it is remembered. */
    Optional<HostRuleset> ruleset(String hostId, String revision);

    /** A host was given a revision. */
    void fetched(String hostId, String revision);

    /**
     * Takes in a report.
     *
     * @return the vNICs of it that the engine does not have, of which it is not taken in yet
     */
    Set<String> report(PortReport report);
  }

  private final Desk desk;
  private final InetSocketAddress address;
  private final SSLContext tls;
  private final int workers;
  private final Doors doors = new Doors(MOST_UNPROVEN_OF_ADDRESS, MOST_UNPROVEN, RECEIVE_MILLIS);
  private final CauseLog refusals;
  private final Map<String, Set<Waiter>> waiting = new ConcurrentHashMap<>();
  private Optional<HostListener> listener = Optional.empty();

  HostEndpoint(String address, int port, SSLContext tls, int workers, Desk desk, Clock clock) {
    this.desk = desk;
    this.refusals = new CauseLog(LOG, clock);
    this.address = new InetSocketAddress(address, port);
    this.tls = tls;
    this.workers = workers;
  }

  void start() {
    listener =
        Optional.of(
            new HostListener(
                address, tls, workers, RECEIVE_MILLIS, LONGEST_REPORT, doors, this::handle));
    LOG.log(Level.INFO, "Hosts can ask at port {0,number,#}.", port());
  }

  int port() {
    return listener.orElseThrow().port();
  }

  @Override
  public void close() {
    listener.ifPresent(HostListener::close);
  }

  private void handle(HttpServerExchange exchange) {
    String path = exchange.getRequestPath();
    if (!path.equals(RULESET) && !path.equals(REPORT)) {
      refuse(exchange, StatusCodes.NOT_FOUND, "There is nothing at this path.");
      return;
    }
    HttpString method = path.equals(RULESET) ? Methods.GET : Methods.POST;
    if (!exchange.getRequestMethod().equals(method)) {
      exchange.getResponseHeaders().put(Headers.ALLOW, method.toString());
      refuse(exchange, StatusCodes.METHOD_NOT_ALLOWED, "The method must be " + method + ".");
      return;
    }
    Optional<WatchedHost> host = host(exchange);
    if (host.isEmpty()) {
      refuse(
          exchange,
          StatusCodes.FORBIDDEN,
          "The certificate is not that of exactly one host of the oVirt engine.");
    } else if (path.equals(RULESET)) {
      ruleset(exchange, host.get().id());
    } else {
      report(exchange, host.get());
    }
  }

  /** Who asks, by the certificate with which the connection was made. */
  private Optional<WatchedHost> host(HttpServerExchange exchange) {
    SSLSessionInfo session = exchange.getConnection().getSslSessionInfo();
    if (session == null) {
      return Optional.empty();
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      if (chain.length == 0 || !(chain[0] instanceof X509Certificate certificate)) {
        return Optional.empty();
      }
      List<WatchedHost> hosts = HostIdentity.of(certificate, desk.hosts());
      if (hosts.size() == 1) {
        doors.proven(exchange.getConnection().getPeerAddress());
        return Optional.of(hosts.get(0));
      }
      refusals.warn(
          "Refused a request with the certificate of "
              + certificate.getSubjectX500Principal().getName()
              + ": its names are the address of "
              + (hosts.isEmpty() ? "no host" : "several hosts")
              + " of the oVirt engine.");
      return Optional.empty();
    } catch (SSLPeerUnverifiedException | RenegotiationRequiredException e) {
      return Optional.empty();
    }
  }

  // Rulesets

  /** A host that waits until its ruleset is another one. */
  private final class Waiter {
    private final HttpServerExchange exchange;
    private final String hostId;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile XnioExecutor.Key timeout;

    Waiter(HttpServerExchange exchange, String hostId) {
      this.exchange = exchange;
      this.hostId = hostId;
    }

    private void await(Duration time) {
      timeout =
          exchange.getIoThread().executeAfter(this::end, time.toMillis(), TimeUnit.MILLISECONDS);
      last(exchange.getConnection()).set(this);
      waiting.computeIfAbsent(hostId, id -> ConcurrentHashMap.newKeySet()).add(this);
    }

    private boolean leave() {
      Optional.ofNullable(timeout).ifPresent(XnioExecutor.Key::remove);
      waiting.getOrDefault(hostId, Set.of()).remove(this);
      return over.compareAndSet(false, true);
    }

    /** Who waits on a connection: one listener for all that will, as none can be taken off. */
    private static AtomicReference<Waiter> last(ServerConnection connection) {
      AtomicReference<Waiter> last = connection.getAttachment(LAST);
      if (last == null) {
        AtomicReference<Waiter> first = new AtomicReference<>();
        connection.putAttachment(LAST, first);
        connection.addCloseListener(
            closed -> Optional.ofNullable(first.get()).ifPresent(Waiter::leave));
        last = first;
      }
      return last;
    }

    /** Answers with what is so now: changed, or not within the time. */
    private void end() {
      if (leave()) {
        exchange.dispatch(() -> answer(exchange, hostId));
      }
    }
  }

  /** Tells those that wait. Any thread may call this. */
  void changed(Set<String> hostIds) {
    hostIds.forEach(id -> List.copyOf(waiting.getOrDefault(id, Set.of())).forEach(Waiter::end));
  }

  /** How many requests wait for a change. */
  int waiting() {
    return waiting.values().stream().mapToInt(Set::size).sum();
  }

  private void ruleset(HttpServerExchange exchange, String hostId) {
    Duration wait = wait(exchange);
    if (wait.isZero() || !hasNewest(exchange, hostId)) {
      exchange.dispatch(() -> answer(exchange, hostId));
      return;
    }
    exchange.dispatch(
        SameThreadExecutor.INSTANCE,
        () -> {
          Waiter waiter = new Waiter(exchange, hostId);
          waiter.await(wait);
          // What changed between the look and the waiting would be told to nobody.
          if (!hasNewest(exchange, hostId)) {
            waiter.end();
          }
        });
  }

  private static Duration wait(HttpServerExchange exchange) {
    HeaderValues prefer = exchange.getRequestHeaders().get(PREFER);
    if (prefer == null) {
      return Duration.ZERO;
    }
    for (String value : prefer) {
      Matcher wait = WAIT.matcher(value);
      if (wait.find()) {
        Duration asked = Duration.ofSeconds(Integer.parseInt(wait.group(1)));
        return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
      }
    }
    return Duration.ZERO;
  }

  private boolean hasNewest(HttpServerExchange exchange, String hostId) {
    return desk.ruleset(hostId).filter(ruleset -> matches(exchange, ruleset)).isPresent();
  }

  private static boolean matches(HttpServerExchange exchange, HostRuleset ruleset) {
    HeaderValues known = exchange.getRequestHeaders().get(Headers.IF_NONE_MATCH);
    return known != null
        && known.stream().anyMatch(tags -> tags.contains("\"" + ruleset.revision() + "\""));
  }

  private void answer(HttpServerExchange exchange, String hostId) {
    Optional<HostRuleset> ruleset = desk.ruleset(hostId);
    if (ruleset.isEmpty()) {
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, RETRY_SECONDS);
      refuse(
          exchange,
          StatusCodes.SERVICE_UNAVAILABLE,
          "What the oVirt engine has is not known yet. Try again.");
      return;
    }
    exchange.getResponseHeaders().put(Headers.ETAG, "\"" + ruleset.get().revision() + "\"");
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    if (matches(exchange, ruleset.get())) {
      exchange.setStatusCode(StatusCodes.NOT_MODIFIED).endExchange();
      return;
    }
    desk.fetched(hostId, ruleset.get().revision());
    send(exchange, body(exchange, ruleset.get()));
  }

  private HostRuleset.Body body(HttpServerExchange exchange, HostRuleset ruleset) {
    Deque<String> base = exchange.getQueryParameters().get("base");
    return Optional.ofNullable(base)
        .map(Deque::getFirst)
        .flatMap(revision -> desk.ruleset(ruleset.hostId(), revision))
        .map(ruleset::body)
        .orElseGet(ruleset::body);
  }

  private static void send(HttpServerExchange exchange, HostRuleset.Body body) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange.getResponseHeaders().put(Headers.VARY, "Accept-Encoding");
    if (takesGzip(exchange)) {
      exchange.getResponseHeaders().put(Headers.CONTENT_ENCODING, "gzip");
      exchange.getResponseSender().send(ByteBuffer.wrap(body.gzip()));
    } else {
      exchange.getResponseSender().send(body.text(), StandardCharsets.UTF_8);
    }
  }

  private static boolean takesGzip(HttpServerExchange exchange) {
    HeaderValues accepted = exchange.getRequestHeaders().get(Headers.ACCEPT_ENCODING);
    return accepted != null
        && accepted.stream()
            .flatMap(value -> Pattern.compile(",").splitAsStream(value))
            .map(String::strip)
            .anyMatch(value -> value.equals("gzip") || value.matches("gzip;\\s*q=(1|0\\.[1-9]).*"));
  }

  // Reports

  private void report(HttpServerExchange exchange, WatchedHost host) {
    if (exchange.getRequestContentLength() > LONGEST_REPORT) {
      refuse(exchange, StatusCodes.REQUEST_ENTITY_TOO_LARGE, "The report is longer than 4 MiB.");
      return;
    }
    XnioExecutor.Key deadline =
        exchange
            .getIoThread()
            .executeAfter(
                () -> IoUtils.safeClose(exchange.getConnection()),
                RECEIVE_MILLIS,
                TimeUnit.MILLISECONDS);
    exchange
        .getRequestReceiver()
        .receiveFullBytes(
            (whole, body) -> {
              deadline.remove();
              whole.dispatch(() -> received(whole, host, body));
            },
            (broken, exception) -> {
              deadline.remove();
              refuse(broken, StatusCodes.BAD_REQUEST, "The report was not received whole.");
            });
  }

  private void received(HttpServerExchange exchange, WatchedHost host, byte[] body) {
    PortReport report;
    try {
      report = PortReport.read(body);
    } catch (PortReport.MalformedReportException e) {
      refusals.warn("Refused a report of host " + host.name() + ": " + e.getMessage());
      refuse(exchange, StatusCodes.BAD_REQUEST, e.getMessage());
      return;
    }
    if (!report.hostId().equals(host.id())) {
      refusals.warn("Host " + host.name() + " sent a report of another host; it was refused.");
      refuse(exchange, StatusCodes.FORBIDDEN, "The report is of another host.");
      return;
    }
    Set<String> unknown = desk.report(report);
    if (unknown.isEmpty()) {
      exchange.setStatusCode(StatusCodes.NO_CONTENT).endExchange();
      return;
    }
    List<Map<String, String>> named =
        unknown.stream()
            .limit(MOST_UNKNOWN)
            .map(nic -> Map.of("nic", nic, "detail", "There is no vNIC " + nic + "."))
            .toList();
    refusals.warn(
        "Host "
            + host.name()
            + " reports "
            + unknown.size()
            + " vNICs that the oVirt engine does not have; what it says of them does not count yet.");
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange
        .getResponseSender()
        .send(JsonWriter.write(Map.of("refused", named)), StandardCharsets.UTF_8);
  }

  private static void refuse(HttpServerExchange exchange, int status, String detail) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange
        .getResponseSender()
        .send(JsonWriter.write(Map.of("detail", detail)), StandardCharsets.UTF_8);
  }
}
