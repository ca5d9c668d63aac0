// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.OwnEntities;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/**
 * What a caller asks for who writes a document.
 *
 * @param content the new content; empty to leave it as it is
 * @param mode the new mode; empty to leave it as it is
 * @param comment why; empty text if nothing is said
 * @param dryRun whether nothing is to be stored
 */
record Asked(Optional<String> content, Optional<Mode> mode, String comment, boolean dryRun) {

  private static final Set<String> POLICY =
      Set.of("href", "id", "name", "namespace", "revision", "warnings", "mode", "yaml", "comment");
  private static final Set<String> ADDRESS_SET =
      Set.of("href", "id", "name", "revision", "warnings", "addresses", "comment");
  private static final Set<String> PORT_GROUP =
      Set.of("href", "id", "name", "revision", "warnings", "ports", "comment");

  private static final int BAD_REQUEST = 400;
  private static final int LONGEST_COMMENT = 1000;
  private static final int MOST_ENTRIES = 10_000;

  /** A request with a body. */
  static Asked of(Exchange exchange, DocumentKind kind, byte[] body, String action) {
    exchange.onlyParameters(Parameters.writing(kind));
    if (kind.isPolicy() && exchange.sentYaml()) {
      return new Asked(
          Optional.of(text(body, action)),
          mode(exchange.parameter("mode"), action),
          comment(exchange.parameter("comment"), action),
          exchange.isDryRun());
    }
    ApiBody asked = exchange.asked(body, kind.kind());
    OwnEntities.onlyKnown(asked, known(kind), action);
    Optional<String> content =
        switch (kind) {
          case ACLS, NETWORK_POLICY -> asked.text("yaml");
          case ADDRESS_SET -> entries(asked, "addresses", "address", action);
          case PORT_GROUP -> entries(asked, "ports", "port", action);
        };
    if (content.isEmpty() && !asked.has("mode")) {
      throw bad(action, "The body holds nothing to write; " + wanted(kind));
    }
    return new Asked(
        content,
        mode(one(exchange, asked, "mode", action), action),
        comment(one(exchange, asked, "comment", action), action),
        exchange.isDryRun());
  }

  /** A request without a body: a removal, or going back. */
  static Asked withoutBody(Exchange exchange, DocumentKind kind, String action) {
    exchange.onlyParameters(Parameters.removal(kind));
    return new Asked(
        Optional.empty(),
        Optional.empty(),
        comment(exchange.parameter("comment"), action),
        exchange.isDryRun());
  }

  private static Set<String> known(DocumentKind kind) {
    return switch (kind) {
      case ACLS, NETWORK_POLICY -> POLICY;
      case ADDRESS_SET -> ADDRESS_SET;
      case PORT_GROUP -> PORT_GROUP;
    };
  }

  private static String wanted(DocumentKind kind) {
    return switch (kind) {
      case ACLS, NETWORK_POLICY ->
          "send the text in the field yaml, or as it is with Content-Type: application/yaml.";
      case ADDRESS_SET -> "send addresses with a list of address.";
      case PORT_GROUP -> "send ports with a list of port.";
    };
  }

  /** What may stand in the query or in the body. */
  private static Optional<String> one(
      Exchange exchange, ApiBody asked, String field, String action) {
    Optional<String> parameter = exchange.parameter(field);
    Optional<String> inBody = asked.text(field);
    if (parameter.isPresent() && inBody.isPresent() && !parameter.equals(inBody)) {
      throw bad(action, "The parameter " + field + " and the body's " + field + " differ.");
    }
    return parameter.or(() -> inBody);
  }

  private static String text(byte[] body, String action) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw bad(action, "The text is not in UTF-8; save the file as UTF-8.");
    }
  }

  /** Entries of a set, of which each is a line of what is stored. */
  private static Optional<String> entries(
      ApiBody asked, String list, String element, String action) {
    Optional<List<String>> texts = asked.texts(list, element);
    if (texts.isPresent() && texts.get().size() > MOST_ENTRIES) {
      throw bad(action, "There are more than " + MOST_ENTRIES + " of " + element + ".");
    }
    List<String> entries = new ArrayList<>();
    for (String text : texts.orElse(List.of())) {
      if (text.isEmpty() || text.codePoints().anyMatch(Character::isISOControl)) {
        throw bad(action, "An entry of " + list + " is empty or holds a line break.");
      }
      entries.add(text);
    }
    return texts.map(each -> StoredPolicies.content(entries));
  }

  private static Optional<Mode> mode(Optional<String> text, String action) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Mode> mode = Mode.ofText(text.get());
    if (mode.isEmpty()) {
      throw bad(action, "The mode must be enforce or audit, not \"" + text.get() + "\".");
    }
    return mode;
  }

  private static String comment(Optional<String> text, String action) {
    String comment = text.orElse("");
    if (comment.length() > LONGEST_COMMENT || comment.indexOf(0) >= 0) {
      throw bad(action, "The comment is longer than " + LONGEST_COMMENT + " characters.");
    }
    return comment;
  }

  private static FaultException bad(String action, String what) {
    return FaultException.operationFailed(BAD_REQUEST, action + ". " + what);
  }
}
