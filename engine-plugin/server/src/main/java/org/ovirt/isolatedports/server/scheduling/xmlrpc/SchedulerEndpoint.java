// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.xmlrpc;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.io.ByteArrayOutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.ovirt.isolatedports.server.scheduling.decision.Deadline;
import org.ovirt.isolatedports.server.scheduling.decision.Scheduler;
import org.ovirt.isolatedports.xmlrpc.XmlRpcFault;
import org.ovirt.isolatedports.xmlrpc.XmlRpcReader;
import org.ovirt.isolatedports.xmlrpc.XmlRpcWriter;
import org.xnio.IoUtils;
import org.xnio.Options;
import org.xnio.XnioExecutor;

/**
 * Listens for the engine's scheduler calls on a loopback port of its own, so that they neither wait
 * behind REST requests nor stand open to the network.
 *
 * <p>Bodies are taken in by one I/O thread without holding a worker, so slow senders cannot use the
 * workers up; a body over the limit is refused unread. Whatever arrives is answered by an XML-RPC
 * answer or fault with status 200, as the protocol wants it, or by a 4xx status where it is not
 * even an XML-RPC request.
 */
public final class SchedulerEndpoint implements AutoCloseable {

  private static final Logger LOG = System.getLogger(SchedulerEndpoint.class.getName());

  /** A refused body up to this many bytes is read off and thrown away, so that the sender hears. */
  private static final long DRAINED = 16L << 20;

  private static final int CONNECTIONS = 256;

  /** A question over 400 hosts is some 40 kB. */
  private static final int EXPECTED = 16 * 1024;

  private final SchedulerEndpointConfig config;
  private final SchedulerProtocol protocol;
  private final XmlRpcReader reader;
  private final Undertow undertow;

  /**
   * An endpoint that does not listen yet.
   *
   * @throws IllegalArgumentException if the address is not a loopback one
   */
  public SchedulerEndpoint(SchedulerEndpointConfig config, Scheduler scheduler) {
    requireLoopback(config.host());
    this.config = config;
    this.protocol = new SchedulerProtocol(scheduler);
    this.reader = new XmlRpcReader(config.limits());
    this.undertow =
        Undertow.builder()
            .addHttpListener(config.port(), config.host())
            .setIoThreads(1)
            .setWorkerThreads(config.workers())
            .setDirectBuffers(false)
            .setBufferSize(16 * 1024)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, DRAINED)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, 16 * 1024)
            .setServerOption(UndertowOptions.MAX_HEADERS, 64)
            .setServerOption(
                UndertowOptions.REQUEST_PARSE_TIMEOUT, (int) config.receiveWithin().toMillis())
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, (int) config.idle().toMillis())
            .setSocketOption(Options.CONNECTION_HIGH_WATER, CONNECTIONS)
            .setSocketOption(Options.CONNECTION_LOW_WATER, CONNECTIONS)
            .setHandler(this::handle)
            .build();
  }

  /** Starts to listen. */
  public void start() {
    undertow.start();
    LOG.log(
        Level.INFO, "The external scheduler listens on {0}:{1,number,#}.", config.host(), port());
  }

  /** The port listened on. */
  public int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Stops listening and drops open connections. */
  @Override
  public void close() {
    undertow.stop();
  }

  private static void requireLoopback(String host) {
    try {
      if (InetAddress.getByName(host).isLoopbackAddress()) {
        return;
      }
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "The external scheduler cannot listen on " + host + ": the address is unknown.", e);
    }
    throw new IllegalArgumentException(
        "The external scheduler must listen on a loopback address, not on "
            + host
            + ": its protocol has no authentication.");
  }

  private void handle(HttpServerExchange exchange) {
    Deadline deadline = Deadline.after(config.answerWithin());
    cutOffInTime(exchange);
    if (!exchange.getRequestMethod().equals(Methods.POST)) {
      exchange.getResponseHeaders().put(Headers.ALLOW, "POST");
      refuse(exchange, StatusCodes.METHOD_NOT_ALLOWED);
    } else if (!isXml(exchange)) {
      // Also keeps out a browser on this machine: such a request needs a preflight, refused above.
      refuse(exchange, StatusCodes.UNSUPPORTED_MEDIA_TYPE);
    } else if (exchange.getRequestContentLength() > config.limits().bytes()) {
      tooLong(exchange);
    } else {
      receive(exchange, deadline);
    }
  }

  /**
   * Whoever neither sends nor reads would keep one of the few connections for good, also after a
   * refusal, whose body is read off. An exchange ends once all is received and the answer is sent.
   */
  private void cutOffInTime(HttpServerExchange exchange) {
    XnioExecutor.Key timeout =
        exchange
            .getIoThread()
            .executeAfter(
                () -> closeQuietly(exchange),
                config.receiveWithin().plus(config.answerWithin()).toMillis(),
                TimeUnit.MILLISECONDS);
    exchange.addExchangeCompleteListener(
        (done, following) -> {
          timeout.remove();
          following.proceed();
        });
  }

  private void receive(HttpServerExchange exchange, Deadline deadline) {
    ByteArrayOutputStream body = new ByteArrayOutputStream(EXPECTED);
    exchange.getRequestReceiver().setMaxBufferSize(config.limits().bytes());
    // Not receiveFullBytes, which copies byte by byte.
    exchange
        .getRequestReceiver()
        .receivePartialBytes(
            (part, bytes, last) -> {
              body.writeBytes(bytes);
              if (body.size() > config.limits().bytes()) {
                part.getRequestReceiver().pause();
                tooLong(part);
              } else if (last) {
                part.dispatch(() -> answer(part, body.toByteArray(), deadline));
              }
            },
            (broken, exception) -> tooLong(broken));
  }

  private void answer(HttpServerExchange exchange, byte[] body, Deadline deadline) {
    String answer;
    try {
      answer = XmlRpcWriter.answer(protocol.answer(reader.read(body), deadline));
    } catch (XmlRpcFault fault) {
      LOG.log(Level.DEBUG, "Refused an XML-RPC call: {0}", fault.getMessage());
      answer = XmlRpcWriter.fault(fault);
    } catch (RuntimeException | Error e) {
      // An error that left here would leave the engine waiting, with its lock of the cluster.
      LOG.log(Level.ERROR, "The external scheduler failed to answer a call.", e);
      answer =
          XmlRpcWriter.fault(
              XmlRpcFault.internal(
                  "Isolated Ports failed to answer; the reason is in its server's log."));
    }
    send(exchange, answer);
  }

  private void tooLong(HttpServerExchange exchange) {
    send(
        exchange,
        XmlRpcWriter.fault(
            XmlRpcFault.notXmlRpc(
                "The request was not received whole or is longer than "
                    + config.limits().bytes()
                    + " bytes.")));
  }

  private static boolean isXml(HttpServerExchange exchange) {
    String type = exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE);
    if (type == null) {
      return false;
    }
    String media = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return media.equals("text/xml") || media.equals("application/xml");
  }

  private static void send(HttpServerExchange exchange, String answer) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/xml");
    exchange.getResponseSender().send(answer, StandardCharsets.UTF_8);
  }

  private static void refuse(HttpServerExchange exchange, int status) {
    exchange.setStatusCode(status).endExchange();
  }

  private static void closeQuietly(HttpServerExchange exchange) {
    IoUtils.safeClose(exchange.getConnection());
  }
}
