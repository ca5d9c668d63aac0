// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EntityParser;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** The usages of a network in a body, as the engine reads them. */
public final class AskedUsages {

  private static final int BAD_REQUEST = 400;

  /** Those of the engine's {@code NetworkUsage}. */
  private static final Set<String> KNOWN =
      Set.of("vm", "display", "migration", "management", "default_route", "gluster", "storage");

  private AskedUsages() {}

  /** In lower case; empty if the body does not say. */
  public static Optional<List<String>> of(ApiBody network) {
    return EntityParser.usageWords(network);
  }

  /** Throws a fault if an isolated network is to be used for what we do not know. */
  public static void unlessKnown(ApiBody network, boolean isolated, String action) {
    of(network).orElse(List.of()).stream()
        .filter(usage -> isolated && !KNOWN.contains(usage))
        .findFirst()
        .ifPresent(
            usage -> {
              throw FaultException.operationFailed(
                  BAD_REQUEST,
                  action
                      + ". The usage \""
                      + usage
                      + "\" is not known, so it cannot be said whether a Network with Port"
                      + " Isolation may have it.");
            });
  }
}
