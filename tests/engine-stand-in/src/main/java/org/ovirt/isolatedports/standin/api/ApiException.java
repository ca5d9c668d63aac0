// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.api;

import java.util.Optional;

/**
 * A request the engine refuses. What the client gets is one of four forms: a fault with reason and
 * detail, an empty body, an HTML page, or (for actions) a fault wrapped in an action.
 */
public final class ApiException extends RuntimeException {
  private final int status;
  private final Body body;

  /** What comes with the status. */
  public sealed interface Body {
    /** A fault; wrapped in an action when the request was one. */
    record FaultBody(String reason, Optional<String> detail) implements Body {}

    /** Nothing at all. */
    record Empty() implements Body {}

    /** A text the application server sends, of type text/html. */
    record Html(String text) implements Body {}
  }

  private ApiException(int status, String message, Body body) {
    super(message);
    this.status = status;
    this.body = body;
  }

  /** A command that did not pass its validation: brackets around the message, as the engine. */
  public static ApiException refused(int status, String message) {
    return fault(status, "Operation Failed", "[" + message + "]");
  }

  /** Any other fault. */
  public static ApiException fault(int status, String reason, String detail) {
    return new ApiException(status, detail, new Body.FaultBody(reason, Optional.of(detail)));
  }

  /** What the engine answers when it breaks: a fault without a detail. */
  public static ApiException broken() {
    return new ApiException(
        500, "Operation Failed", new Body.FaultBody("Operation Failed", Optional.empty()));
  }

  /** An entity that is not there, or that the user may not see. */
  public static ApiException notFound() {
    return empty(404);
  }

  /** A command the user has no right to. */
  public static ApiException forbidden() {
    return refused(403, "User is not authorized to perform this action.");
  }

  /** A field that has to be in the body, named as the engine names it ({@code event.custom_id}). */
  public static ApiException missing(String parameter) {
    return fault(
        400,
        "Input validation failed.",
        "Parameter '" + parameter + "' is mandatory but was not provided.");
  }

  public static ApiException empty(int status) {
    return new ApiException(status, "Status " + status, new Body.Empty());
  }

  public static ApiException html(int status, String text) {
    return new ApiException(status, text, new Body.Html(text));
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** What comes with it. */
  public Body body() {
    return body;
  }
}
