// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.security;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;

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

  @Inject Caller caller;
  @Inject SingleSignOn sso;

  @Override
  public void filter(ContainerRequestContext request) {
    String header = request.getHeaderString(HttpHeaders.AUTHORIZATION);
    Optional<String> token = header == null ? Optional.empty() : token(header.trim());
    if (token.isPresent()) {
      caller.authenticated(token.get());
    } else {
      request.abortWith(unauthorized());
    }
  }

  private Optional<String> token(String header) {
    int space = header.indexOf(' ');
    if (space < 0) {
      return Optional.empty();
    }
    String credentials = header.substring(space + 1).trim();
    return switch (header.substring(0, space).toLowerCase(Locale.ROOT)) {
      case "bearer" -> Optional.of(credentials).filter(CallerFilter::isToken);
      case "basic" -> login(credentials);
      default -> Optional.empty();
    };
  }

  /** RFC 6750, section 2.1; anything else could smuggle another header into our own request. */
  private static boolean isToken(String text) {
    return text.matches("[A-Za-z0-9._~+/-]{1,4096}=*");
  }

  private Optional<String> login(String credentials) {
    String decoded;
    try {
      decoded = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    int colon = decoded.indexOf(':');
    return colon < 0
        ? Optional.empty()
        : sso.login(decoded.substring(0, colon), decoded.substring(colon + 1));
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
