// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/**
 * Who may read and do what: every route there is with every kind of caller, status and body. What
 * the engine does not show to a caller is in no answer of ours, whatever its status.
 */
class RoutesIT extends ServerTest {

  private static final Duration SOON = Duration.ofMinutes(2);

  /** Where the names of what must stay hidden can occur; everything here has one of these. */
  private static final List<String> LISTS =
      List.of("networks", "vms", "hosts", "clusters", "vnicprofiles");

  private static final String STATUSES =
      """
      route | anonymous | stranger | no rights | tenant | filtered | cluster | owner | networks | administrator
      GET / | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /networks | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /networks/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{network}/vnicprofiles | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{network}/vnicprofiles/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /datacenters/{datacenter}/networks | 401 | 401 | 401 | 200/200 | 200/200 | 200 | 200 | 200 | 200
      GET /datacenters/{datacenter}/networks/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /datacenters/{datacenter}/networks/{network}/vnicprofiles | 401 | 401 | 401 | 404/404 | 404/404 | 404 | 404 | 404 | 404
      GET /datacenters/{datacenter}/networks/{network}/vnicprofiles/{id} | 401 | 401 | 401 | 404/404 | 404/404 | 404 | 404 | 404 | 404
      GET /networks/{id}/uplink | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/ports | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/counters | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /hosts/{id}/ruleset | 401 | 401 | 401 | 404/404 | 200/200 | 200 | 200 | 200 | 200
      GET /networks/{id}/isolate | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/emergency | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/acls | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/acls/revisions | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/acls/revisions/{revision} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/acls/diff | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/networkpolicies/{policy} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/networkpolicies/{policy}/revisions | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/networkpolicies/{policy}/revisions/{revision} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/networkpolicies/{policy}/diff | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/addresssets/{set} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/addresssets/{set}/revisions | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/addresssets/{set}/revisions/{revision} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/addresssets/{set}/diff | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/portgroups/{group} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/portgroups/{group}/revisions | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/portgroups/{group}/revisions/{revision} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/portgroups/{group}/diff | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/networkpolicies | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/addresssets | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/portgroups | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/reachability | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /networks/{id}/trace | 401 | 401 | 401 | 400/404 | 404/404 | 400 | 400 | 400 | 400
      GET /vms/{id}/labels | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /vms/{vm}/nics/{id}/labels | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /vms/{vm}/nics/{id}/role | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /vnicprofiles | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /vnicprofiles/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /vnicprofiles/{id}/services | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /clusters | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /clusters/{id} | 401 | 401 | 401 | 200/200 | 200/200 | 200 | 200 | 200 | 200
      GET /clusters/{cluster}/networks | 401 | 401 | 401 | 200/200 | 200/200 | 200 | 200 | 200 | 200
      GET /clusters/{cluster}/networks/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /vms/{id} | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /vms/{vm}/nics | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /vms/{vm}/nics/{id} | 401 | 401 | 401 | 200/404 | 200/200 | 200 | 200 | 200 | 200
      GET /options/{name} | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /violations | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /violations/{id} | 401 | 401 | 401 | 200/404 | 404/404 | 200 | 200 | 200 | 200
      GET /decisions | 401 | 401 | 401 | 200 | 200 | 200 | 200 | 200 | 200
      GET /scheduler | 401 | 401 | 401 | 403 | 403 | 200 | 200 | 200 | 200
      GET /openapi.json | 401 | 200 | 200 | 200 | 200 | 200 | 200 | 200 | 200
      PUT /networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /datacenters/{datacenter}/networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /networks/{id}/uplink | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /networks/{id}/acls | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /networks/{id}/networkpolicies/{policy} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /networks/{id}/addresssets/{set} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /networks/{id}/portgroups/{group} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /vms/{id}/labels | 401 | 401 | 401 | 403/404 | 403/403 | 403 | 403 | 200 | 200
      PUT /vms/{vm}/nics/{id}/labels | 401 | 401 | 401 | 403/404 | 403/403 | 403 | 200 | 200 | 200
      PUT /vms/{vm}/nics/{id}/role | 401 | 401 | 401 | 403/404 | 403/403 | 403 | 200 | 200 | 200
      PUT /vnicprofiles/{id}/services | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      POST /networks/{id}/networkpolicies | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 201 | 201 | 201
      POST /networks/{id}/acls/revisions/{revision}/restore | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      POST /networks/{id}/networkpolicies/{policy}/revisions/{revision}/restore | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      POST /networks/{id}/addresssets/{set}/revisions/{revision}/restore | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      POST /networks/{id}/portgroups/{group}/revisions/{revision}/restore | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /vms/{vm}/nics/{id}/role | 401 | 401 | 401 | 403/404 | 403/403 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/acls | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/networkpolicies/{policy} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/addresssets/{set} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/portgroups/{group} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /vnicprofiles/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      PUT /clusters/{id} | 401 | 401 | 401 | 403/403 | 200/200 | 200 | 403 | 403 | 200
      PUT /clusters/{cluster}/networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 200 | 403 | 200 | 200
      PUT /vms/{id} | 401 | 401 | 401 | 403/404 | 200/200 | 200 | 403 | 403 | 200
      PUT /vms/{vm}/nics/{id} | 401 | 401 | 401 | 403/404 | 200/200 | 200 | 403 | 200 | 200
      POST /networks/{id}/isolate | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 403 | 200 | 200
      POST /networks | 401 | 401 | 401 | 403 | 403 | 403 | 403 | 201 | 201
      POST /networks/{network}/vnicprofiles | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 201 | 201 | 201
      POST /datacenters/{datacenter}/networks | 401 | 401 | 401 | 403/403 | 403/403 | 403 | 403 | 201 | 201
      POST /datacenters/{datacenter}/networks/{network}/vnicprofiles | 401 | 401 | 401 | 404/404 | 404/404 | 404 | 404 | 404 | 404
      POST /networks/{id}/emergency | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 201 | 201 | 201
      POST /vnicprofiles | 401 | 401 | 401 | 403 | 404 | 403 | 201 | 201 | 201
      POST /clusters/{cluster}/networks | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 201 | 201 | 201
      POST /vms/{vm}/nics | 401 | 401 | 401 | 403/404 | 201/201 | 201 | 403 | 201 | 201
      POST /vms/{vm}/nics/{id}/activate | 401 | 401 | 401 | 403/404 | 200/200 | 200 | 403 | 200 | 200
      POST /vms/{vm}/nics/{id}/deactivate | 401 | 401 | 401 | 403/404 | 200/200 | 200 | 403 | 200 | 200
      DELETE /vms/{vm}/nics/{id} | 401 | 401 | 401 | 403/404 | 200/200 | 200 | 403 | 200 | 200
      DELETE /networks/{network}/vnicprofiles/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /datacenters/{datacenter}/networks/{network}/vnicprofiles/{id} | 401 | 401 | 401 | 404/404 | 404/404 | 404 | 404 | 404 | 404
      DELETE /vnicprofiles/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/isolate | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /networks/{id}/emergency | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      DELETE /clusters/{cluster}/networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 409 | 200 | 200
      DELETE /networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 409 | 200 | 200
      DELETE /datacenters/{datacenter}/networks/{id} | 401 | 401 | 401 | 403/404 | 404/404 | 403 | 200 | 200 | 200
      """;

