// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling.xmlrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.xmlrpc.XmlRpcException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.server.scheduling.decision.FilterAnswer;
import org.ovirt.isolatedports.server.scheduling.decision.FilterQuestion;
import org.ovirt.isolatedports.server.scheduling.decision.PolicyUnit;
import org.ovirt.isolatedports.server.scheduling.decision.Scheduler;

class SchedulerEndpointTest {

  private static final String HOST2 = "47d61100-4b71-41b2-9bbd-c522fd6b4a74";
  private static final String HOST3 = "628efed0-d328-49c4-baed-35d690cd52f2";
  private static final String VM = "105ca784-7d7b-46c9-ba49-59c2f4cf8e18";

  /** Long after the last of those whom an impatient endpoint cuts off. */
  private static final Duration LONG_AFTER = Duration.ofSeconds(90);

  private static final Pattern CONTENT_LENGTH = Pattern.compile("Content-Length: (\\d+)");
  private static final String HEAD = "<?xml version=\"1.0\"?>";

  private final List<FilterQuestion> asked = Collections.synchronizedList(new ArrayList<>());
  private FilterAnswer next = new FilterAnswer(List.of(HOST3), Map.of());
  private SchedulerEndpoint endpoint;
  private EngineSchedulerClient engine;

  @BeforeEach
  void listen() {
    endpoint = endpoint(SchedulerEndpointConfig.DEFAULT.at("127.0.0.1", 0));
    engine = new EngineSchedulerClient(endpoint.port());
  }

  @AfterEach
  void close() {
    endpoint.close();
  }

  private SchedulerEndpoint endpoint(SchedulerEndpointConfig config) {
    SchedulerEndpoint created =
        new SchedulerEndpoint(
            config,
            new Scheduler() {
              @Override
              public List<PolicyUnit> discover() {
                return List.of(new PolicyUnit("isolated_ports", "A <filter> & more", "key=^\\d+$"));
              }

              @Override
              public FilterAnswer runFilters(FilterQuestion question) {
                asked.add(question);
                if (question.properties().containsKey("explode")) {
                  throw new IllegalStateException("secret detail");
                }
                return next;
              }
            });
    created.start();
    return created;
  }

  @Test
  void theEngineDiscoversTheFilterWithDescriptionAndProperties() throws Exception {
    Map<?, ?> found = (Map<?, ?>) engine.discover();
    assertThat(found.keySet())
        .map(Object::toString)
        .containsExactlyInAnyOrder("filters", "scores", "balance");
    Object[] unit = (Object[]) ((Map<?, ?>) found.get("filters")).get("isolated_ports");
    assertThat(unit).containsExactly("A <filter> & more", "key=^\\d+$");
    assertThat((Map<?, ?>) found.get("scores")).isEmpty();
    assertThat((Map<?, ?>) found.get("balance")).isEmpty();
  }

