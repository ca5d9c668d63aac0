// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.server.handlers.ResponseCodeHandler;
import io.undertow.server.handlers.encoding.ContentEncodingRepository;
import io.undertow.server.handlers.encoding.EncodingHandler;
import io.undertow.server.handlers.encoding.GzipEncodingProvider;
import io.undertow.server.handlers.proxy.LoadBalancingProxyClient;
import io.undertow.server.handlers.proxy.ProxyHandler;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.ovirt.isolatedports.standin.engine.Engine;
import org.xnio.IoUtils;

/**
 * The engine's front: httpd with its proxies, the SSO and the API on one port of the loopback
 * interface.
 */
public final class Server implements AutoCloseable {
  private static final String GARBAGE = "\u0000\u0001<]]{{not a document";

  private final Calls calls = new Calls();
  private final Faults faults = new Faults();
  private final Map<String, HttpHandler> proxies = new ConcurrentHashMap<>();
  private final Sso sso;
  private final int workerThreads;
  private final ApiHandler api;
  private final Optional<Portal> portal;
  private final int port;
  private volatile Workers workers;
  private Undertow undertow;

  /**
   * Starts to listen.
   *
   * @param wantedPort 0 for any that is free
   * @param clientId the SSO client that may ask for token-info, with its secret
   * @param uiPlugins the folder with the UI plugins of the admin portal; without it there is none
   * @param workerThreads how many requests the engine runs at once
   * @param wrongPassword how long the SSO takes to refuse a wrong password
   */
  public Server(
      Engine engine,
      int wantedPort,
      String clientId,
      String clientSecret,
      Optional<Path> uiPlugins,
      int workerThreads,
      Duration wrongPassword) {
    Sessions sessions = new Sessions();
    this.sso = new Sso(engine, sessions, clientId, clientSecret, wrongPassword);
    this.api = new ApiHandler(engine, sessions, sso);
    this.portal = uiPlugins.map(Portal::new);
    this.workerThreads = workerThreads;
    this.workers = new Workers(workerThreads, false);
    this.undertow = listen(wantedPort);
    this.port = ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  private Undertow listen(int wantedPort) {
    HttpHandler own =
        new EncodingHandler(
            new BlockingHandler(this::serve),
            new ContentEncodingRepository()
                .addEncodingHandler("gzip", new GzipEncodingProvider(), 50));
    HttpHandler all = exchange -> front(exchange, own);
    Undertow started =
        Undertow.builder()
            .addHttpListener(wantedPort, "127.0.0.1")
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, 10L * 1024 * 1024)
            .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
            // More than the engine's own workers, whose number decides who waits.
            .setWorkerThreads(Math.max(64, workerThreads + 16))
            .setHandler(all)
            .build();
    started.start();
    return started;
  }

  /** Where it listens. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** What clients have asked. */
  public Calls calls() {
    return calls;
  }

  /** How to break it. */
  public Faults faults() {
    return faults;
  }

  /** Stops listening: connections are refused until {@link #acceptConnections}. */
  public synchronized void refuseConnections() {
    workers.killed();
    undertow.stop();
  }

  /** Listens again, on the same port. */
  public synchronized void acceptConnections() {
    workers = new Workers(workerThreads, false);
    undertow = listen(port);
  }

  /** Listens as an engine that starts: accepts and queues until {@link #started}. */
  public synchronized void acceptWhileStarting() {
    workers = new Workers(workerThreads, true);
    undertow = listen(port);
  }

  /** The engine is up, and runs what has queued. */
  public void started() {
    workers.started();
  }

  /** How many requests waited for a worker at once, at most, since the engine's start. */
  public int mostQueued() {
    return workers.mostQueued();
  }

  /** Whether all workers wait for each other. */
  public boolean hangs() {
    return workers.hangs();
  }

