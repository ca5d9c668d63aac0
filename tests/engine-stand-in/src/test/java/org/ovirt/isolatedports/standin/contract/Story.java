// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.ovirt.isolatedports.standin.EngineStandIn;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * Replays the recordings in their order against one stand-in, with the steps between them that were
 * taken outside REST (options, restarts, what hosts and the scheduler did), and says what differs.
 */
final class Story implements AutoCloseable {
  private static final String API = "/ovirt-engine/api";
  private static final Pattern EVENT = Pattern.compile("(.*/events/)(\\d+)");

  /** Headers whose values are compared; of others only that they are there. */
  private static final List<String> SAME = List.of("Content-Type", "WWW-Authenticate", "Allow");

  private static final List<String> THERE = List.of("Location", "Link", "Set-Cookie");

  /** Events that other things cause: logins, the host's monitoring, a minute's silence. */
  private static final Set<String> BY_THE_WAY =
      Set.of(
          "13", "19", "30", "31", "32", "61", "63", "114", "522", "835", "980", "995", "1110",
          "1114", "1147", "9003", "9027", "9502", "9920", "10802", "10902", "11141", "11144");

  private final Map<String, SimulatedHost> hosts = new HashMap<>();
  private final ScriptedScheduler scheduler;
  private final EngineStandIn engine;
  private final Bodies bodies = new Bodies();
  private final JsonMapper json = new JsonMapper();
  private final HttpClient http =
      HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
  private final String ownToken;
  private String lastToken = "";
  private String cookie = "";
  private long mark;

  /** A server before the engine, which is to answer what it serves as the engine does. */
  interface Before {

    /** Where to send a request instead of to the engine; empty for the engine itself. */
    Optional<URI> of(Exchange exchange, String path);

    /** A body of that server as the engine would write it. */
    String asEngine(String body);

    /** Headers that are its own business. */
    Set<String> ownHeaders();
  }

  private static final Before NOTHING =
      new Before() {
        @Override
        public Optional<URI> of(Exchange exchange, String path) {
          return Optional.empty();
        }

        @Override
        public String asEngine(String body) {
          return body;
        }

        @Override
        public Set<String> ownHeaders() {
          return Set.of();
        }
      };

  private final Before server;

  Story() throws IOException, InterruptedException {
    this(0, NOTHING);
  }

  /**
   * Replays through a server.
   *
   * @param port where the engine is to be, for the server to find it
   */
  Story(int port, Before server) throws IOException, InterruptedException {
    this.server = server;
    scheduler = new ScriptedScheduler();
    engine =
        EngineStandIn.builder()
            .port(port)
            .externalScheduler(scheduler.url())
            .agents(address -> hosts.computeIfAbsent(address, Story::host))
            .defaultProfileAfter(Duration.ZERO, Duration.ZERO)
            .wrongPasswordTakes(Duration.ZERO)
            .user("user1", "user1", "user1", false)
            .start();
    engine.seeds().directoryGroup("labgroup", List.of("user3"));
    ownToken = token("admin", "ovirt-app-api");
  }

  /** A host joins a cluster. */
  void join(String name, String cluster) {
    engine.addHost(name, cluster, hosts.computeIfAbsent(name, Story::host));
  }

  /** Everything the hosts were handed. */
  List<SimulatedHost.Received> received() {
    return hosts.values().stream().flatMap(each -> each.received().stream()).toList();
  }

  Bodies bodies() {
    return bodies;
  }

  private static SimulatedHost host(String address) {
    return new SimulatedHost(
        HostCapabilities.el9()
            .withNetworks(
                Map.of(
                    "ovirtmgmt",
                    "ovirtmgmt",
                    "iso1",
                    "iso1",
                    "iso2",
                    "iso2",
                    "plain1",
                    "plain1",
                    "plain2",
                    "plain2")));
  }

  // --- what happened between the recordings ---

  private static final String LAB = "SecurityGroups=^$;demo_prop=^(on|off)$";