  @Test
  void theEngineGetsTheHostsKept() throws Exception {
    long began = System.nanoTime();
    Map<?, ?> answer = runFilters(Map.of("key", "77"));
    assertThat(answer.get("result_code")).isEqualTo(0);
    assertThat((Object[]) answer.get("result")).containsExactly(HOST3);
    assertThat((Map<?, ?>) answer.get("plugin_errors")).isEmpty();
    assertThat((Object[]) answer.get("errors")).isEmpty();
    FilterQuestion question = asked.get(0);
    assertThat(question.filters()).containsExactly("isolated_ports");
    assertThat(question.hostIds()).containsExactly(HOST2, HOST3);
    assertThat(question.vmId()).isEqualTo(VM);
    assertThat(question.properties()).containsExactly(Map.entry("key", "77"));
    assertThat(Duration.ofNanos(question.deadline().nanosLeft())).isLessThan(Duration.ofSeconds(2));
    assertThat(Duration.ofNanos(question.deadline().nanosLeft() + System.nanoTime() - began))
        .as("from when it was asked, however long ago that is")
        .isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void anEmptyListIsAnAnswerAndNotAnError() throws Exception {
    next = new FilterAnswer(List.of(), Map.of());
    Map<?, ?> answer = runFilters(Map.of());
    assertThat(answer.get("result_code")).isEqualTo(0);
    assertThat((Object[]) answer.get("result")).isEmpty();
  }

  @Test
  void pluginErrorsComeWithANonZeroCodeWhichTheEngineNeedsToReadThem() throws Exception {
    next = new FilterAnswer(List.of(HOST2), Map.of("isolated_ports", List.of("Because.")));
    Map<?, ?> answer = runFilters(Map.of());
    assertThat(answer.get("result_code")).isEqualTo(1);
    assertThat((Object[]) ((Map<?, ?>) answer.get("plugin_errors")).get("isolated_ports"))
        .containsExactly("Because.");
    assertThat((Object[]) answer.get("result")).containsExactly(HOST2);
  }

  @Test
  void aPropertyWithoutAValueIsLeftOut() throws Exception {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("none", null);
    properties.put("empty", "");
    runFilters(properties);
    assertThat(asked.get(0).properties()).containsExactly(Map.entry("empty", ""));
  }

  @Test
  void costFunctionsAreNoneAndTheScoresWellFormed() throws Exception {
    Map<?, ?> answer =
        (Map<?, ?>) engine.runCostFunctions("lab_score", 2, List.of(HOST2), VM, Map.of());
    assertThat((Object[]) answer.get("result")).isEmpty();
    assertThat(answer.get("result_code")).isEqualTo(1);
    assertThat((Object[]) ((Map<?, ?>) answer.get("plugin_errors")).get("lab_score"))
        .containsExactly(
            "Isolated Ports has no cost function 'lab_score'; remove it from the scheduling"
                + " policy.");
  }

  @Test
  void loadBalancingMovesNothing() throws Exception {
    Map<?, ?> answer = (Map<?, ?>) engine.runLoadBalancing("lab_balance", List.of(), Map.of());
    assertThat(answer.get("result_code")).isEqualTo(0);
    Object[] result = (Object[]) answer.get("result");
    assertThat(result[0]).isEqualTo("");
    assertThat((Object[]) result[1]).isEmpty();
  }

  @Test
  void tenThousandHostsAreTakenWhereThePythonProxyFailsAboveThreeThousand() throws Exception {
    List<String> hosts = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      hosts.add(new UUID(7, i).toString());
    }
    next = new FilterAnswer(hosts, Map.of());
    Map<?, ?> answer =
        (Map<?, ?>) engine.runFilters(List.of("isolated_ports"), hosts, VM, Map.of());
    assertThat(asked.get(0).hostIds()).isEqualTo(hosts);
    assertThat((Object[]) answer.get("result")).hasSize(10_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"discover", "runFilters", "runCostFunctions", "runLoadBalancing"})
  void whatARealEngineSentIsAnsweredByteForByte(String name) throws Exception {
    byte[] recorded = resource(name + ".http");
    String answer = exchange(recorded);
    assertThat(answer).startsWith("HTTP/1.1 200 OK").contains("Content-Type: text/xml");
    assertThat(answer).contains("<methodResponse><params><param><value><struct>");
    if (name.equals("runFilters")) {
      assertThat(asked.get(0).filters()).containsExactly("lab_filter");
      assertThat(asked.get(0).hostIds()).containsExactly(HOST2, HOST3);
      assertThat(asked.get(0).vmId()).isEqualTo(VM);
      assertThat(asked.get(0).properties()).containsExactly(Map.entry("labkey", "77"));
    }
  }

