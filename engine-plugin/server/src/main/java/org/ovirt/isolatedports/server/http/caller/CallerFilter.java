// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * Takes the caller's token from the request, or exchanges a password for one.
 *
 * <p>The token is not judged here: it goes to the engine with the caller's request, and the
 * engine's refusal is what the caller gets.
 */
@Provider
@Priority(Priorities.AUTHENTICATION)
public class CallerFilter implements ContainerRequestFilter {

  /** The engine's own page for a request without a valid login. */
  private static final String UNAUTHORIZED_PAGE =
      "<html><head><title>Error</title></head><body>Unauthorized</body></html>";

  private static final int TOO_MANY = 429;

  @Inject Caller caller;
  @Inject BasicLogins logins;
  @Inject FailedLogins failed;
  @Context HttpServletRequest servletRequest;

  @Override
  public void filter(ContainerRequestContext request) {
    String header = request.getHeaderString(HttpHeaders.AUTHORIZATION);
    if (header == null || !isAccepted(header.trim())) {
      request.abortWith(unauthorized());
    }
  }

  private boolean isAccepted(String header) {
    int space = header.indexOf(' ');
    if (space < 0) {
      return false;
    }
    String credentials = header.substring(space + 1).trim();
    return switch (header.substring(0, space).toLowerCase(Locale.ROOT)) {
      case "bearer" -> isToken(credentials) && isBearer(credentials);
      case "basic" -> isLogin(credentials);
      default -> false;
    };
  }

  private boolean isBearer(String token) {
    caller.authenticated(token);
    return true;
  }

  /** RFC 6750, section 2.1; anything else could smuggle another header into our own request. */
  private static boolean isToken(String text) {
    return text.matches("[A-Za-z0-9._~+/-]{1,4096}=*");
  }

  private boolean isLogin(String credentials) {
    String decoded;
    try {
      decoded = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return false;
    }
    int colon = decoded.indexOf(':');
    return colon >= 0 && isLogin(decoded.substring(0, colon), decoded.substring(colon + 1));
  }

  private boolean isLogin(String user, String password) {
    String address = Doorkeeper.address(servletRequest);
    BasicLogins.Attempt counted = login -> counted(address, user, login);
    Optional<String> token = logins.token(user, password, counted);
    token.ifPresent(
        first -> caller.authenticated(first, () -> logins.renewed(first, user, password, counted)));
    return token.isPresent();
  }

  /**
   * A login that counts as failed until it succeeds. One that took too long may still be tried by
   * the engine; one that never reached it is no try.
   */
  private Optional<String> counted(String address, String user, Supplier<Optional<String>> login) {
    if (!failed.mayTry(address, user)) {
      throw FaultException.notNow(
          TOO_MANY,
          "Too many logins failed from your address or as this user. Wait a minute.",
          Duration.ofMinutes(1));
    }
    try {
      Optional<String> token = login.get();
      if (token.isPresent()) {
        failed.succeeded(address, user);
      }
      return token;
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.TIMEOUT) {
        failed.succeeded(address, user);
      }
      throw e;
    }
  }

  /** What the engine answers to a request without a valid login. */
  static Response unauthorized() {
    return Response.status(Response.Status.UNAUTHORIZED)
        .header(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"RESTAPI\"")
        .type("text/html;charset=UTF-8")
        .entity(UNAUTHORIZED_PAGE)
        .build();
  }
}
