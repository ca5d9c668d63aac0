// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.ovirt.isolatedports.scheduling.IsolatedPortsFilter;
import org.ovirt.isolatedports.xmlrpc.XmlRpcFault;
import org.ovirt.isolatedports.xmlrpc.XmlRpcLimits;
import org.ovirt.isolatedports.xmlrpc.XmlRpcReader;
import org.ovirt.isolatedports.xmlrpc.XmlRpcValue;

/** Finds out who answers at an external scheduler's URL. */
final class SchedulerProbe {

  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final String DISCOVER =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><methodCall><methodName>discover</methodName>"
          + "<params/></methodCall>";

  /** Who answers. */
  sealed interface Found {

    /** We do. */
    record Ours() implements Found {}

    /** Nobody does. */
    record Nobody() implements Found {}

    /**
     * Somebody else does.
     *
     * @param what what is known of them
     */
    record Other(String what) implements Found {}
  }

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(LIMIT).build();

  Found at(URI url) {
    HttpResponse<byte[]> answer;
    try {
      answer =
          http.send(
              HttpRequest.newBuilder(url)
                  .timeout(LIMIT)
                  .header("Content-Type", "text/xml")
                  .POST(HttpRequest.BodyPublishers.ofString(DISCOVER, StandardCharsets.UTF_8))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
    } catch (HttpTimeoutException e) {
      return e instanceof HttpConnectTimeoutException
          ? new Found.Nobody()
          : new Found.Other("something that does not answer in time");
    } catch (ConnectException e) {
      return new Found.Nobody();
    } catch (IOException e) {
      return new Found.Other("something that does not speak HTTP");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SetupException("Interrupted while asking " + url + ".");
    }
    return who(answer);
  }

  private static Found who(HttpResponse<byte[]> answer) {
    try {
      XmlRpcValue value = new XmlRpcReader(XmlRpcLimits.DEFAULT).readAnswer(answer.body());
      Set<String> units = new TreeSet<>();
      if (value instanceof XmlRpcValue.Struct kinds) {
        for (XmlRpcValue kind : kinds.members().values()) {
          if (kind instanceof XmlRpcValue.Struct named) {
            units.addAll(named.members().keySet());
          }
        }
      }
      if (units.equals(Set.of(IsolatedPortsFilter.NAME))) {
        return new Found.Ours();
      }
      return new Found.Other("a scheduler with the units " + units);
    } catch (XmlRpcFault e) {
      return new Found.Other("something that is no external scheduler");
    }
  }
}
