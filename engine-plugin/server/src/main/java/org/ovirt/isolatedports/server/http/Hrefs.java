// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import java.util.regex.Pattern;

/**
 * Where the links in our answers lead: to us for what we serve, to the engine for the rest.
 *
 * <p>An SDK client follows a link only below the URL of its own connection, so that a client of
 * ours stays with us, and a link we could not answer is not turned into one that breaks.
 */
record Hrefs(String enginePrefix, String ourPrefix) {

  // Possessive: a list of 1,000 networks has thousands of links, and nothing is found by trying
  // again.
  private static final String ID = "/[^/?;]++";
  private static final Pattern SERVED =
      Pattern.compile(
          "((datacenters"
              + ID
              + "/|clusters"
              + ID
              + "/)?networks("
              + ID
              + ")?|(datacenters"
              + ID
              + "/)?networks"
              + ID
              + "/vnicprofiles("
              + ID
              + ")?|vnicprofiles("
              + ID
              + ")?|clusters("
              + ID
              + ")?|vms"
              + ID
              + "(/nics("
              + ID
              + "(/activate|/deactivate)?)?)?)(\\?.*)?");

  /** The link to give out for one of the engine's. */
  String ours(String href) {
    if (!href.startsWith(enginePrefix)) {
      return href;
    }
    String path = href.substring(enginePrefix.length());
    return SERVED.matcher(path).matches() ? ourPrefix + path : href;
  }
}
