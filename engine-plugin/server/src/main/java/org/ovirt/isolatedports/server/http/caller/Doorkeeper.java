// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.inject.Inject;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.body.BodyFormat;

/**
 * What every request of the API passes first: limits, the check against requests that a foreign
 * page makes a browser send, and the headers of every answer.
 *
 * <p>A filter of the servlet container and not of JAX-RS, so that the count of requests being
 * served goes down whatever happens in between.
 */
@WebFilter("/api/*")
public class Doorkeeper extends HttpFilter {

  private static final long serialVersionUID = 1L;

  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
  private static final String FORWARDED_FOR = "X-Forwarded-For";
  private static final String ADDRESS = Doorkeeper.class.getName() + ".address";
  private static final int BURST_SECONDS = 2;

  private static final int FORBIDDEN = 403;
  private static final int TOO_MANY = 429;
  private static final int UNAVAILABLE = 503;

  // The container makes filters with their no-argument constructor and injects afterwards.
  @Inject private transient AccessSettings settings;
  private transient ClientAddresses addresses;
  private transient RateLimit requests;
  private transient Places served;

  @Override
  public void init() {
    requests =
        new RateLimit(
            settings.requestsPerSecond(),
            (double) BURST_SECONDS * settings.requestsPerSecond(),
            System::nanoTime);
    addresses = new ClientAddresses(settings.proxies());
    // One address cannot take all places for itself.
    served = new Places(settings.requestsAtOnce(), Math.max(1, settings.requestsAtOnce() * 2 / 3));
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    secure(response);
    String address =
        addresses.client(
            request.getRemoteAddr(), Collections.list(request.getHeaders(FORWARDED_FOR)));
    request.setAttribute(ADDRESS, address);
    if (!requests.take(address)) {
      refuse(request, response, TOO_MANY, "Too many requests from your address. Wait a second.");
      return;
    }
    if (isForeignWrite(request)) {
      refuse(
          request,
          response,
          FORBIDDEN,
          "A page of another origin may not change anything here with a cookie or a password that"
              + " the browser sends by itself. Send a bearer token.");
      return;
    }
    if (!served.take(address)) {
      refuse(
          request,
          response,
          UNAVAILABLE,
          "Isolated Ports serves too many requests now. Try again.");
      return;
    }
    try {
      chain.doFilter(request, response);
    } finally {
      served.giveBack(address);
    }
  }

  /** The client's address, as the limits count it. */
  static String address(HttpServletRequest request) {
    return Optional.ofNullable(request.getAttribute(ADDRESS))
        .map(Object::toString)
        .orElseGet(request::getRemoteAddr);
  }

  private static void secure(HttpServletResponse response) {
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader("Vary", "Accept");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("X-Frame-Options", "DENY");
  }

  /** Only what a browser sends by itself can be abused: a bearer token no page can make it send. */
  private static boolean isForeignWrite(HttpServletRequest request) {
    Optional<String> origin = Optional.ofNullable(request.getHeader("Origin"));
    String authorization = Optional.ofNullable(request.getHeader("Authorization")).orElse("");
    boolean byItself =
        request.getHeader("Cookie") != null
            || authorization.toLowerCase(Locale.ROOT).startsWith("basic");
    return !READS.contains(request.getMethod())
        && byItself
        && origin.filter(value -> !isOurs(value, request)).isPresent();
  }

  /**
   * Whether an origin is the host that the browser asked: what stands before us leaves that as it
   * is, but speaks plain HTTP to us, so that a port which goes without saying is that of either.
   */
  private static boolean isOurs(String origin, HttpServletRequest request) {
    try {
      URI uri = URI.create(origin);
      String host = Optional.ofNullable(request.getHeader("Host")).orElse("");
      return uri.getHost() != null
          && (host.equalsIgnoreCase(uri.getRawAuthority())
              || host.equalsIgnoreCase(uri.getHost() + ":" + port(uri)));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static int port(URI uri) {
    if (uri.getPort() > 0) {
      return uri.getPort();
    }
    return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  private static void refuse(
      HttpServletRequest request, HttpServletResponse response, int status, String detail)
      throws IOException {
    String accept = Optional.ofNullable(request.getHeader("Accept")).orElse("");
    BodyFormat format =
        accept.toLowerCase(Locale.ROOT).contains("json") ? BodyFormat.JSON : BodyFormat.XML;
    response.setStatus(status);
    if (status != FORBIDDEN) {
      response.setHeader("Retry-After", "1");
    }
    response.setContentType(format.contentType());
    response.getOutputStream().write(format.fault("Operation Failed", "[" + detail + "]"));
  }
}
