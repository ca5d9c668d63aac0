// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.apache.http.Header;
import org.apache.http.HttpEntity;
import org.apache.http.HttpResponse;
import org.apache.http.client.config.CookieSpecs;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.client.methods.RequestBuilder;
import org.apache.http.config.RegistryBuilder;
import org.apache.http.conn.ConnectTimeoutException;
import org.apache.http.conn.ConnectionPoolTimeoutException;
import org.apache.http.conn.socket.ConnectionSocketFactory;
import org.apache.http.conn.socket.PlainConnectionSocketFactory;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.entity.ContentType;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.impl.conn.PoolingHttpClientConnectionManager;
import org.apache.http.protocol.HttpContext;
import org.apache.http.ssl.SSLContexts;

/**
 * The one HTTP client for the engine, below both the SDK and the forwarding of bodies.
 *
 * <p>It mends what the SDK's own client lacks: limits on connecting, on waiting for the pool, on
 * the whole exchange and on the size of an answer. It keeps no cookies, so that no caller's session
 * can serve another caller. Every request but the prober's passes the {@link EngineGate}.
 */
public class EngineHttpClient {

  private static final int MAX_CONNECTIONS = 64;
  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;
  private static final int CONNECT_MILLIS = 2_000;

  private static final String LOGIN = "/sso/oauth/token";
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

  /** A restarted engine leaves dead connections behind, and a write on one must not be repeated. */
  private static final int VALIDATE_AFTER_MILLIS = 100;

  /** Far longer than the 5 to 10 s in which the engine refuses a wrong password when it is idle. */
  public static final Duration LOGIN_LIMIT = Duration.ofSeconds(30);

  private static final int BAD_GATEWAY = 502;
  private static final int GATEWAY_TIMEOUT = 504;

