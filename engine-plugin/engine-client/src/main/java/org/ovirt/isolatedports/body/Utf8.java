// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bodies are in UTF-8 and say nothing else: the engine ignores what an XML declaration says of the
 * encoding, so that in another one it would read elements that we do not see.
 */
final class Utf8 {

  private static final Pattern DECLARED =
      Pattern.compile("^\\s*<\\?xml\\s[^>]*?\\bencoding\\s*=\\s*[\"']([^\"']*)[\"']");

  /** More than a declaration takes. */
  private static final int HEAD = 1024;

  private Utf8() {}

  /**
   * Throws unless a body is in UTF-8.
   *
   * @throws MalformedBodyException if it is not, or says that it is not
   */
  static void require(byte[] bytes) {
    String head;
    try {
      String all = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      head = all.substring(0, Math.min(HEAD, all.length()));
    } catch (CharacterCodingException e) {
      throw new MalformedBodyException("The body is not in UTF-8.");
    }
    if (head.indexOf(0) >= 0 || head.startsWith("\uFEFF")) {
      throw new MalformedBodyException("The body must be in UTF-8 without a byte order mark.");
    }
    Matcher declared = DECLARED.matcher(head);
    if (declared.find() && !declared.group(1).equalsIgnoreCase(StandardCharsets.UTF_8.name())) {
      throw new MalformedBodyException(
          "The body must be in UTF-8, not in " + declared.group(1) + ", as it declares.");
    }
  }
}
