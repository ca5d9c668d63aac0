// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.RulesetBook;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;

/**
 * {@code GET /hosts/{id}/ruleset}: what a host is to enforce, what it fetched and what it says is
 * in its kernel, for callers to whom the engine shows the host.
 */
@Path("hosts/{id}/ruleset")
public class HostRulesetResource {

  @Inject Exchange exchange;
  @Inject Sight sight;
  @Inject IsolatedNetworks networks;
  @Inject RulesetKeeper keeper;
  @Inject PortReports reports;

  /** The ruleset of a host: wanted, fetched and in its kernel. */
  @GET
  public Response ruleset(@PathParam("id") String id) {
    String path = "/hosts/" + id;
    EngineAnswer host = exchange.read(path, BodyFormat.JSON);
    if (!host.isSuccess()) {
      // The engine's own words, in the format the caller wants.
      return Exchange.pass(exchange.read(path, exchange.answerFormat()));
    }
    return exchange.ok("host_ruleset", tree(id, Clock.systemUTC().instant()));
  }

  private Map<String, Object> tree(String id, Instant now) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("host", Map.of("id", id));
    Optional<HostRuleset> wanted = keeper.book().of(id);
    wanted.ifPresent(
        ruleset -> {
          tree.put("revision", ruleset.revision());
          tree.put("since", ruleset.since().toString());
          tree.put("elements", String.valueOf(ruleset.elements()));
        });
    reports
        .fetchedBy(id)
        .ifPresent(
            fetched -> {
              tree.put("fetched", fetched.revision());
              tree.put("fetched_at", fetched.at().toString());
            });
    boolean whole = sight.whole(networks.ids());
    reports.of(id).ifPresent(received -> put(tree, received, whole, now));
    if (whole) {
      tree.put(
          "problems",
          Map.of(
              "problem",
              keeper.book().problems().stream()
                  .filter(problem -> problem.hostId().equals(id))
                  .map(RulesetBook.Problem::text)
                  .toList()));
    }
    return tree;
  }

  /** Sentences may name what not everybody is to know of. */
  private static void put(
      Map<String, Object> tree, PortReports.Received received, boolean whole, Instant now) {
    PortReport report = received.report();
    report.loaded().ifPresent(revision -> tree.put("loaded", revision));
    report.loadedAt().ifPresent(at -> tree.put("loaded_at", at.toString()));
    tree.put("loaded_elements", String.valueOf(report.elements()));
    tree.put("reported_at", received.at().toString());
    tree.put(
        "report_age",
        String.valueOf(Math.max(0, Duration.between(received.at(), now).toSeconds())));
    if (whole) {
      putCounters(tree, report);
      report.error().ifPresent(error -> tree.put("error", error));
    }
  }

  /** What networks' rules counted is told with what concerns them all. */
  private static void putCounters(Map<String, Object> tree, PortReport report) {
    report.countedSince().ifPresent(since -> tree.put("counted_since", since.toString()));
    tree.put(
        "counters",
        Map.of(
            "counter",
            report.counters().stream()
                .map(
                    counter -> {
                      Map<String, Object> each = new LinkedHashMap<>();
                      each.put("name", counter.name());
                      each.put("packets", String.valueOf(counter.packets()));
                      each.put("bytes", String.valueOf(counter.bytes()));
                      return each;
                    })
                .toList()));
  }
}