  private void before(Exchange exchange) throws IOException, InterruptedException {
    String name = exchange.name();
    switch (name) {
      case "065-vnicprofile-customprop-defined.xml" -> register(LAB);
      case "201-profile-true.json" ->
          register(LAB + ";port_isolation=" + EngineStandIn.PORT_ISOLATION_PATTERN);
      case "150-vms.xml" -> stopAll();
      case "152-vm-start-running.xml" -> hosts.values().forEach(SimulatedHost::holdStarts);
      case "153-vmstart-isolated-nic-in-ovs-cluster.json" -> {
        hosts.values().forEach(SimulatedHost::releaseStarts);
        stopAll();
      }
      case "426-logical-cluster-create.json" ->
          // The real engine refused to make this VM: its data center had no storage.
          ask("DELETE", "/vms/" + idOf("/vms", "vm", "evvm"), "");
      case "105-policy.xml" -> policyGotItsUnits();
      case "406-nic-remove-hot1.json" ->
          // The real engine had not noticed yet that the VM was down.
          ask("POST", "/vms/" + idOf("/vms", "vm", "vm1") + "/start", "{}");
      case "406-nic-remove-hot2.json" -> stopAll();
      case "510-admin-net-permissions.json" -> {
        describe("/networks", "network", "iso2", "t2");
        describe("/vms", "vm", "vm1", "t2");
        describe("/vnicprofiles", "vnic_profile", "p32", "t4");
      }
      case "154-vmstart-external-units-disabled.json" -> {
        stopAll();
        // The scheduler was not there when the engine started again.
        engine.engineConfig().set("ExternalSchedulerServiceURL", "http://127.0.0.1:1/", "general");
        engine.restart();
      }
      case "210-nic-add-nic3.json", "228b-start-after.json" -> stopAll();
      default -> {
        if (exchange.method().equals("POST")
            && name.matches("120-.*|155-vmstart.*|473-vm-start.*")) {
          stopAll();
          script(name.replaceFirst("120-vmstart-", ""));
        }
      }
    }
    if (name.startsWith("3-30") && name.endsWith("-refresh.json")) {
      hosts.get("127.0.0.2").report(HOOKS.get(name.replaceFirst("-refresh.json", "").substring(2)));
    }
  }

  private void describe(String path, String kind, String name, String text)
      throws IOException, InterruptedException {
    ask("PUT", path + "/" + idOf(path, kind, name), "{\"description\":\"" + text + "\"}");
  }

  private void policyGotItsUnits() throws IOException, InterruptedException {
    String policy = "/schedulingpolicies/";
    policy += idOf("/schedulingpolicies", "scheduling_policy", "labpolicy");
    for (String kind : List.of("filter", "weight", "balance")) {
      String unit =
          idOf(
              "/schedulingpolicyunits",
              "scheduling_policy_unit",
              "lab_" + kind.replace("weight", "score"));
      ask(
          "POST",
          policy + "/" + kind + "s",
          "{"
              + (kind.equals("weight") ? "\"factor\":2," : "")
              + "\"scheduling_policy_unit\":{\"id\":\""
              + unit
              + "\"}}");
    }
  }

  /** What the set-up registers. */
  void registerPortIsolation() {
    register("port_isolation=" + EngineStandIn.PORT_ISOLATION_PATTERN);
  }

  private void register(String properties) {
    engine
        .engineConfig()
        .setInAllVersions("CustomDeviceProperties", "{type=interface;prop={" + properties + "}}");
    engine.restart();
  }

  private static final HostCapabilities WITH_NETWORKS = host("").capabilities();

  private static HostCapabilities hooks(Map<String, Map<String, String>> hooks) {
    return WITH_NETWORKS.withHooks(hooks);
  }

  private static final String MD5 = "0123456789abcdef0123456789abcdef";