  RoutesIT() {
    super(false);
  }

  /** A caller as the engine and as we see it. */
  private record Who(String kind, Api us, Api engine, CallerWorld world) {}

  private Who who(String kind, String login, CallerWorld world, String... headers) {
    String token = login.isEmpty() ? "none" : Api.token(rig.engineUrl(), login);
    String authorization = kind.equals("anonymous") ? "" : "Bearer " + token;
    return new Who(
        kind,
        new Api(rig.api(), authorization, headers),
        new Api(URI.create(rig.engineUrl() + "/api"), authorization, headers),
        world);
  }

  @Test
  void everyRouteForEveryCaller() {
    RouteTable table = RouteTable.of(STATUSES);
    SimulatedHost host =
        new SimulatedHost(
            HostCapabilities.el9()
                .withNetworks(Map.of("secretnet", "secretnet"))
                .withHooks(Map.of("isolated_ports", Map.of("status", HostsIT.EVERYTHING))));
    rig.engine().addHost("secrethost", CLUSTER, host);
    String hostId = hostId();
    CallerWorld hidden = world("secret");
    List<Who> callers = callers();
    assertThat(callers.stream().map(Who::kind)).containsExactlyElementsOf(table.callers());
    decisions(callers, hidden, hostId);
    // The look at bodies is not one at nothing.
    assertThat(
            callers.stream().filter(who -> decisionsOf(who.us(), hidden.id("vm"))).map(Who::kind))
        .contains("cluster", "owner", "networks", "administrator")
        .doesNotContain("anonymous", "stranger", "no rights", "tenant");

    // What was set up above past us has its after-effects: the guard gives profiles our property.
    EmergencyIT.until(
        SOON,
        "an engine and a store at rest",
        () -> {
          List<String> before = everything();
          Rig.pause(5000);
          return everything().equals(before);
        });

    Map<String, List<String>> seen = new LinkedHashMap<>();
    List<String> wrong = new ArrayList<>();
    for (Who caller : callers) {
      boolean mayWrite =
          table.rows().keySet().stream()
              .filter(route -> !route.startsWith("GET"))
              .anyMatch(route -> table.cell(route, caller.kind()).startsWith("2"));
      List<String> before = mayWrite ? List.of() : everything();
      Set<String> secrets = secrets(caller);
      for (String route : table.rows().keySet()) {
        String cell = ask(caller, route, caller.world(), secrets, wrong);
        if (table.cell(route, caller.kind()).contains("/")) {
          cell += "/" + ask(caller, route, hidden, secrets, wrong);
        }
        seen.computeIfAbsent(route, each -> new ArrayList<>()).add(cell);
      }
      if (!mayWrite) {
        List<String> after = everything();
        before.stream()
            .filter(each -> !after.contains(each))
            .forEach(each -> wrong.add(caller.kind() + " may change nothing and has, of " + each));
        after.stream()
            .filter(each -> !before.contains(each))
            .forEach(each -> wrong.add(caller.kind() + " may change nothing and has, to " + each));
      }
    }
    assertThat(String.join("\n", wrong) + "\n" + text(seen))
        .as("what went wrong, and the statuses")
        .isEqualTo("\n" + text(table.rows()));
  }

