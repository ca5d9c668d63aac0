// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import io.undertow.UndertowOptions;
import io.undertow.protocols.ssl.UndertowXnioSsl;
import io.undertow.server.DefaultByteBufferPool;
import io.undertow.server.HttpHandler;
import io.undertow.server.protocol.http.HttpOpenListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import org.xnio.ChannelListener;
import org.xnio.IoUtils;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.SslClientAuthMode;
import org.xnio.StreamConnection;
import org.xnio.Xnio;
import org.xnio.XnioWorker;
import org.xnio.channels.AcceptingChannel;
import org.xnio.ssl.SslConnection;

/**
 * A TLS listener that asks for certificates. Undertow's builder makes the same, but lets nobody see
 * a connection before there is a request on it ({@link Doors}).
 */
final class HostListener implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(HostListener.class.getName());

  private static final int CONNECTIONS = 8_192;
  private static final int IDLE_MILLIS = 90_000;
  private static final int BUFFER = 16 * 1024;

  private final XnioWorker worker;
  private final HttpOpenListener open;
  private final AcceptingChannel<SslConnection> accepting;

  /**
   * Listens.
   *
   * @param parseMillis how long the head of a request may take
   * @param longestBody the longest body, in bytes
   */
  HostListener(
      InetSocketAddress address,
      SSLContext tls,
      int workers,
      int parseMillis,
      long longestBody,
      Doors doors,
      HttpHandler handler) {
    OptionMap http =
        OptionMap.builder()
            .set(UndertowOptions.MAX_ENTITY_SIZE, longestBody)
            .set(UndertowOptions.MAX_HEADER_SIZE, BUFFER)
            .set(UndertowOptions.MAX_HEADERS, 64)
            .set(UndertowOptions.REQUEST_PARSE_TIMEOUT, parseMillis)
            .set(UndertowOptions.NO_REQUEST_TIMEOUT, IDLE_MILLIS)
            .getMap();
    OptionMap sockets =
        OptionMap.builder()
            .set(Options.TCP_NODELAY, true)
            .set(Options.REUSE_ADDRESSES, true)
            .set(Options.SSL_CLIENT_AUTH_MODE, SslClientAuthMode.REQUIRED)
            .set(Options.CONNECTION_HIGH_WATER, CONNECTIONS)
            .set(Options.CONNECTION_LOW_WATER, CONNECTIONS)
            .set(Options.BACKLOG, 1_024)
            .getMap();
    // A deployment sees no provider of XNIO; Undertow's module does.
    Xnio xnio = Xnio.getInstance(HttpOpenListener.class.getClassLoader());
    DefaultByteBufferPool buffers = new DefaultByteBufferPool(true, BUFFER, -1, 4);
    this.open = new HttpOpenListener(buffers, http);
    open.setRootHandler(handler);
    try {
      this.worker =
          xnio.createWorker(
              OptionMap.builder()
                  .set(Options.WORKER_IO_THREADS, 2)
                  .set(Options.WORKER_TASK_CORE_THREADS, workers)
                  .set(Options.WORKER_TASK_MAX_THREADS, workers)
                  .set(Options.WORKER_NAME, "isolated-ports-hosts")
                  .getMap());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      UndertowXnioSsl ssl =
          new UndertowXnioSsl(xnio, OptionMap.create(Options.USE_DIRECT_BUFFERS, true), tls);
      this.accepting =
          ssl.createSslConnectionServer(
              worker, address, channel -> accept(channel, doors, open), sockets);
    } catch (IOException e) {
      worker.shutdown();
      throw new UncheckedIOException(e);
    }
    accepting.resumeAccepts();
  }

  private static void accept(
      AcceptingChannel<SslConnection> channel,
      Doors doors,
      ChannelListener<StreamConnection> open) {
    try {
      SslConnection connection = channel.accept();
      if (connection != null) {
        doors.opened(connection);
        open.handleEvent(connection);
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "A connection of a host could not be taken: {0}", e.getMessage());
    }
  }

  int port() {
    return accepting.getLocalAddress(InetSocketAddress.class).getPort();
  }

  @Override
  public void close() {
    IoUtils.safeClose(accepting);
    open.closeConnections();
    worker.shutdown();
  }
}
