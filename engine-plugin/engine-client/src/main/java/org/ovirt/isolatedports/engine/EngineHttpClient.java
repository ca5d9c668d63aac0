// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
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

/**
 * The one HTTP client for the engine, below both the SDK and the forwarding of bodies.
 *
 * <p>It mends what the SDK's own client lacks: limits on connecting, on waiting for the pool, on
 * the whole exchange and on the size of an answer. It keeps no cookies, so that no caller's session
 * can serve another caller.
 */
public class EngineHttpClient {

  private static final int MAX_CONNECTIONS = 64;
  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;
  private static final int CONNECT_MILLIS = 2_000;

  /** A restarted engine leaves dead connections behind, and a write on one must not be repeated. */
  private static final int VALIDATE_AFTER_MILLIS = 100;

  private final URI engineUrl;
  private final long limitMillis;
  private final CloseableHttpClient client;
  private final ScheduledThreadPoolExecutor deadlines =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread thread = new Thread(task, "isolated-ports-engine-deadline");
            thread.setDaemon(true);
            return thread;
          });

  public EngineHttpClient(EngineSettings settings) {
    this(settings, settings.timeout());
  }

  /**
   * A client with a limit of its own.
   *
   * @param limit how long one exchange may take in all
   */
  public EngineHttpClient(EngineSettings settings, Duration limit) {
    this(settings.url(), limit, settings.caFile().map(EngineTrust::of));
  }

  /**
   * A client with limits of its own.
   *
   * @param engineUrl the engine
   * @param limit how long one exchange may take in all
   */
  public EngineHttpClient(URI engineUrl, Duration limit) {
    this(engineUrl, limit, Optional.empty());
  }

  private EngineHttpClient(URI engineUrl, Duration limit, Optional<SSLContext> trust) {
    this.engineUrl = engineUrl;
    this.limitMillis = limit.toMillis();
    // Otherwise each request stays in memory until its limit has passed, long after its answer.
    deadlines.setRemoveOnCancelPolicy(true);
    PoolingHttpClientConnectionManager pool =
        new PoolingHttpClientConnectionManager(
            RegistryBuilder.<ConnectionSocketFactory>create()
                .register("http", PlainConnectionSocketFactory.getSocketFactory())
                .register(
                    "https",
                    trust
                        .map(SSLConnectionSocketFactory::new)
                        .orElseGet(SSLConnectionSocketFactory::getSocketFactory))
                .build());
    pool.setMaxTotal(MAX_CONNECTIONS);
    pool.setDefaultMaxPerRoute(MAX_CONNECTIONS);
    pool.setValidateAfterInactivity(VALIDATE_AFTER_MILLIS);
    this.client =
        HttpClients.custom()
            .setConnectionManager(pool)
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setConnectTimeout(CONNECT_MILLIS)
                    .setConnectionRequestTimeout(CONNECT_MILLIS)
                    .setSocketTimeout((int) limitMillis)
                    .setCookieSpec(CookieSpecs.IGNORE_COOKIES)
                    .setRedirectsEnabled(false)
                    .build())
            .disableCookieManagement()
            // The engine is on the same machine: packing takes longer than sending.
            .disableContentCompression()
            .disableAuthCaching()
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .setUserAgent("ovirt-isolated-ports")
            .build();
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
    return answer(builder.build());
  }

  /** Sends a prepared request, as the SDK makes them, under the same limits. */
  EngineAnswer answer(HttpUriRequest request) {
    ScheduledFuture<?> deadline =
        deadlines.schedule(request::abort, limitMillis, TimeUnit.MILLISECONDS);
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
      throw timeout();
    } catch (IOException e) {
      throw request.isAborted() ? timeout() : unreachable();
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

  private EngineException timeout() {
    return new EngineException(
        EngineException.Kind.TIMEOUT,
        "The oVirt engine did not answer within "
            + limitMillis
            + " ms. Nothing is known of the"
            + " outcome of a change: read it again before repeating it.");
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