  private static String text(Map<String, List<String>> rows) {
    StringBuilder text = new StringBuilder();
    rows.forEach((route, cells) -> text.append(route + " | " + String.join(" | ", cells) + "\n"));
    return text.toString();
  }

  private List<String> everything() {
    List<String> all = new ArrayList<>(engineState());
    all.addAll(rig.storedRows());
    return all;
  }

  /** Sends one request, looks at the body, and answers the status. */
  private static String ask(
      Who caller, String route, CallerWorld world, Set<String> secrets, List<String> wrong) {
    String method = route.substring(0, route.indexOf(' '));
    String path = world.path(route);
    String body = world.body(route);
    boolean reads = method.equals("GET");
    // A write may take away what the engine shows, so that is read before; what is only read, if
    // asked.
    String before = reads ? "" : caller.engine().get(path).body();
    Api.Answer answer = caller.us().json(method, path, body);
    assertThat(answer.status()).as(caller.kind() + ": " + route + ": " + answer).isLessThan(500);
    for (String field : OpenApi.undescribed(method, path, answer)) {
      wrong.add("openapi.json does not have " + field + " that " + route + " answers: " + answer);
    }
    // What the caller said, and what the engine tells this caller itself, is no secret.
    List<String> told =
        secrets.stream()
            .filter(secret -> answer.body().contains(secret) && !(path + body).contains(secret))
            .toList();
    String engines = told.isEmpty() || !reads ? before : caller.engine().get(path).body();
    told.stream()
        .filter(secret -> !engines.contains(secret))
        .forEach(
            secret ->
                wrong.add(
                    caller.kind()
                        + " is told of "
                        + secret
                        + " by "
                        + route
                        + ": "
                        + answer.body()));
    return String.valueOf(answer.status());
  }

