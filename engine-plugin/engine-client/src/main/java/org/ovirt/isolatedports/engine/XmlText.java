// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Keeps document types from the SDK's reader, which expands entities and fetches external ones.
 *
 * <p>The declaration is looked for in UTF-8, so nothing may come in an encoding in which it would
 * look otherwise: the reader goes by byte order marks, the first four bytes and the declared
 * encoding (XML 1.0, appendix F).
 */
final class XmlText {

  private static final Pattern OTHER_ENCODING =
      Pattern.compile(
          "^<\\?xml[^>]*\\bencoding\\s*=\\s*[\"'](?!utf-8[\"'])", Pattern.CASE_INSENSITIVE);

  private XmlText() {}

  /**
   * Refuses an answer that could make the reader expand or fetch anything.
   *
   * @throws EngineException with the kind {@code GARBAGE}
   */
  static void requireHarmless(EngineAnswer answer) {
    String text = new String(answer.body(), StandardCharsets.UTF_8);
    if (text.contains("<!DOCTYPE") || text.contains("<!doctype")) {
      throw garbage(
          answer,
          "The oVirt engine answered with a document type declaration, which API v4 never sends.");
    }
    String start = text.startsWith("\ufeff") ? text.substring(1) : text;
    if (!startsAsItSays(answer, start)
        || text.indexOf('\0') >= 0
        || OTHER_ENCODING.matcher(start).find()) {
      throw garbage(
          answer, "The oVirt engine's answer is not XML in UTF-8, in which API v4 always answers.");
    }
  }

  /** Other types, as of an error page, are read by nobody. */
  private static boolean startsAsItSays(EngineAnswer answer, String start) {
    boolean xml =
        answer
            .contentType()
            .map(type -> type.toLowerCase(Locale.ROOT).contains("xml"))
            .orElse(true);
    return !xml || start.isBlank() || start.stripLeading().startsWith("<");
  }

  private static EngineException garbage(EngineAnswer answer, String text) {
    return new EngineException(EngineException.Kind.GARBAGE, answer.status(), text);
  }
}
