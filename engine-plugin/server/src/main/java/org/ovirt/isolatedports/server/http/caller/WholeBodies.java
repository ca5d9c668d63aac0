// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.RequestBufferingHandler;
import io.undertow.servlet.ServletExtension;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import jakarta.servlet.ServletContext;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * A request is let in only when its body is here as a whole, up to our limit on bodies: who sends
 * slowly, logged in or not, holds a connection, but neither a thread nor a place. A body that is
 * not here in time is cut off.
 *
 * <p>An extension of Undertow's, as a servlet's filter would come too late: a request has a thread
 * by then.
 */
public class WholeBodies implements ServletExtension {

  private static final int DEFAULT_SECONDS = 15;

  /** Undertow's buffers have 16 KiB; one more than the limit, so that what is above it is seen. */
  private static final int BUFFERS = 1024 / 16 + 1;

  private static final int AT_ONCE = 1024;
  private static final int AT_ONCE_OF_ONE = 64;

  @Override
  public void handleDeployment(DeploymentInfo deployment, ServletContext context) {
    Config config = ConfigProvider.getConfig(WholeBodies.class.getClassLoader());
    int seconds =
        config
            .getOptionalValue("isolated-ports.limit.body-seconds", Integer.class)
            .orElse(DEFAULT_SECONDS);
    ClientAddresses addresses =
        new ClientAddresses(
            config
                .getOptionalValues("isolated-ports.proxies", String.class)
                .orElse(AccessSettings.PROXIES));
    // The first in the chain, and on the thread of the connection: nothing waits there.
    deployment.addInitialHandlerChainWrapper(next -> new Reading(addresses, seconds, next));
  }

  /** Reads bodies on the threads that serve connections, none of which ever waits. */
  private static final class Reading implements HttpHandler {

    private final ClientAddresses addresses;
    private final int seconds;
    private final HttpHandler next;
    private final Places places = new Places(AT_ONCE, AT_ONCE_OF_ONE);

    Reading(ClientAddresses addresses, int seconds, HttpHandler next) {
      this.addresses = addresses;
      this.seconds = seconds;
      this.next = next;
    }

    @Override
    public void handleRequest(HttpServerExchange exchange) throws Exception {
      if (exchange.isRequestComplete()) {
        next.handleRequest(exchange);
        return;
      }
      String address = address(exchange);
      if (!places.take(address)) {
        exchange.setStatusCode(StatusCodes.SERVICE_UNAVAILABLE).setPersistent(false);
        exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
        exchange.endExchange();
        return;
      }
      Body body = new Body(exchange, address);
      // Who waits to be told to go on is told by the first read; with the header still there the
      // body would be left to a thread that waits for it.
      exchange.getRequestHeaders().remove(Headers.EXPECT);
      new RequestBufferingHandler(body::here, BUFFERS).handleRequest(exchange);
    }

    private String address(HttpServerExchange exchange) {
      HeaderValues forwarded = exchange.getRequestHeaders().get(Headers.X_FORWARDED_FOR);
      return addresses.client(
          exchange.getSourceAddress().getAddress().getHostAddress(),
          forwarded == null ? List.of() : List.copyOf(forwarded));
    }

    /** A body that is being waited for. */
    private final class Body {

      private final HttpServerExchange exchange;
      private final String address;
      private final AtomicBoolean over = new AtomicBoolean();
      private final XnioExecutor.Key deadline;

      Body(HttpServerExchange exchange, String address) {
        this.exchange = exchange;
        this.address = address;
        this.deadline =
            exchange.getIoThread().executeAfter(this::cutOff, seconds, TimeUnit.SECONDS);
        exchange.addExchangeCompleteListener(
            (ended, listener) -> {
              boolean unused = end();
              listener.proceed();
            });
      }

      private void here(HttpServerExchange whole) throws Exception {
        if (end()) {
          next.handleRequest(whole);
        }
      }

      /** Ends the waiting; false if it was over. */
      private boolean end() {
        if (!over.compareAndSet(false, true)) {
          return false;
        }
        deadline.remove();
        places.giveBack(address);
        return true;
      }

      private void cutOff() {
        if (end()) {
          if (!exchange.isResponseStarted()) {
            exchange.setStatusCode(StatusCodes.REQUEST_TIME_OUT);
          }
          IoUtils.safeClose(exchange.getConnection());
        }
      }
    }
  }
}