  /** Names and ids of all that the engine does not show to a caller. */
  private Set<String> secrets(Who caller) {
    Map<String, String> shown = entities(caller.engine());
    Map<String, String> secret = new HashMap<>(entities(engine));
    secret.keySet().removeAll(shown.keySet());
    Set<String> words = new TreeSet<>(secret.keySet());
    // Names of their own kind: "Default" is a word of many texts.
    secret.values().stream()
        .filter(name -> name.startsWith("secret") || name.startsWith("zz"))
        .forEach(words::add);
    words.removeAll(new HashSet<>(shown.values()));
    return words;
  }

  private static Map<String, String> entities(Api api) {
    Map<String, String> entities = new HashMap<>();
    for (String list : LISTS) {
      Api.Answer answer = api.get("/" + list);
      if (answer.status() == 200) {
        for (JsonNode entity : answer.json().path(element(list))) {
          entities.put(entity.path("id").asText(), entity.path("name").asText());
        }
      }
    }
    return entities;
  }

  private static String element(String list) {
    return list.equals("vnicprofiles") ? "vnic_profile" : list.substring(0, list.length() - 1);
  }

  private List<Who> callers() {
    List<Who> callers = new ArrayList<>();
    var seeds = rig.engine().seeds();
    CallerWorld strangers = world("zz1");
    callers.add(who("anonymous", "", strangers));
    callers.add(who("stranger", "", strangers));
    callers.add(who("no rights", "user5", strangers));
    CallerWorld tenants = world("zz2");
    for (String profile : List.of("profile", "plainprofile", "spare1", "spare2", "spare3")) {
      seeds.grant("VnicProfileUser", "user2", "vnic_profile", uuid(tenants.id(profile)));
    }
    seeds.grant("UserRole", "user2", "vm", uuid(tenants.id("vm")));
    callers.add(who("tenant", "user2", tenants));
    seeds.grant("ClusterAdmin", "user4", "cluster", uuid(cluster()));
    callers.add(who("filtered", "user4", world("zz3"), "Filter", "true"));
    callers.add(who("cluster", "user4", world("zz4")));
    CallerWorld owners = world("zz5");
    for (String network : List.of("network", "plain")) {
      seeds.grant("NetworkAdmin", "user3", "network", uuid(owners.id(network)));
    }
    callers.add(who("owner", "user3", owners));
    seeds.grantOnSystem("NetworkAdmin", "user1");
    callers.add(who("networks", "user1", world("zz6")));
    callers.add(who("administrator", "admin", world("zz7")));
    return callers;
  }

