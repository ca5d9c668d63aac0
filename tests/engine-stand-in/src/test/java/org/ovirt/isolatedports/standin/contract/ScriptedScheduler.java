// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An external scheduler with the three units of the recordings, that answers what it is told to,
 * well or badly, and keeps what it was asked.
 */
public final class ScriptedScheduler implements AutoCloseable {
  /** A request as it came: head (without the port of the Host line) and body. */
  public record Asked(String method, String head, String body) {}

  /** What a method answers: status and body; a status of 0 drops the connection. */
  public record Reply(int status, String body) {}

  private final HttpServer server;
  private final List<Asked> asked = new ArrayList<>();
  private Function<String, Reply> filters = ScriptedScheduler::keepAll;
  private Function<String, Reply> scores =
      body -> ok(result("<value><array><data/></array></value>"));
  private Duration slow = Duration.ZERO;

  public ScriptedScheduler() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::handle);
    server.start();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  public synchronized List<Asked> asked() {
    return List.copyOf(asked);
  }

  public synchronized void answerFilters(Function<String, Reply> answer) {
    filters = answer;
  }

  public synchronized void answerScores(Function<String, Reply> answer) {
    scores = answer;
  }

  public synchronized void slowDown(Duration by) {
    slow = by;
  }

  public static Reply ok(String value) {
    return new Reply(
        200,
        "<?xml version='1.0'?><methodResponse><params><param>"
            + value
            + "</param></params></methodResponse>");
  }

  public static Reply fault() {
    return new Reply(
        200,
        "<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name>"
            + "<value><int>1</int></value></member><member><name>faultString</name>"
            + "<value><string>boom</string></value></member></struct></value></fault>"
            + "</methodResponse>");
  }

  /** A result as current schedulers give it. */
  public static String result(String value) {
    return "<value><struct><member><name>result_code</name><value><int>0</int></value></member>"
        + "<member><name>result</name>"
        + value
        + "</member></struct></value>";
  }

  public static String array(List<String> values) {
    return "<value><array><data>"
        + values.stream().map(each -> "<value>" + each + "</value>").collect(Collectors.joining())
        + "</data></array></value>";
  }

  /** All hosts of a request stay. */
  public static Reply keepAll(String body) {
    return ok(result(array(hosts(body))));
  }

  /** The host ids a request names. */
  public static List<String> hosts(String body) {
    String second = body.split("<param>", -1)[2];
    return java.util.regex.Pattern.compile("<value>([0-9a-f-]{36})</value>")
        .matcher(second)
        .results()
        .map(each -> each.group(1))
        .toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String method = body.replaceAll("(?s).*<methodName>(.*)</methodName>.*", "$1");
    Reply reply;
    Duration wait;
    synchronized (this) {
      asked.add(new Asked(method, head(exchange), body));
      wait = method.equals("runFilters") ? slow : Duration.ZERO;
      reply =
          switch (method) {
            case "discover" -> ok(UNITS);
            case "runFilters" -> filters.apply(body);
            case "runCostFunctions" -> scores.apply(body);
            default -> ok("<value><array><data/></array></value>");
          };
    }
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (reply.status() == 0) {
      exchange.close();
      return;
    }
    byte[] bytes = reply.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/xml");
    exchange.sendResponseHeaders(reply.status(), bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static String head(HttpExchange exchange) {
    TreeMap<String, String> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> headers.put(name.toLowerCase(java.util.Locale.ROOT), values.get(0)));
    return exchange.getRequestMethod()
        + " "
        + exchange.getRequestURI()
        + " "
        + exchange.getProtocol()
        + headers.entrySet().stream()
            .map(each -> "\n" + each.getKey() + ": " + each.getValue())
            .collect(Collectors.joining());
  }

  private static final String UNITS =
      "<value><struct>"
          + unit("filters", "lab_filter", "A lab filter", "labkey=^[0-9]+$")
          + unit("scores", "lab_score", "A lab score", "")
          + unit("balance", "lab_balance", "A lab balance", "")
          + "</struct></value>";

  private static String unit(String kind, String name, String description, String properties) {
    return "<member><name>"
        + kind
        + "</name><value><struct><member><name>"
        + name
        + "</name>"
        + array(List.of(description, properties))
        + "</member></struct></value></member>";
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
