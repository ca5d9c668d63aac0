// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.net.MalformedURLException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.xmlrpc.XmlRpcException;
import org.apache.xmlrpc.client.XmlRpcClient;
import org.apache.xmlrpc.client.XmlRpcClientConfigImpl;
import org.ovirt.isolatedports.standin.api.ApiException;

/**
 * The engine's side of the external scheduler protocol (ExternalSchedulerBrokerImpl): the same
 * client library, a new client for each call, the same limits, and the same reading of answers.
 */
final class ExternalScheduler {
  private static final int CONNECT_MILLIS = 100;
  private static final int ANSWER_MILLIS = 120_000;

  /** The scheduler is not there, or answers what is no answer: the engine goes on without it. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(Throwable cause) {
      super(cause);
    }
  }

  /** A unit the scheduler offers; type in the words of API v4. */
  record Discovered(String type, String name, String description, Map<String, String> properties) {}

  /** A result with the errors the scheduler reported beside it. */
  record Outcome<T>(T result, Map<String, List<String>> pluginErrors, List<String> errors) {}

  private final URI uri;

  ExternalScheduler(URI uri) {
    this.uri = uri;
  }

  private Object call(String method, Object... parameters) throws UnavailableException {
    XmlRpcClientConfigImpl config = new XmlRpcClientConfigImpl();
    try {
      config.setServerURL(uri.toURL());
    } catch (MalformedURLException e) {
      throw new UnavailableException(e);
    }
    config.setEnabledForExtensions(true);
    config.setConnectionTimeout(CONNECT_MILLIS);
    config.setReplyTimeout(ANSWER_MILLIS);
    XmlRpcClient client = new XmlRpcClient();
    client.setConfig(config);
    try {
      return client.execute(method, parameters);
    } catch (XmlRpcException | RuntimeException e) {
      throw new UnavailableException(e);
    }
  }

  List<Discovered> discover() throws UnavailableException {
    Object answer = call("discover");
    if (!(answer instanceof Map<?, ?> units)) {
      throw new UnavailableException(new IllegalArgumentException("discover: not a struct"));
    }
    List<Discovered> all = new ArrayList<>();
    read(units.get("filters"), "filter", all);
    read(units.get("scores"), "weight", all);
    read(units.get("balance"), "load_balancing", all);
    return all;
  }

  private static void read(Object units, String type, List<Discovered> all) {
    if (units instanceof Map<?, ?> named) {
      named.forEach(
          (name, description) -> {
            Object[] parts =
                description instanceof Object[] array ? array : new Object[] {description};
            all.add(
                new Discovered(
                    type,
                    name.toString(),
                    parts.length > 0 ? parts[0].toString() : "",
                    parts.length > 1 ? properties(parts[1].toString()) : Map.of()));
          });
    }
  }

  private static Map<String, String> properties(String text) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (String each : text.split(";", -1)) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        properties.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    return properties;
  }

  Outcome<List<UUID>> runFilters(
      List<String> filters, List<UUID> hosts, UUID vm, Map<String, String> properties)
      throws UnavailableException {
    Object answer =
        call(
            "runFilters",
            filters.toArray(),
            texts(hosts),
            vm.toString(),
            new HashMap<>(properties));
    return new Outcome<>(hosts(result(answer)), pluginErrors(answer), errors(answer));
  }

  Outcome<Map<UUID, Integer>> runCostFunctions(
      Map<String, Long> weights, List<UUID> hosts, UUID vm, Map<String, String> properties)
      throws UnavailableException {
    Object[] units =
        weights.entrySet().stream()
            .map(each -> new Object[] {each.getKey(), each.getValue().intValue()})
            .toArray();
    Object answer =
        call("runCostFunctions", units, texts(hosts), vm.toString(), new HashMap<>(properties));
    return new Outcome<>(scores(result(answer)), pluginErrors(answer), errors(answer));
  }

  void runLoadBalancing(String balance, List<UUID> hosts, Map<String, String> properties)
      throws UnavailableException {
    call("runLoadBalancing", balance, texts(hosts), new HashMap<>(properties));
  }

  private static Object[] texts(List<UUID> ids) {
    return ids.stream().map(UUID::toString).toArray();
  }

  // --- answers: a struct with result_code, or (older schedulers) the result itself ---

  private static Object result(Object answer) {
    if (answer instanceof Map<?, ?> struct) {
      if (!(struct.get("result_code") instanceof Integer)) {
        throw internalError();
      }
      return struct.get("result");
    }
    return answer;
  }

  private static boolean failed(Object answer) {
    return answer instanceof Map<?, ?> struct
        && struct.get("result_code") instanceof Integer code
        && code != 0;
  }

  private static List<UUID> hosts(Object result) {
    // Whatever is no list means no hosts.
    return result instanceof Object[] array
        ? Arrays.stream(array).map(ExternalScheduler::id).toList()
        : List.of();
  }

  private static Map<UUID, Integer> scores(Object result) {
    if (!(result instanceof Object[] array)) {
      throw internalError();
    }
    Map<UUID, Integer> scores = new LinkedHashMap<>();
    for (Object each : array) {
      if (!(each instanceof Object[] pair)
          || pair.length < 2
          || !(pair[1] instanceof Integer score)) {
        throw internalError();
      }
      scores.put(id(pair[0]), score);
    }
    return scores;
  }

  private static UUID id(Object text) {
    try {
      return UUID.fromString(text.toString());
    } catch (IllegalArgumentException e) {
      throw internalError();
    }
  }

  private static ApiException internalError() {
    return ApiException.refused(400, "Internal Engine Error");
  }

  private static Map<String, List<String>> pluginErrors(Object answer) {
    Map<String, List<String>> errors = new LinkedHashMap<>();
    if (failed(answer) && ((Map<?, ?>) answer).get("plugin_errors") instanceof Map<?, ?> named) {
      named.forEach((plugin, messages) -> errors.put(plugin.toString(), list(messages)));
    }
    return errors;
  }

  private static List<String> errors(Object answer) {
    return failed(answer) ? list(((Map<?, ?>) answer).get("errors")) : List.of();
  }

  private static List<String> list(Object messages) {
    return messages instanceof Object[] array
        ? Arrays.stream(array).map(Object::toString).toList()
        : List.of();
  }
}