  private CallerWorld world(String name) {
    Map<String, String> ids = new HashMap<>();
    String network = attachedNetwork(name + "net", true);
    String plain =
        created(
            engine.post(
                "/networks",
                "{\"name\":\""
                    + name
                    + "plain\",\"data_center\":{\"id\":\""
                    + dataCenter()
                    + "\"}}"));
    ids.put("datacenter", dataCenter());
    ids.put("cluster", cluster());
    ids.put("network", network);
    ids.put("networkname", name + "net");
    ids.put("plain", plain);
    ids.put("profile", profileOf(network));
    ids.put("plainprofile", profileOf(plain));
    for (String spare : List.of("spare1", "spare2", "spare3")) {
      ids.put(
          spare,
          created(
              engine.post(
                  "/networks/" + network + "/vnicprofiles",
                  "{\"name\":\"" + name + spare + "\"}")));
    }
    String vm =
        rig.engine().seeds().vm(name + "vm", CLUSTER, List.of(uuid(ids.get("profile")))).toString();
    ids.put("vm", vm);
    ids.put(
        "nic",
        engine.get("/vms/" + vm + "/nics").json().findPath("nic").path(0).path("id").asText());
    ids.put("violation", violation(name, network, vm));
    ids.put("policy", "deny");
    ids.put("set", "admins");
    ids.put("group", "fronts");
    ids.put("revision", "1");
    CallerWorld documents = new CallerWorld(name, ids);
    for (String route :
        List.of(
            "PUT /networks/{id}/acls",
            "PUT /networks/{id}/networkpolicies/{policy}",
            "PUT /networks/{id}/addresssets/{set}",
            "PUT /networks/{id}/portgroups/{group}")) {
      // Twice, so that there is something to compare.
      for (int status : new int[] {201, 200}) {
        Api.Answer answer = putOnceHostsAreKnown(documents, route);
        assertThat(answer.status()).as(route + answer).isEqualTo(status);
      }
    }
    ids.put("name", "IsPortIsolationSupported");
    ids.put("host", hostId());
    return new CallerWorld(name, ids);
  }

  /** The server hears of a new host a moment later, and refuses rules for it until then. */
  private Api.Answer putOnceHostsAreKnown(CallerWorld documents, String route) {
    AtomicReference<Api.Answer> last = new AtomicReference<>();
    EmergencyIT.until(
        SOON,
        "hosts that said what they can do",
        () -> {
          last.set(us.put(documents.path(route), documents.body(route)));
          return !last.get().toString().contains("has not said yet");
        });
    return last.get();
  }

  private String hostId() {
    return engine.get("/hosts").json().path("host").path(0).path("id").asText();
  }

  private String violation(String name, String network, String vm) {
    String id = UUID.randomUUID().toString();
    rig.database()
        .execute(
            Database.OWN,
            String.format(
                "INSERT INTO violation VALUES ('%s', '%s', 'GUARD_X', 'error', '%s', '%snet', 'VM',"
                    + " '%s', '%svm', 'vNIC nic1 of VM %svm is open', now(), now(), 1, 2, true,"
                    + " true, 0)",
                id, UUID.randomUUID(), network, name, vm, name, name));
    return id;
  }

  /** The engine asks our filter for a VM of each caller and for one that nobody is to know. */
  private void decisions(List<Who> callers, CallerWorld hidden, String host) {
    List<String> vms = new ArrayList<>(List.of(hidden.id("vm")));
    callers.forEach(caller -> vms.add(caller.world().id("vm")));
    EmergencyIT.until(
        SOON,
        "decisions that name hosts, networks and reasons",
        () -> {
          vms.forEach(vm -> runFilters(vm, host));
          String decisions = us.get("/decisions?vm=" + hidden.id("vm")).body();
          return decisions.contains("secretnet")
              && decisions.contains("secrethost")
              && decisions.contains("reason");
        });
  }

  private void runFilters(String vm, String host) {
    String call =
        "<?xml version=\"1.0\"?><methodCall><methodName>runFilters</methodName><params>"
            + "<param><value><array><data><value>isolated_ports</value></data></array></value>"
            + "</param><param><value><array><data><value>"
            + host
            + "</value></data></array></value></param><param><value>"
            + vm
            + "</value></param><param><value><struct></struct></value></param></params>"
            + "</methodCall>";
    Api.Answer answer =
        Api.send(
            HttpRequest.newBuilder(rig.scheduler())
                .header("Content-Type", "text/xml")
                .POST(HttpRequest.BodyPublishers.ofString(call))
                .build());
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
  }

  private static boolean decisionsOf(Api caller, String vm) {
    Api.Answer answer = caller.get("/decisions");
    return answer.status() == 200 && answer.json().path("decision").toString().contains(vm);
  }
}