  /** What host2 reported in each of the recordings 301 to 305, read off the answers. */
  private static final Map<String, HostCapabilities> HOOKS =
      Map.ofEntries(
          Map.entry("301-none", hooks(Map.of())),
          Map.entry(
              "302-plain",
              hooks(
                  Map.of(
                      "before_vm_start",
                      Map.of("60_isolated_ports", MD5),
                      "after_vm_destroy",
                      Map.of(
                          "50_other",
                          "bb",
                          "60_isolated_ports",
                          "aaaa456789abcdef0123456789abcdef")))),
          Map.entry(
              "303-version",
              hooks(
                  Map.of(
                      "before_vm_start",
                      Map.of("60_isolated_ports", MD5),
                      "after_vm_start",
                      Map.of("60_isolated_ports", "cc")))),
          Map.entry(
              "304-invented",
              hooks(
                  Map.of(
                      "before_vm_start",
                      Map.of("60_isolated_ports", MD5),
                      "isolated_ports",
                      Map.of("status", "")))),
          Map.entry(
              "304b-invented-checksum",
              hooks(
                  Map.of(
                      "before_vm_start",
                      Map.of("60_isolated_ports", MD5),
                      "isolated_ports",
                      Map.of("status", "version=1.0;nft=yes;state=ok")))),
          Map.entry(
              "304c-name-carries", hooks(Map.of("isolated_ports", Map.of("version=1.0,nft", "1")))),
          Map.entry(
              "304d-spaces-in-checksum",
              hooks(Map.of("isolated_ports", Map.of("status 1", "version 1.0 nft yes")))),
          Map.entry("304e-nested-deep", hooks(Map.of("isolated_ports", Map.of("status", "v1")))),
          Map.entry("304f-nonstring", hooks(Map.of("isolated_ports", Map.of("status", "123")))),
          Map.entry(
              "304g-json-like",
              hooks(Map.of("isolated_ports", Map.of("status", "{\"version\": 1}")))),
          Map.entry(
              "305-final",
              hooks(
                  Map.of(
                      "isolated_ports",
                      Map.of("status", "version=1.0;nft=yes"),
                      "before_device_create",
                      Map.of("60_isolated_ports", MD5)))));

  /** Our id of an entity with a name. */
  String idOf(String path, String kind, String name) throws IOException, InterruptedException {
    for (JsonNode each : own(path).path(kind)) {
      if (each.path("name").asText().equals(name)) {
        return each.path("id").asText();
      }
    }
    throw new IllegalStateException("There is no " + kind + " " + name + ".");
  }

  /** A request of the story's own, between the recordings. */
  void ask(String method, String path, String body) throws IOException, InterruptedException {
    send(
        method,
        API + path,
        body,
        Map.of(
            "Authorization",
            "Bearer " + ownToken,
            "Content-Type",
            "application/json",
            "Accept",
            "application/json"));
  }

  /** Sets what the scheduler answers in one of the recordings 120. */
  private void script(String name) throws IOException, InterruptedException {
    String host2 = idOf("/hosts", "host", "host2");
    String host3 = idOf("/hosts", "host", "host3");
    String both = ScriptedScheduler.array(List.of(host2, host3));
    String none = ScriptedScheduler.array(List.of());
    scheduler.slowDown(Duration.ZERO);
    scheduler.answerFilters(ScriptedScheduler::keepAll);
    scheduler.answerScores(
        body -> ScriptedScheduler.ok(ScriptedScheduler.result(scores(host2, 0, host3, 10))));
    switch (name) {
      case "keep-host3" ->
          filters(ScriptedScheduler.result(ScriptedScheduler.array(List.of(host3))));
      case "filter-empty" -> filters(ScriptedScheduler.result(none));
      case "filter-fault" -> scheduler.answerFilters(body -> ScriptedScheduler.fault());
      case "filter-http500" ->
          scheduler.answerFilters(body -> new ScriptedScheduler.Reply(500, "broken"));
      case "filter-garbage" ->
          scheduler.answerFilters(body -> new ScriptedScheduler.Reply(200, "<<<garbage"));
      case "filter-drop" -> scheduler.answerFilters(body -> new ScriptedScheduler.Reply(0, ""));
      case "filter-result-code-nonzero" ->
          filters(failed(both, "boom plugin", List.of("boom global")));
      case "filter-result-code-nonzero-empty" -> filters(failed(none, "nothing fits", List.of()));
      case "filter-old-format-array" -> filters(ScriptedScheduler.array(List.of(host3)));
      case "filter-string-result" -> filters("<value>a string</value>");
      case "filter-no-result-code" ->
          filters(
              "<value><struct><member><name>result</name>" + both + "</member></struct></value>");
      case "filter-unknown-host-uuid" ->
          filters(
              ScriptedScheduler.result(
                  ScriptedScheduler.array(List.of("00000000-1111-2222-3333-444444444444"))));
      case "filter-bad-uuid" ->
          filters(ScriptedScheduler.result(ScriptedScheduler.array(List.of("no-uuid"))));
      case "filter-slow-6s" -> scheduler.slowDown(Duration.ofMillis(300));
      case "score-prefers-host3" -> scores(ScriptedScheduler.result(scores(host2, 50, host3, 1)));
      case "score-two-fields" -> scores(ScriptedScheduler.result(scores(host2, 50, host3, 1)));
      case "score-fault" -> scheduler.answerScores(body -> ScriptedScheduler.fault());
      case "score-dict" -> scores(ScriptedScheduler.result("<value><struct></struct></value>"));
      default -> {
        // The scheduler answers as it should.
      }
    }
  }

