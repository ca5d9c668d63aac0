// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.SimulatedHost;

/** Runs the stand-in until it is stopped, with simulated hosts in the default cluster. */
public final class Main {
  private static final String USAGE =
      """
      Options:
        --native on|off       whether the engine knows port_isolation (default on)
        --port NUMBER         port on the loopback interface, 0 for any (default 8080)
        --scheduler URL       external scheduler, asked from the start
        --proxy PREFIX=URL    hand everything below PREFIX to URL; may be repeated
        --hosts NUMBER        simulated hosts in the cluster Default (default 0)
        --portal DIRECTORY    serve the admin portal's stand-in with the UI plugins there
        --register            register the vNIC profile property port_isolation
      """;

  private Main() {}

  /** Starts with the options above; bad ones end with a sentence and status 2. */
  public static void main(String[] args) throws InterruptedException {
    EngineStandIn.Builder builder = EngineStandIn.builder().port(8080);
    int hosts = 0;
    try {
      List<String> options = List.of(args);
      for (int i = 0; i < options.size(); i++) {
        switch (options.get(i)) {
          case "--native" -> builder.nativePortIsolation(value(options, ++i).equals("on"));
          case "--port" -> builder.port(Integer.parseInt(value(options, ++i)));
          case "--scheduler" ->
              builder
                  .externalScheduler(URI.create(value(options, ++i)))
                  .schedulerFilterOnAllClusters();
          case "--proxy" -> {
            String[] parts = value(options, ++i).split("=", 2);
            builder.proxy(parts[0], URI.create(parts[1]));
          }
          case "--hosts" -> hosts = Integer.parseInt(value(options, ++i));
          case "--portal" -> builder.portal(Path.of(value(options, ++i)));
          case "--register" -> builder.portIsolationPropertyRegistered();
          default ->
              throw new IllegalArgumentException("There is no option " + options.get(i) + ".");
        }
      }
    } catch (RuntimeException e) {
      System.err.println(e.getMessage());
      System.err.print(USAGE);
      System.exit(2);
    }
    EngineStandIn engine = builder.start();
    for (int i = 1; i <= hosts; i++) {
      engine.addHost("host" + i, "Default", new SimulatedHost(HostCapabilities.el9()));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(engine::close));
    System.out.println("The engine stand-in listens at " + engine.url() + "/ovirt-engine/api");
    Thread.currentThread().join();
  }

  private static String value(List<String> options, int index) {
    if (index >= options.size()) {
      throw new IllegalArgumentException(
          "The option " + options.get(index - 1) + " lacks a value.");
    }
    return options.get(index);
  }
}
