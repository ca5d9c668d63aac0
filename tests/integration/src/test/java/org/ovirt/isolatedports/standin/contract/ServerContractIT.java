// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;

/**
 * The contract of our server with the real engine: every recording of a request that we serve goes
 * through us, all others to the engine behind us, in their order; we answer as was recorded, but
 * for our own fields, or the recording stands in {@code left-out-by-server} with the reason.
 */
class ServerContractIT {

  private static final String ENGINE_API = "/ovirt-engine/api";
  private static final String OUR_API = "/ovirt-isolated-ports/api";
  private static final String ID = "/[^/?;]+";

  /** What we serve, as docs/rest-api.md lists it. */
  private static final Pattern SERVED =
      Pattern.compile(
          "/?|(/datacenters"
              + ID
              + ")?/networks("
              + ID
              + "(/vnicprofiles("
              + ID
              + ")?)?)?|/vnicprofiles("
              + ID
              + ")?|/clusters|/clusters"
              + ID
              + "(/networks("
              + ID
              + ")?)?|/vms"
              + ID
              + "(/nics("
              + ID
              + "(/(de)?activate)?)?)?");

  private static final Set<String> NOT_SERVED =
      Set.of("POST /clusters", "OPTIONS ", "OPTIONS /", "DELETE /vms", "DELETE /clusters");

  private static final class Through implements Story.Before {

    private final URI server;
    private final List<LeftOut> leftOut = LeftOut.load("/contract/left-out-by-server");
    private final Set<LeftOut> used = new HashSet<>();
    private int sent;

    Through(URI server) {
      this.server = server;
    }

    @Override
    public Optional<URI> of(Exchange exchange, String path) {
      if (!isServed(exchange)) {
        return Optional.empty();
      }
      Optional<LeftOut> out = LeftOut.of(leftOut, exchange.name());
      out.ifPresent(used::add);
      if (out.isPresent()) {
        return Optional.empty();
      }
      sent++;
      return Optional.of(server.resolve(OUR_API + path.substring(ENGINE_API.length())));
    }

    private static boolean isServed(Exchange exchange) {
      if (!exchange.path().startsWith(ENGINE_API)) {
        return false;
      }
      String path = exchange.path().substring(ENGINE_API.length()).replaceFirst("[?].*", "");
      String kind = exchange.method() + " " + path.replaceFirst("(^/[a-z]+)" + ID + "$", "$1");
      return SERVED.matcher(path).matches() && !NOT_SERVED.contains(kind);
    }

    @Override
    public String asEngine(String body) {
      return body.replace(OUR_API, ENGINE_API)
          .replaceAll("<(enforcement|enforcement_reason)>[^<]*</\\1>\\s*", "")
          .replaceAll("(?s)<warnings>.*?</warnings>\\s*", "")
          .replaceAll(",?\\s*\"(enforcement|enforcement_reason)\" : \"[^\"]*\"", "")
          .replaceAll("(?s),?\\s*\"warnings\" : \\{.*?\\}", "");
    }

    /** The engine's Location doubles the path; Link and cookies are of its own front. */
    @Override
    public Set<String> ownHeaders() {
      return Set.of("Location", "Link", "Set-Cookie");
    }
  }

  @TempDir Path work;

  @Test
  void everyRecordingOfARequestWeServeIsAnsweredAsRecordedOrLeftOut() throws Exception {
    int enginePort = Ports.free();
    List<LeftOut> byStandIn = LeftOut.load("/recordings/left-out");
    List<String> wrong = new ArrayList<>();
    try (Database database = Database.start(work);
        PluginServer server =
            new PluginServer(
                    Path.of(System.getProperty("isolated-ports.project")),
                    work,
                    database,
                    URI.create("http://127.0.0.1:" + enginePort + "/ovirt-engine"))
                .with("isolated-ports.limit.failed-logins-per-minute", "1000")) {
      Through through = new Through(server.url());
      try (Story story = new Story(enginePort, through)) {
        server.start();
        for (Exchange exchange : Exchange.all()) {
          List<String> differences = story.play(exchange);
          if (!differences.isEmpty()
              && Through.isServed(exchange)
              && LeftOut.of(byStandIn, exchange.name()).isEmpty()) {
            wrong.add(
                exchange.name()
                    + " "
                    + exchange.method()
                    + " "
                    + exchange.path()
                    + ": "
                    + differences);
          }
        }
      }
      assertThat(wrong).isEmpty();
      assertThat(through.sent).as("recordings that went through us").isGreaterThan(250);
      assertThat(through.leftOut)
          .as("every pattern left out meets a recording and says why")
          .allSatisfy(each -> assertThat(through.used).contains(each))
          .allSatisfy(each -> assertThat(each.reason()).isNotBlank());
    }
  }
}