  private void filters(String value) {
    scheduler.answerFilters(body -> ScriptedScheduler.ok(value));
  }

  private void scores(String value) {
    scheduler.answerScores(body -> ScriptedScheduler.ok(value));
  }

  private static String scores(String one, int cost, String other, int otherCost) {
    return "<value><array><data>"
        + score(one, cost)
        + score(other, otherCost)
        + "</data></array></value>";
  }

  private static String score(String host, int cost) {
    return "<value><array><data><value>"
        + host
        + "</value><value><int>"
        + cost
        + "</int></value></data></array></value>";
  }

  private static String failed(String hosts, String pluginError, List<String> errors) {
    return "<value><struct><member><name>result_code</name><value><int>1</int></value></member>"
        + "<member><name>result</name>"
        + hosts
        + "</member><member><name>plugin_errors</name><value><struct><member><name>lab_filter"
        + "</name>"
        + ScriptedScheduler.array(List.of(pluginError))
        + "</member></struct></value></member><member><name>errors</name>"
        + ScriptedScheduler.array(errors)
        + "</member></struct></value>";
  }

  private void stopAll() throws IOException, InterruptedException {
    for (JsonNode vm : own("/vms").path("vm")) {
      if (!vm.path("status").asText().equals("down")) {
        ask("POST", "/vms/" + vm.path("id").asText() + "/stop", "{}");
      }
    }
    settle();
  }

  /** Waits until no VM is on its way from one state to another. */
  private void settle() throws IOException, InterruptedException {
    Instant end = Instant.now().plusSeconds(10);
    Set<String> still = Set.of("up", "down");
    while (Instant.now().isBefore(end)) {
      boolean moving = false;
      for (JsonNode vm : own("/vms").path("vm")) {
        moving |= !still.contains(vm.path("status").asText());
      }
      for (JsonNode host : own("/hosts").path("host")) {
        moving |= host.path("status").asText().equals("unassigned");
      }
      if (!moving) {
        return;
      }
      Thread.sleep(5);
    }
  }

