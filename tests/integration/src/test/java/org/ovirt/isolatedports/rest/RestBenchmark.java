// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;
import org.ovirt.isolatedports.rig.Database;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.standin.EngineStandIn;

/**
 * {@code GET /networks} through us and at the engine's stand-in itself, in turn, so that a busy
 * machine slows both. Half of the networks are isolated, by our hook, so that each answer is
 * merged.
 */
final class RestBenchmark {

  private static final int NETWORKS = 1_000;
  private static final int REQUESTS = 300;
  private static final int WARM_UP = 100;
  private static final double NANOS_PER_MILLI = 1e6;

  private RestBenchmark() {}

  /** Arguments: how many networks, how many requests. */
  public static void main(String[] arguments) throws IOException {
    int networks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : NETWORKS;
    int requests = arguments.length > 1 ? Integer.parseInt(arguments[1]) : REQUESTS;
    Path work = Files.createTempDirectory("isolated-ports-benchmark");
    try (Database database = Database.start(work);
        EngineStandIn engine =
            EngineStandIn.builder()
                .nativePortIsolation(false)
                .portIsolationPropertyRegistered()
                .start();
        PluginServer server = new PluginServer(Rig.project(), work, database, url(engine))) {
      server.start();
      for (int i = 0; i < networks; i++) {
        engine.seeds().network("network" + i, "Default", false);
      }
      String token = "Bearer " + Api.token(url(engine), "admin");
      Api direct = new Api(URI.create(url(engine) + "/api"), token);
      Api us = new Api(server.url().resolve("/ovirt-isolated-ports/api"), token);
      isolateHalf(database, direct, engine.seeds().dataCenter("Default").toString());
      System.err.println("Measuring " + requests + " requests for " + networks + " networks ...");
      measure(us, direct, WARM_UP);
      long before = engine.calls().count("GET", "/ovirt-engine/api/networks");
      us.get("/networks");
      long calls = engine.calls().count("GET", "/ovirt-engine/api/networks") - before;
      double[][] millis = measure(us, direct, requests);
      System.out.printf(
          Locale.ROOT,
          "{\"networks\":%d,\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"stand_in_p99_ms\":%.1f,"
              + "\"engine_calls\":%d}%n",
          networks,
          percentile(millis[0], 50),
          percentile(millis[0], 99),
          percentile(millis[1], 99),
          calls);
    } finally {
      try (Stream<Path> files = Files.walk(work)) {
        for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private static URI url(EngineStandIn engine) {
    return URI.create("http://127.0.0.1:" + engine.url().getPort() + "/ovirt-engine");
  }

  private static void isolateHalf(Database database, Api direct, String dataCenter) {
    int number = 0;
    for (var network : direct.get("/networks").json().path("network")) {
      if (number++ % 2 == 0) {
        database.execute(
            Database.OWN,
            "INSERT INTO isolated_network VALUES ('"
                + network.path("id").asText()
                + "', '"
                + dataCenter
                + "', '"
                + network.path("name").asText()
                + "', 'hook', now(), 0)");
      }
    }
  }

  /** Milliseconds of each request, ours and the stand-in's. */
  private static double[][] measure(Api us, Api direct, int requests) {
    double[][] millis = new double[2][requests];
    for (int i = 0; i < requests; i++) {
      millis[0][i] = millis(us);
      millis[1][i] = millis(direct);
    }
    return millis;
  }

  private static double millis(Api api) {
    long start = System.nanoTime();
    Api.Answer answer = api.get("/networks");
    double taken = (System.nanoTime() - start) / NANOS_PER_MILLI;
    if (answer.status() != 200) {
      throw new IllegalStateException("Not an answer to measure: " + answer.status());
    }
    return taken;
  }

  private static double percentile(double[] values, int percent) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }
}
