// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * Serves what a real engine said over HTTP on loopback, or misbehaves as told. What was recorded in
 * XML it also gives in JSON, in the form in which API v4 writes it.
 */
public final class RecordedEngine implements AutoCloseable {

  private static final String PREFIX = "/ovirt-engine";

  /** A way to misbehave. */
  public enum Fault {
    NONE,
    SLOW,
    HTTP_500,
    GARBAGE,
    DOCTYPE,
    HANG_UP
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> answers = new ConcurrentHashMap<>();
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<String> bodies = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger logins = new AtomicInteger();
  private volatile Fault fault = Fault.NONE;
  private volatile String validToken = "token-1";

  public RecordedEngine() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Answers a path below {@code /ovirt-engine/api}, with its query, with a recorded body. */
  public RecordedEngine answer(String path, String resource) throws IOException {
    return answerText(path, recorded(resource));
  }

  public RecordedEngine answerText(String path, String body) {
    return answerBytes(path, body.getBytes(StandardCharsets.UTF_8));
  }

  public RecordedEngine answerBytes(String path, byte[] body) {
    answers.put(path, body);
    return this;
  }

  public static String recorded(String resource) throws IOException {
    try (InputStream in = RecordedEngine.class.getResourceAsStream("/engine/" + resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  public void misbehave(Fault now) {
    fault = now;
  }

  /** Makes the token in use invalid, as a restart of the engine does. */
  public void forgetTokens() {
    validToken = "token-" + (logins.get() + 1);
  }

  /** Requests so far, as "METHOD path?query". */
  public List<String> requests() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  public List<String> bodies() {
    synchronized (bodies) {
      return List.copyOf(bodies);
    }
  }

  public int logins() {
    return logins.get();
  }

  public EngineSettings settings(Duration timeout) {
    return new EngineSettings(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + PREFIX),
        timeout,
        Optional.of("svc@internal"),
        Optional.of("secret"),
        Optional.empty());
  }

  /** The engine as the service account sees it. */
  public ServiceEngine engine(Duration timeout) {
    EngineSettings settings = settings(timeout);
    EngineHttpClient http = new EngineHttpClient(settings);
    return new ServiceEngine(http, new ServiceAccount(new SingleSignOn(http), settings));
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().toString();
      if (path.equals(PREFIX + "/sso/oauth/token")) {
        validToken = "token-" + logins.incrementAndGet();
        send(exchange, 200, "application/json", "{\"access_token\":\"" + validToken + "\"}");
        return;
      }
      requests.add(exchange.getRequestMethod() + " " + path.substring((PREFIX + "/api").length()));
      if (body.length > 0) {
        bodies.add(new String(body, StandardCharsets.UTF_8));
      }
      if (!("Bearer " + validToken)
          .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        send(exchange, 401, "text/html;charset=UTF-8", "<html>Unauthorized</html>");
        return;
      }
      misbehaveOrAnswer(exchange, path.substring((PREFIX + "/api").length()));
    }
  }

  private void misbehaveOrAnswer(HttpExchange exchange, String path) throws IOException {
    switch (fault) {
      case NONE -> answer(exchange, path);
      case SLOW -> {
        sleep();
        answer(exchange, path);
      }
      case HTTP_500 -> send(exchange, 500, "text/html", "<html>Internal Server Error</html>");
      case GARBAGE -> send(exchange, 200, "application/xml", "<vm><nics><nic");
      case DOCTYPE ->
          send(
              exchange,
              200,
              "application/xml",
              "<!DOCTYPE vm [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><vm><name>&x;</name></vm>");
      case HANG_UP -> {
        // Closing without an answer is all there is to do.
      }
    }
  }

  private void answer(HttpExchange exchange, String path) throws IOException {
    byte[] known = answers.get(exchange.getRequestMethod() + " " + path);
    if (known == null) {
      known = answers.get(path);
    }
    if (known == null) {
      // As the engine denies an entity: without a body, and so without a type of one.
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    int status = exchange.getRequestMethod().equals("POST") ? 201 : 200;
    if ("application/json".equals(exchange.getRequestHeaders().getFirst("Accept"))) {
      send(exchange, status, "application/json", inJson(known));
    } else {
      send(exchange, status, "application/xml;charset=UTF-8", known);
    }
  }

  /** The same in JSON; what is no XML stays as it is. */
  private static byte[] inJson(byte[] xml) {
    try {
      Element root =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(xml))
              .getDocumentElement();
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      fill(json, root);
      return json.toString().getBytes(StandardCharsets.UTF_8);
    } catch (SAXException | IOException | ParserConfigurationException e) {
      return xml;
    }
  }

  private static void fill(ObjectNode json, Element xml) {
    for (String attribute : List.of("href", "id", "rel")) {
      if (xml.hasAttribute(attribute)) {
        json.put(attribute, xml.getAttribute(attribute));
      }
    }
    for (Element child : children(xml)) {
      JsonNode value = value(child);
      if (isListOf(xml.getTagName(), child.getTagName()) || child.getTagName().equals("link")) {
        json.withArray("/" + child.getTagName()).add(value);
      } else {
        json.set(child.getTagName(), value);
      }
    }
  }

  private static JsonNode value(Element xml) {
    if (children(xml).isEmpty() && !xml.hasAttributes()) {
      return JsonNodeFactory.instance.textNode(xml.getTextContent());
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    fill(json, xml);
    return json;
  }

  private static boolean isListOf(String list, String element) {
    return list.equals(element + "s")
        || list.equals(element.substring(0, element.length() - 1) + "ies");
  }

  private static List<Element> children(Element xml) {
    List<Element> children = new ArrayList<>();
    for (Node child = xml.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }

  private static void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    send(exchange, status, type, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] bytes)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