  /** What the stand-in shows the administrator. */
  JsonNode own(String path) throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        send(
            "GET",
            API + path,
            "",
            Map.of("Authorization", "Bearer " + ownToken, "Accept", "application/json"));
    return json.readTree(response.body());
  }

  private long lastEvent() throws IOException, InterruptedException {
    return own("/events?max=1").path("event").path(0).path("id").asLong();
  }

  // --- one exchange ---

  /** Plays one exchange and says what differs; nothing where the stand-in is as the engine was. */
  List<String> play(Exchange exchange) throws IOException, InterruptedException {
    before(exchange);
    boolean events =
        exchange.path().matches(API + "/events[?;]from=\\d+(\\?max=30)?")
            && !exchange.name().startsWith("430");
    if (!exchange.method().equals("GET")) {
      mark = lastEvent();
    }
    String path = bodies.mapped(exchange.path());
    if (events) {
      path = path.replaceFirst("from=\\d+", "from=" + mark);
    } else if (exchange.name().startsWith("430")) {
      path = follow(exchange, path);
    }
    path = path.replace("<password>", "admin");
    Matcher event = EVENT.matcher(path);
    if (event.matches()) {
      path = event.group(1) + bodies.event(event.group(2));
    }
    String body = bodyOf(exchange);
    Optional<URI> through = server.of(exchange, path);
    HttpResponse<byte[]> response =
        send(
            exchange.method(),
            through.orElse(URI.create(engine.url() + path)),
            body,
            headersOf(exchange));
    if (!exchange.method().equals("GET")) {
      if (!exchange.name().startsWith("152-vm-start-running")) {
        settle();
      }
    }
    remember(exchange, response);
    List<String> differences = new ArrayList<>();
    if (response.statusCode() != exchange.status()) {
      differences.add("status: " + exchange.status() + " became " + response.statusCode());
    }
    compareHeaders(
        exchange, response, through.isPresent() ? server.ownHeaders() : Set.of(), differences);
    String ours = through.isPresent() ? server.asEngine(text(response)) : text(response);
    if (exchange.isJson() || exchange.isXml()) {
      compareBodies(exchange, response, ours, events, differences);
    } else if (!exchange.header("Content-Encoding").isPresent()
        && !bodies.mapped(exchange.body()).replace("127.0.0.1:8080", at()).equals(ours)) {
      differences.add("body: '" + exchange.body() + "' became '" + ours + "'");
    }
    return differences;
  }

  private String follow(Exchange exchange, String path) throws IOException, InterruptedException {
    if (exchange.name().startsWith("430d")) {
      return path.replaceFirst("from=\\d+", "from=" + lastEvent());
    }
    Matcher from = Pattern.compile("from=(\\d+)").matcher(path);
    return from.find() ? from.replaceFirst("from=" + bodies.event(from.group(1))) : path;
  }

  private String at() {
    return "127.0.0.1:" + engine.url().getPort();
  }

  private void compareHeaders(
      Exchange exchange,
      HttpResponse<byte[]> response,
      Set<String> notCompared,
      List<String> differences) {
    for (String name : SAME) {
      Optional<String> recorded = exchange.header(name);
      Optional<String> ours = response.headers().firstValue(name);
      if (!recorded.equals(ours)) {
        differences.add(name + ": " + recorded + " became " + ours);
      }
    }
    for (String name : THERE) {
      if (notCompared.contains(name)) {
        continue;
      }
      boolean recorded = exchange.header(name).isPresent();
      if (recorded != response.headers().firstValue(name).isPresent()) {
        differences.add(name + ": there or not, but not as recorded (" + recorded + ")");
      }
    }
    exchange
        .header("Location")
        .filter(location -> !notCompared.contains("Location"))
        .ifPresent(
            location -> {
              String recorded =
                  location.replaceAll("^http://[^/]*", "").replaceAll("[0-9a-f-]{36}|\\d+$", "");
              String ours =
                  response
                      .headers()
                      .firstValue("Location")
                      .orElse("")
                      .replaceAll("^http://[^/]*", "")
                      .replaceAll("[0-9a-f-]{36}|\\d+$", "");
              if (!recorded.equals(ours)) {
                differences.add("Location: " + recorded + " became " + ours);
              }
            });
  }

  private void compareBodies(
      Exchange exchange,
      HttpResponse<byte[]> response,
      String ours,
      boolean events,
      List<String> differences) {
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (ours.isEmpty() || !type.contains(exchange.isXml() ? "xml" : "json")) {
      if (!exchange.body().isEmpty()) {
        differences.add("body: became '" + ours + "'");
      }
      return;
    }
    if (exchange.header("Content-Encoding").isPresent()) {
      return;
    }
    JsonNode recordedTree =
        bodies.read(exchange.body().replace("127.0.0.1:8080", at()), exchange.isXml());
    JsonNode ourTree = bodies.read(ours, exchange.isXml());
    if (events && exchange.isJson()) {
      recordedTree = caused(recordedTree);
      ourTree = caused(ourTree);
    }
    differences.addAll(bodies.differences(recordedTree, ourTree));
    if (exchange.isXml()) {
      SdkReaders.check(ours).ifPresent(differences::add);
    }
  }

  /** The events that the exchange before has caused, by code and text. */
  private JsonNode caused(JsonNode list) {
    TreeMap<String, JsonNode> sorted = new TreeMap<>();
    int number = 0;
    for (JsonNode event : list.path("event")) {
      if (!BY_THE_WAY.contains(event.path("code").asText())) {
        sorted.put(
            event.path("code").asText() + event.path("description").asText() + number++, event);
      }
    }
    ObjectNode result = json.createObjectNode();
    ArrayNode array = result.putArray("event");
    sorted
        .values()
        .forEach(
            each ->
                array.add(((ObjectNode) each.deepCopy()).put("name", each.path("code").asText())));
    return result;
  }

  private void remember(Exchange exchange, HttpResponse<byte[]> response) throws IOException {
    for (String set : response.headers().allValues("Set-Cookie")) {
      if (set.startsWith("JSESSIONID=") && !set.contains("Max-Age=0")) {
        cookie = set.split(";", 2)[0];
      }
    }
    String text = text(response);
    if (exchange.name().matches("090-sso.*|160-token.*") && text.contains("\"access_token\"")) {
      lastToken = json.readTree(text).path("access_token").asText();
    }
  }

  private static String text(HttpResponse<byte[]> response) {
    if (response.headers().firstValue("Content-Encoding").orElse("").equals("gzip")) {
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(response.body()))) {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  // --- credentials, which the recordings do not hold ---

  private Map<String, String> headersOf(Exchange exchange)
      throws IOException, InterruptedException {
    Map<String, String> headers = new HashMap<>();
    for (Map.Entry<String, JsonNode> each : exchange.requestHeaders().properties()) {
      if (!Set.of("host", "content-length", "connection", "user-agent", "authorization", "cookie")
          .contains(each.getKey().toLowerCase(java.util.Locale.ROOT))) {
        headers.put(each.getKey(), each.getValue().asText());
      }
    }
    Optional<String> authorization = exchange.requestHeader("Authorization");
    if (authorization.isPresent()) {
      headers.put(
          "Authorization",
          authorization.get().equals("<bearer>")
              ? "Bearer " + bearer(exchange.name())
              : "Basic " + basic(exchange));
    }
    if (exchange.requestHeader("Cookie").isPresent()) {
      headers.put("Cookie", cookie);
    }
    return headers;
  }

  private String bearer(String name) throws IOException, InterruptedException {
    if (name.startsWith("015c") || name.startsWith("r2-239")) {
      return "bad";
    }
    if (name.startsWith("096") || name.startsWith("160b")) {
      return lastToken;
    }
    return name.matches("5\\d\\d\\w?-user\\d.*") ? token(userOf(name), "ovirt-app-api") : ownToken;
  }

  private static String basic(Exchange exchange) {
    String name = exchange.name();
    String user = "admin@internal:admin";
    if (exchange.path().contains("/sso/oauth/token-info")) {
      user =
          name.contains("bad-secret")
              ? "ovirt-isolated-ports:"
              : name.contains("unknown-client")
                  ? "nobody:secret"
                  : "ovirt-isolated-ports:ovirt-isolated-ports";
    } else if (name.startsWith("015b") || name.matches("r2-(237|243).*")) {
      user = "admin@internal:wrong";
    } else if (name.startsWith("015d")) {
      user = "admin:admin";
    } else if (name.startsWith("163")) {
      user = "admin@nosuch:admin";
    } else if (name.startsWith("130")) {
      user = "user1@internal:user1";
    } else if (name.matches("13[23]\\w?-user.*")) {
      user = "user2@internal:user2";
    }
    return Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }

  private static String userOf(String name) {
    java.util.regex.Matcher user = java.util.regex.Pattern.compile("(user\\d|admin)").matcher(name);
    return user.find() ? user.group() : "admin";
  }

  private String bodyOf(Exchange exchange) throws IOException, InterruptedException {
    String body = bodies.mapped(exchange.requestBody());
    String name = exchange.name();
    String password = "admin";
    if (name.contains("badpw")) {
      password = "wrong";
    } else if (name.startsWith("500-token")) {
      password = userOf(name);
    }
    body = body.replace("<password>", password);
    if (body.contains("<token>")) {
      String token =
          name.contains("bad-token")
              ? "bad"
              : name.startsWith("501") ? token(userOf(name), "ovirt-app-api") : lastToken;
      body = body.replace("<token>", token);
    }
    return body;
  }

  private String token(String user, String scope) throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        send(
            "POST",
            "/ovirt-engine/sso/oauth/token",
            "grant_type=password&username="
                + user
                + "%40internal&password="
                + user
                + "&scope="
                + scope,
            Map.of(
                "Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded"));
    return json.readTree(response.body()).path("access_token").asText();
  }

  private HttpResponse<byte[]> send(
      String method, String path, String body, Map<String, String> headers)
      throws IOException, InterruptedException {
    return send(method, URI.create(engine.url() + path), body, headers);
  }

  private HttpResponse<byte[]> send(
      String method, URI uri, String body, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(20))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  @Override
  public void close() {
    engine.close();
    scheduler.close();
  }
}