  @Test
  void aKeptConnectionServesAWholeVmStart() throws Exception {
    try (Socket socket = connect()) {
      for (String name : List.of("runFilters", "runCostFunctions", "runFilters")) {
        socket.getOutputStream().write(resource(name + ".http"));
        assertThat(readAnswer(socket.getInputStream())).startsWith("HTTP/1.1 200");
      }
    }
    assertThat(asked).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not xml",
        "<",
        "<methodCall>",
        "<methodCall><methodName>discover</methodName><params/></methodCall><more/>",
        "<methodCall><methodName>discover</methodName><params></methodCall>",
        "<?xml version=\"1.0\" encoding=\"nonsense\"?><methodCall/>",
        "<methodCall><methodName>&#0;</methodName></methodCall>",
        "<methodCall><methodName>discover\u0001</methodName></methodCall>",
      })
  void whatIsNotXmlIsAFault(String body) throws Exception {
    assertFault(post(body.getBytes(StandardCharsets.UTF_8)), -32700);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html/>",
        "<methodResponse/>",
        "<methodCall/>",
        "<methodCall><methodName><b/></methodName></methodCall>",
        "<methodCall><methodName>discover</methodName><nonsense/></methodCall>",
        "<methodCall><methodName>discover</methodName><params>x</params></methodCall>",
        "<x:methodCall xmlns:x='urn:x'><methodName>discover</methodName></x:methodCall>",
        "<?pi x?><methodCall><methodName>discover</methodName><params/></methodCall>",
      })
  void xmlThatIsNoCallIsAFault(String body) throws Exception {
    assertFault(post(body.getBytes(StandardCharsets.UTF_8)), -32600);
  }

  @Test
  void documentTypesAndEntitiesAreFaultsAndNothingIsExpandedOrFetched() throws Exception {
    String call = "<methodCall><methodName>discover</methodName><params/></methodCall>";
    assertFault(post(HEAD + "<!DOCTYPE methodCall>" + call), -32600);
    assertFault(post(HEAD + "<!DOCTYPE m SYSTEM \"file:///etc/passwd\">" + call), -32600);
    StringBuilder laughs = new StringBuilder(HEAD + "<!DOCTYPE m [<!ENTITY e0 \"ha\">");
    for (int i = 1; i < 30; i++) {
      laughs.append("<!ENTITY e").append(i).append(" \"&e").append(i - 1).append(";&e");
      laughs.append(i - 1).append(";\">");
    }
    laughs.append("]><methodCall><methodName>&e29;</methodName></methodCall>");
    assertFault(post(laughs.toString()), -32600);
    assertFault(
        post(
            HEAD
                + "<!DOCTYPE m [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
                + "<methodCall><methodName>&x;</methodName></methodCall>"),
        -32600);
    assertFault(post("<methodCall><methodName>&undefined;</methodName></methodCall>"), -32700);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<ex:serializable xmlns:ex='http://ws.apache.org/xmlrpc/namespaces/extensions'>rO0AB"
            + "</ex:serializable>",
        "<ex:i8 xmlns:ex='http://ws.apache.org/xmlrpc/namespaces/extensions'>1</ex:i8>",
        "<ex:string xmlns:ex='http://ws.apache.org/xmlrpc/namespaces/extensions'>1</ex:string>",
        "<base64>AAAA</base64>",
        "<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>",
        "<double>1.5</double>",
        "<i4>4294967296</i4>",
        "<i4>one</i4>",
        "<boolean>yes</boolean>",
        "text<i4>1</i4>",
        "<i4>1</i4><i4>2</i4>",
        "<array><value>x</value></array>",
        "<array><data><i4>1</i4></data></array>",
        "<struct><member><value>x</value></member></struct>",
        "<struct><member><name>a</name><value>1</value></member>"
            + "<member><name>a</name><value>2</value></member></struct>",
      })
  void typesOffTheListAndBrokenValuesAreFaults(String value) throws Exception {
    assertFault(post(callWith(value)), -32600);
  }

  @Test
  void depthAndNumberOfValuesAreLimited() throws Exception {
    String deep = "<array><data><value>".repeat(5000) + "</value></data></array>".repeat(5000);
    assertFault(post(callWith(deep)), -32600);
    String wide = "<array><data>" + "<value/>".repeat(20_001) + "</data></array>";
    assertFault(post(callWith(wide)), -32600);
    assertThat(asked).isEmpty();
  }

  @Test
  void unknownMethodsAndWrongParametersAreFaultsWithASentence() throws Exception {
    assertThatThrownBy(() -> engine.execute("system.listMethods"))
        .isInstanceOf(XmlRpcException.class)
        .hasMessage("There is no method 'system.listMethods'.")
        .extracting(e -> ((XmlRpcException) e).code)
        .isEqualTo(-32601);
    assertInvalid("runFilters takes 4 parameters, not 1.", "x");
    Object[] names = {"isolated_ports"};
    Object[] hosts = {HOST2};
    assertInvalid(
        "Parameter 1 of runFilters must be an array; it holds a string.",
        "isolated_ports",
        hosts,
        VM,
        Map.of());
    assertInvalid(
        "Parameter 2 of runFilters must be an array of strings; it holds an int.",
        names,
        new Object[] {1},
        VM,
        Map.of());
    assertInvalid(
        "Parameter 2 of runFilters holds '../../etc', which is not an id.",
        names,
        new Object[] {"../../etc"},
        VM,
        Map.of());
    assertInvalid(
        "Parameter 3 of runFilters must be a string; it holds a struct.",
        names,
        hosts,
        Map.of(),
        Map.of());
    assertInvalid(
        "Parameter 4 of runFilters must be a struct of strings; it holds a boolean.",
        names,
        hosts,
        VM,
        Map.of("a", true));
    assertThat(asked).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "600cbd4d0543a-404d-b90b-f85fa340e980",
        "600cbd4d-543a-404d-b90b0f85fa340e980",
        "600cbd4d-543a-404d-b90b-f85fa340e98",
        "600cbd4d-543a-404d-b90b-f85fa340e9800",
        "g00cbd4d-543a-404d-b90b-f85fa340e980",
        "600cbd4d-543a-404d-b90b-f85fa340e98/",
        "600cbd4d-543a-404d-b90b--85fa340e980"
      })
  void whatOnlyLooksLikeAnIdIsNone(String text) {
    assertInvalid(
        "Parameter 2 of runFilters holds '" + text + "', which is not an id.",
        new Object[] {"isolated_ports"},
        new Object[] {text},
        VM,
        Map.of());
    assertThat(asked).isEmpty();
  }

  @Test
  void aLongUnknownMethodIsNotRepeatedWholeNorWithControlCharacters() throws Exception {
    String answer =
        post("<methodCall><methodName>a\n" + "b".repeat(100_000) + "</methodName></methodCall>");
    assertFault(answer, -32601);
    assertThat(answer.length()).isLessThan(1000);
    assertThat(answer).contains("'a?bbb");
  }

  @Test
  void aFaultOfOursShowsNoStackTraceAndNoDetail() throws Exception {
    assertThatThrownBy(() -> runFilters(Map.of("explode", "1")))
        .isInstanceOf(XmlRpcException.class)
        .hasMessage("Isolated Ports failed to answer; the reason is in its server's log.");
  }

  @Test
  void tenMegabytesAreRefusedUnreadWithAFault() throws Exception {
    byte[] body = callWith("x".repeat(10 << 20)).getBytes(StandardCharsets.UTF_8);
    assertFault(post(body), -32600);
    assertThat(asked).isEmpty();
    theEngineGetsTheHostsKept();
  }

  @Test
  void tenMegabytesInChunksAreRefusedToo() throws Exception {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(head("Transfer-Encoding: chunked"));
      byte[] chunk = new byte[1 << 16];
      Arrays.fill(chunk, (byte) ' ');
      try {
        for (int i = 0; i < 160; i++) {
          out.write("10000\r\n".getBytes(StandardCharsets.US_ASCII));
          out.write(chunk);
          out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      } catch (IOException refusedEarly) {
        // The endpoint may answer and close before all of it is sent.
        assertThat(refusedEarly).hasMessageMatching(".*(reset|Broken pipe|closed).*");
      }
      assertFault(readAnswer(socket.getInputStream()), -32600);
    }
  }

  @Test
  void otherMethodsAndContentTypesAreNotTaken() throws Exception {
    assertThat(exchange("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 405");
    assertThat(
            exchange(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
                    + "Connection: close\r\n\r\nhi"))
        .startsWith("HTTP/1.1 415");
  }

  @Test
  void aSlowSenderIsCutOffWhileOthersAreServed() throws Exception {
    impatient();
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        Socket socket = connect();
        slow.add(socket);
        socket.getOutputStream().write(head("Content-Length: 100000"));
        socket.getOutputStream().write("<methodCall>".getBytes(StandardCharsets.US_ASCII));
      }
      runFilters(Map.of());
      for (Socket socket : slow) {
        assertThat(dripUntilCut(socket)).isLessThan(LONG_AFTER);
      }
      runFilters(Map.of());
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
    assertThat(asked).hasSize(2);
  }

  /** The engine could not connect any more once 256 callers had left such requests behind. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 2000000\r\n\r\n<",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n<",
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 9\r\n\r\n<",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n9",
      })
  void aBodyThatNeverEndsIsCutOffThoughItIsRefused(String start) throws Exception {
    impatient();
    try (Socket socket = connect()) {
      socket.getOutputStream().write(start.getBytes(StandardCharsets.US_ASCII));
      assertThat(timeUntilCut(socket)).isLessThan(LONG_AFTER);
    }
    runFilters(Map.of());
  }

  @Test
  void aBodyInChunksThatIsTooLongAndNeverEndsIsCutOff() throws Exception {
    impatient();
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head("Transfer-Encoding: chunked"));
      writeChunks(socket.getOutputStream(), new byte[(1 << 20) + 1]);
      assertFault(readAnswer(socket.getInputStream()), -32600);
      assertThat(timeUntilCut(socket)).isLessThan(LONG_AFTER);
    }
    runFilters(Map.of());
  }

  @Test
  void aCallerWhoDoesNotReadItsAnswersIsCutOff() throws Exception {
    impatient();
    List<String> hosts = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      hosts.add(new UUID(7, i).toString());
    }
    next = new FilterAnswer(hosts, Map.of());
    byte[] question = resource("runFilters.http");
    try (Socket socket = connect()) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  while (true) {
                    socket.getOutputStream().write(question);
                  }
                } catch (IOException cut) {
                  // What is waited for.
                }
              });
      writer.start();
      writer.join(Duration.ofSeconds(20).toMillis());
      assertThat(writer.isAlive()).isFalse();
    }
    runFilters(Map.of());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 100_000})
  void aConnectionServesAGoodCallAfterOneAtTheLimit(int over) throws Exception {
    String call = "<methodCall><methodName>discover</methodName><params/></methodCall>";
    byte[] body = new byte[(1 << 20) + over];
    Arrays.fill(body, (byte) ' ');
    System.arraycopy(call.getBytes(StandardCharsets.US_ASCII), 0, body, 0, call.length());
    for (boolean chunked : List.of(true, false)) {
      try (Socket socket = connect()) {
        OutputStream out = socket.getOutputStream();
        out.write(head(chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + body.length));
        if (chunked) {
          writeChunks(out, body);
          out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        } else {
          out.write(body);
        }
        out.write(resource("discover.http"));
        String first = readAnswer(socket.getInputStream());
        if (over > 0) {
          assertFault(first, -32600);
        } else {
          assertThat(first).contains("isolated_ports");
        }
        assertThat(readAnswer(socket.getInputStream())).contains("isolated_ports");
      }
    }
  }

  @Test
  void callsSentWithoutWaitingAreAnsweredInTheirOrder() throws Exception {
    byte[] discover = resource("discover.http");
    byte[] filters = resource("runFilters.http");
    try (Socket socket = connect()) {
      for (int i = 0; i < 20; i++) {
        socket.getOutputStream().write(discover);
        socket.getOutputStream().write(filters);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(readAnswer(socket.getInputStream())).contains("<name>filters</name>");
        assertThat(readAnswer(socket.getInputStream())).contains("<name>result_code</name>");
      }
    }
  }

  /** Many VM starts leave as many kept connections behind, and there are 256 in all. */
  @Test
  void connectionsThatLieIdleDoNotKeepTheEngineWaiting() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 256; i++) {
        idle.add(connect());
      }
      long start = System.nanoTime();
      runFilters(Map.of());
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG_AFTER);
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void theEnginesClientConnectsAgainWhereItsKeptConnectionWasClosed() throws Exception {
    for (int i = 0; i < 4; i++) {
      runFilters(Map.of());
      Thread.sleep(800 + 200 * i);
    }
    assertThat(asked).hasSize(4);
  }

  private void impatient() {
    endpoint.close();
    SchedulerEndpointConfig d = SchedulerEndpointConfig.DEFAULT;
    endpoint =
        endpoint(
            new SchedulerEndpointConfig(
                "127.0.0.1", 0, d.limits(), 2, d.answerWithin(), Duration.ofMillis(700), d.idle()));
    engine = new EngineSchedulerClient(endpoint.port());
  }

  private static void writeChunks(OutputStream out, byte[] body) throws IOException {
    for (int at = 0; at < body.length; at += 1 << 16) {
      int length = Math.min(1 << 16, body.length - at);
      out.write((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
      out.write(body, at, length);
      out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Reads until the other side closes; the time that took. */
  private static Duration timeUntilCut(Socket socket) throws IOException {
    long start = System.nanoTime();
    socket.setSoTimeout((int) LONG_AFTER.toMillis());
    try {
      while (socket.getInputStream().read() >= 0) {
        // An answer may come first.
      }
    } catch (IOException cut) {
      assertThat(cut).hasMessageMatching(".*(reset|timed out).*");
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Sends a byte now and then until the other side closes; the time that took. */
  private static Duration dripUntilCut(Socket socket) throws Exception {
    long start = System.nanoTime();
    socket.setSoTimeout(100);
    while (Duration.ofNanos(System.nanoTime() - start).compareTo(LONG_AFTER) < 0) {
      try {
        socket.getOutputStream().write(' ');
        if (socket.getInputStream().read() < 0) {
          break;
        }
      } catch (SocketTimeoutException stillOpen) {
        // Not cut yet: send the next byte.
      } catch (IOException cut) {
        break;
      }
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void onlyLoopbackAddressesAreListenedOn() {
    SchedulerEndpointConfig open = SchedulerEndpointConfig.DEFAULT.at("0.0.0.0", 0);
    assertThatThrownBy(() -> new SchedulerEndpoint(open, new NoScheduler()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must listen on a loopback address");
  }

  private static final class NoScheduler implements Scheduler {
    @Override
    public List<PolicyUnit> discover() {
      return List.of();
    }

    @Override
    public FilterAnswer runFilters(FilterQuestion question) {
      return new FilterAnswer(question.hostIds(), Map.of());
    }
  }

  private Map<?, ?> runFilters(Map<String, String> properties) throws XmlRpcException {
    return (Map<?, ?>)
        engine.runFilters(List.of("isolated_ports"), List.of(HOST2, HOST3), VM, properties);
  }

  private void assertInvalid(String message, Object... arguments) {
    assertThatThrownBy(() -> engine.execute("runFilters", arguments))
        .isInstanceOf(XmlRpcException.class)
        .hasMessage(message)
        .extracting(e -> ((XmlRpcException) e).code)
        .isEqualTo(-32602);
  }

  private static String callWith(String value) {
    return "<methodCall><methodName>runFilters</methodName><params><param><value>"
        + value
        + "</value></param></params></methodCall>";
  }

  private static void assertFault(String answer, int code) {
    assertThat(answer).startsWith("HTTP/1.1 200 OK");
    assertThat(answer).contains("<methodResponse><fault>");
    assertThat(answer).contains("<name>faultCode</name><value><i4>" + code + "</i4></value>");
    assertThat(answer).doesNotContain("Exception").doesNotContain("at org.");
  }

  private String post(String body) throws IOException {
    return post(body.getBytes(StandardCharsets.UTF_8));
  }

  private String post(byte[] body) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(head("Content-Length: " + body.length));
      socket.getOutputStream().write(body);
      return readAnswer(socket.getInputStream());
    }
  }

  private String exchange(String request) throws IOException {
    return exchange(request.getBytes(StandardCharsets.US_ASCII));
  }

  private String exchange(byte[] request) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request);
      return readAnswer(socket.getInputStream());
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static byte[] head(String length) {
    return ("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
            + length
            + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Reads one HTTP answer with its body. */
  private static String readAnswer(InputStream in) throws IOException {
    StringBuilder answer = new StringBuilder();
    int end;
    while ((end = answer.indexOf("\r\n\r\n")) < 0) {
      int read = in.read();
      assertThat(read).as("answer so far: %s", answer).isNotNegative();
      answer.append((char) read);
    }
    Matcher length = CONTENT_LENGTH.matcher(answer);
    if (!length.find()) {
      return answer.substring(0, end);
    }
    byte[] body = in.readNBytes(Integer.parseInt(length.group(1)));
    return answer + new String(body, StandardCharsets.UTF_8);
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = SchedulerEndpointTest.class.getResourceAsStream("/scheduler/" + name)) {
      return in.readAllBytes();
    }
  }
}