  private final URI engineUrl;
  private final Optional<EngineGate> gate;
  private final EngineGate.Lane lane;
  private final ThreadLocal<Boolean> service = ThreadLocal.withInitial(() -> false);
  private final long limitMillis;
  private final long loginMillis;
  private final CloseableHttpClient client;
  private final ScheduledThreadPoolExecutor deadlines =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread thread = new Thread(task, "isolated-ports-engine-deadline");
            thread.setDaemon(true);
            return thread;
          });

  public EngineHttpClient(EngineSettings settings, EngineGate gate) {
    this(settings, gate, LOGIN_LIMIT);
  }

  /**
   * The same with another limit for a login.
   *
   * @param login how long the exchange of a password for a token may take, where that is longer
   *     than for any other request
   */
  public EngineHttpClient(EngineSettings settings, EngineGate gate, Duration login) {
    this(
        settings.url(),
        settings.timeout(),
        login,
        settings.caFile().map(EngineTrust::of),
        Optional.of(gate),
        EngineGate.Lane.CALLERS);
  }

  /** A client whose requests go through the gate in one lane, with a limit of its own. */
  public EngineHttpClient(
      EngineSettings settings, Duration limit, EngineGate gate, EngineGate.Lane lane) {
    this(
        settings.url(),
        limit,
        LOGIN_LIMIT,
        settings.caFile().map(EngineTrust::of),
        Optional.of(gate),
        lane);
  }

  /**
   * A client without a gate, for a command that asks once and ends, and for the gate's own prober.
   */
  public EngineHttpClient(EngineSettings settings) {
    this(settings, settings.timeout());
  }

  /**
   * A client with a limit of its own.
   *
   * @param limit how long one exchange may take in all
   */
  public EngineHttpClient(EngineSettings settings, Duration limit) {
    this(
        settings.url(),
        limit,
        LOGIN_LIMIT,
        settings.caFile().map(EngineTrust::of),
        Optional.empty(),
        EngineGate.Lane.CALLERS);
  }

  /**
   * A client with limits of its own.
   *
   * @param engineUrl the engine
   * @param limit how long one exchange may take in all
   */
  public EngineHttpClient(URI engineUrl, Duration limit) {
    this(
        engineUrl, limit, LOGIN_LIMIT, Optional.empty(), Optional.empty(), EngineGate.Lane.CALLERS);
  }

  private EngineHttpClient(
      URI engineUrl,
      Duration limit,
      Duration login,
      Optional<SSLContext> trust,
      Optional<EngineGate> gate,
      EngineGate.Lane lane) {
    this.engineUrl = engineUrl;
    this.gate = gate;
    this.lane = lane;
    this.limitMillis = limit.toMillis();
    this.loginMillis = Math.max(limitMillis, login.toMillis());
    // Otherwise each request stays in memory until its limit has passed, long after its answer.
    deadlines.setRemoveOnCancelPolicy(true);
    PoolingHttpClientConnectionManager pool =
        new PoolingHttpClientConnectionManager(
            RegistryBuilder.<ConnectionSocketFactory>create()
                .register("http", new LivingPlainSockets())
                .register(
                    "https", new LivingTlsSockets(trust.orElseGet(SSLContexts::createDefault)))
                .build());
    pool.setMaxTotal(MAX_CONNECTIONS);
    pool.setDefaultMaxPerRoute(MAX_CONNECTIONS);
    pool.setValidateAfterInactivity(VALIDATE_AFTER_MILLIS);
    this.client =
        HttpClients.custom()
            .setConnectionManager(pool)
            .setDefaultRequestConfig(defaults())
            .disableCookieManagement()
            // The engine is on the same machine: packing takes longer than sending.
            .disableContentCompression()
            .disableAuthCaching()
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .setUserAgent("ovirt-isolated-ports")
            .build();
  }

  private RequestConfig defaults() {
    return RequestConfig.custom()
        .setConnectTimeout(CONNECT_MILLIS)
        .setConnectionRequestTimeout(CONNECT_MILLIS)
        .setSocketTimeout((int) limitMillis)
        .setCookieSpec(CookieSpecs.IGNORE_COOKIES)
        .setRedirectsEnabled(false)
        .build();
  }

  private static final class LivingPlainSockets extends PlainConnectionSocketFactory {
    @Override
    public Socket createSocket(HttpContext context) throws IOException {
      return LivingSockets.keepAlive(super.createSocket(context));
    }
  }

  private static final class LivingTlsSockets extends SSLConnectionSocketFactory {
    LivingTlsSockets(SSLContext trust) {
      super(trust);
    }

    @Override
    public Socket createSocket(HttpContext context) throws IOException {
      return LivingSockets.keepAlive(super.createSocket(context));
    }
  }

  /**
   * Sends a request to the REST API and reads the whole answer.
   *
   * @throws EngineException if there is no answer within the limit
   */
  public EngineAnswer send(EngineRequest request) {
    RequestBuilder builder =
        RequestBuilder.create(request.method()).setUri(engineUrl + "/api" + request.path());
    request.headers().forEach(builder::addHeader);
    if (request.body().length > 0) {
      builder.setEntity(new ByteArrayEntity(request.body()));
    }
    return answer(builder.build());
  }

  /** Posts a form to the engine's single sign-on, such as {@code /sso/oauth/token}. */
  public EngineAnswer postForm(String path, Map<String, String> headers, String form) {
    RequestBuilder builder =
        RequestBuilder.post(engineUrl + path)
            .setEntity(
                new ByteArrayEntity(
                    form.getBytes(StandardCharsets.UTF_8),
                    ContentType.APPLICATION_FORM_URLENCODED));
    headers.forEach(builder::addHeader);
    boolean login = path.equals(LOGIN) && !service.get() && lane == EngineGate.Lane.CALLERS;
    long limit = path.equals(LOGIN) ? loginMillis : limitMillis;
    builder.setConfig(RequestConfig.copy(defaults()).setSocketTimeout((int) limit).build());
    return answer(builder.build(), login ? EngineGate.Lane.LOGINS : laneNow(), limit);
  }

  /** Asks for the engine's health, past the gate. */
  EngineAnswer health() {
    return exchange(RequestBuilder.get(engineUrl + "/services/health").build(), limitMillis);
  }

  /** What the step asks of the engine is asked by the service account, not by a caller. */
  public <T> T asService(Supplier<T> step) {
    boolean before = service.get();
    service.set(true);
    try {
      return step.get();
    } finally {
      service.set(before);
    }
  }

  private EngineGate.Lane laneNow() {
    return lane == EngineGate.Lane.CALLERS && service.get() ? EngineGate.Lane.SERVICE : lane;
  }

  /** Sends a prepared request, as the SDK makes them, under the same limits. */
  EngineAnswer answer(HttpUriRequest request) {
    return answer(request, laneNow(), limitMillis);
  }

  private EngineAnswer answer(HttpUriRequest request, EngineGate.Lane way, long limit) {
    if (gate.isEmpty()) {
      return exchange(request, limit);
    }
    try (EngineGate.Pass pass = gate.get().enter(way)) {
      return judged(request, limit, pass);
    }
  }

  private EngineAnswer judged(HttpUriRequest request, long limit, EngineGate.Pass pass) {
    try {
      EngineAnswer answer = exchange(request, limit);
      if (answer.status() >= BAD_GATEWAY && answer.status() <= GATEWAY_TIMEOUT) {
        pass.failed("it answered with status " + answer.status());
      } else {
        pass.answered();
      }
      return answer;
    } catch (EngineException e) {
      if (e.kind() == EngineException.Kind.UNREACHABLE) {
        pass.failed("it cannot be reached at " + engineUrl);
      } else if (e.kind() == EngineException.Kind.TIMEOUT && lane != EngineGate.Lane.LOOKS) {
        // A look has less time than an engine may take: that it was too slow says nothing.
        pass.failed("it gave no answer within " + limit + " ms");
      }
      throw e;
    }
  }

  private EngineAnswer exchange(HttpUriRequest request, long limit) {
    ScheduledFuture<?> deadline = deadlines.schedule(request::abort, limit, TimeUnit.MILLISECONDS);
    try (CloseableHttpResponse response = client.execute(request)) {
      return new EngineAnswer(
          response.getStatusLine().getStatusCode(),
          header(response, "Content-Type"),
          header(response, "Location"),
          header(response, "WWW-Authenticate"),
          body(response.getEntity()));
    } catch (ConnectionPoolTimeoutException e) {
      throw new EngineException(
          EngineException.Kind.UNREACHABLE,
          "The oVirt engine answers too slowly: all " + MAX_CONNECTIONS + " connections are busy.");
    } catch (ConnectTimeoutException e) {
      throw unreachable();
    } catch (SocketTimeoutException e) {
      throw timeout(request, limit);
    } catch (IOException e) {
      throw request.isAborted() ? timeout(request, limit) : unreachable();
    } finally {
      deadline.cancel(false);
    }
  }

  private static Optional<String> header(HttpResponse response, String name) {
    return Optional.ofNullable(response.getFirstHeader(name)).map(Header::getValue);
  }

  private static byte[] body(HttpEntity entity) throws IOException {
    if (entity == null) {
      return new byte[0];
    }
    try (InputStream in = entity.getContent()) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] buffer = new byte[16 * 1024];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (out.size() + read > MAX_ANSWER_BYTES) {
          throw new EngineException(
              EngineException.Kind.GARBAGE,
              "The oVirt engine's answer is larger than " + MAX_ANSWER_BYTES + " bytes.");
        }
        out.write(buffer, 0, read);
      }
      return out.toByteArray();
    }
  }

  /** Names what was asked; only a change has an outcome of which nothing is known. */
  private static EngineException timeout(HttpUriRequest request, long limit) {
    boolean change = !READS.contains(request.getMethod());
    return new EngineException(
        EngineException.Kind.TIMEOUT,
        "The oVirt engine did not answer "
            + request.getMethod()
            + " "
            + request.getURI().getPath()
            + " within "
            + limit
            + " ms."
            + (change && !request.getURI().getPath().contains("/sso/")
                ? " Nothing is known of the outcome of this change: read it again before repeating"
                    + " it."
                : ""));
  }

  private EngineException unreachable() {
    return new EngineException(
        EngineException.Kind.UNREACHABLE,
        "The oVirt engine cannot be reached at " + engineUrl + ". Check that ovirt-engine runs.");
  }

  /** Closes all connections. */
  public void close() {
    deadlines.shutdownNow();
    try {
      client.close();
    } catch (IOException e) {
      throw new UncheckedIOException("The connections to the engine could not be closed.", e);
    }
  }
}