  /**
   * Hands everything below a path to another server, as the engine's httpd does for a plugin.
   *
   * @param prefix such as {@code /ovirt-isolated-ports}; stands for the target's own path
   * @param target may come up later; until then the answer is 503
   */
  public void proxy(String prefix, URI target) {
    LoadBalancingProxyClient client =
        new LoadBalancingProxyClient()
            .setConnectionsPerThread(32)
            // As with disablereuse=On: the target may close what nobody uses.
            .setSoftMaxConnectionsPerThread(0)
            .setTtl(1_000)
            .addHost(target);
    // A target that was down is tried again with the next request.
    client.setProblemServerRetry(1);
    proxies.put(
        prefix,
        ProxyHandler.builder()
            .setProxyClient(client)
            .setMaxRequestTime(60_000)
            .setNext(ResponseCodeHandler.HANDLE_404)
            .build());
  }

  private void front(HttpServerExchange exchange, HttpHandler own) throws Exception {
    String path = exchange.getRequestPath();
    String query = exchange.getQueryString();
    calls.add(
        new Calls.Call(
            exchange.getRequestMethod().toString(),
            query.isEmpty() ? path : path + "?" + query,
            Exchanges.bearer(exchange).isPresent()
                ? "Bearer"
                : Exchanges.basic(exchange).isPresent() ? "Basic" : "none"));
    Optional<Faults.Fault> fault = faults.forPath(path);
    if (fault.isPresent() && fault.get() instanceof Faults.Fault.Reset) {
      IoUtils.safeClose(exchange.getConnection());
      return;
    }
    for (Map.Entry<String, HttpHandler> proxy : proxies.entrySet()) {
      if (path.equals(proxy.getKey()) || path.startsWith(proxy.getKey() + "/")) {
        Handlers.path().addPrefixPath(proxy.getKey(), proxy.getValue()).handleRequest(exchange);
        return;
      }
    }
    workers.arrived();
    own.handleRequest(exchange);
  }

  private void serve(HttpServerExchange exchange) throws IOException, InterruptedException {
    Workers now = workers;
    try {
      now.take();
      answer(exchange, now);
    } catch (InterruptedException e) {
      // The engine was killed, and with it the connection.
      IoUtils.safeClose(exchange.getConnection());
    } finally {
      now.giveBack();
    }
  }

  private void answer(HttpServerExchange exchange, Workers now)
      throws IOException, InterruptedException {
    String path = exchange.getRequestPath();
    Optional<Faults.Fault> fault = faults.forPath(path);
    if (fault.isPresent() && answered(exchange, fault.get())) {
      return;
    }
    if (ApiHandler.serves(path)) {
      now.askSso(Exchanges.header(exchange, "Authorization").orElse(""));
      api.handle(exchange);
    } else if (Sso.serves(path)) {
      sso.handle(exchange);
    } else if (portal.isPresent() && Portal.serves(path)) {
      portal.get().handle(exchange);
    } else if (path.equals("/ovirt-engine/services/health")) {
      exchange.getResponseHeaders().put(Headers.SET_COOKIE, Sso.LOCALE_COOKIE);
      Exchanges.send(
          exchange, 200, "text/html;charset=ISO-8859-1", "DB Up!Welcome to Health Status!");
    } else {
      Exchanges.send(exchange, 404, "text/html;charset=UTF-8", "<html>404 - Page not found</html>");
    }
  }

  private boolean answered(HttpServerExchange exchange, Faults.Fault fault)
      throws InterruptedException {
    if (fault instanceof Faults.Fault.Delay delay) {
      faults.await(delay);
      return false;
    }
    if (fault instanceof Faults.Fault.Html html) {
      Exchanges.send(
          exchange,
          html.status(),
          "text/html;charset=UTF-8",
          "<!DOCTYPE html><html><head><title>Service Unavailable</title></head></html>");
    } else if (fault instanceof Faults.Fault.NoSuchPath) {
      Exchanges.send(
          exchange,
          404,
          "text/html;charset=UTF-8",
          "RESTEASY003210: Could not find resource for full path: " + exchange.getRequestURL());
    } else if (fault instanceof Faults.Fault.Garbage) {
      boolean json = Exchanges.header(exchange, "Accept").orElse("").contains("json");
      Exchanges.send(
          exchange, 200, json ? "application/json" : "application/xml;charset=UTF-8", GARBAGE);
    } else if (fault instanceof Faults.Fault.Status status) {
      Exchanges.send(exchange, status.status(), "text/html;charset=UTF-8", new byte[0]);
    }
    return true;
  }

  @Override
  public synchronized void close() {
    workers.killed();
    undertow.stop();
  }
}
