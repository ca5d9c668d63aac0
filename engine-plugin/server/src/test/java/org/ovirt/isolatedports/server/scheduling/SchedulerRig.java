// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.ovirt.isolatedports.engine.EngineGate;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.scheduling.decision.DecisionLog;
import org.ovirt.isolatedports.server.scheduling.decision.SchedulerService;
import org.ovirt.isolatedports.server.scheduling.inventory.DaemonThreads;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineLook;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineView;
import org.ovirt.isolatedports.server.scheduling.inventory.EventPost;
import org.ovirt.isolatedports.server.scheduling.inventory.InventoryKeeper;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerActivity;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.SchedulerEndpoint;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.SchedulerEndpointConfig;

/** The scheduler as the server puts it together, without the server, looking often. */
final class SchedulerRig implements AutoCloseable {

  static final InventoryKeeper.Intervals OFTEN =
      new InventoryKeeper.Intervals(
          Duration.ofMillis(50),
          Duration.ofMillis(500),
          Duration.ofMillis(500),
          Duration.ofSeconds(30),
          Duration.ofMillis(200));

  private final EngineGate gate;
  private final EngineHttpClient http;
  private final EngineHttpClient lookHttp;
  private final EventPost events;
  private final ScheduledExecutorService following;
  private final InventoryKeeper keeper;
  private final SchedulerService service;
  private final SchedulerEndpoint endpoint;
  private final DecisionLog decisions = new DecisionLog();

  /**
   * Listens and reads at once.
   *
   * @param engine the engine, such as {@code http://127.0.0.1:8080/ovirt-engine}
   * @param port where to listen; 0 for any free port
   */
  SchedulerRig(URI engine, int port, InventoryKeeper.Intervals intervals) {
    this(engine, port, intervals, view -> view);
  }

  /**
   * The same with something between the scheduler and its view of the engine.
   *
   * @param between wraps the view
   */
  SchedulerRig(
      URI engine,
      int port,
      InventoryKeeper.Intervals intervals,
      UnaryOperator<EngineView> between) {
    EngineSettings settings =
        new EngineSettings(
            engine,
            Duration.ofSeconds(8),
            Optional.of("admin@internal"),
            Optional.of("admin"),
            Optional.empty());
    gate = new EngineGate(settings, Duration.ofMillis(300));
    http = new EngineHttpClient(settings, gate);
    lookHttp =
        new EngineHttpClient(settings, Duration.ofMillis(1_500), gate, EngineGate.Lane.LOOKS);
    ServiceAccount account = new ServiceAccount(new SingleSignOn(http), settings);
    ServiceEngine serviceEngine = new ServiceEngine(http, account);
    EngineReader reader = new EngineReader(serviceEngine);
    EngineMirror mirror = new EngineMirror(reader, Clock.systemUTC());
    events =
        new EventPost(
            new EngineLook(serviceEngine)::post, Clock.systemUTC(), Duration.ofMillis(100));
    SchedulerActivity activity = new SchedulerActivity();
    keeper =
        new InventoryKeeper(
            mirror,
            reader,
            Map::of,
            FitnessRequirements.DEFAULT,
            intervals,
            activity,
            vm -> service().forget(vm),
            task -> DaemonThreads.named("inventory", task),
            Clock.systemUTC());
    service =
        new SchedulerService(
            between.apply(new EngineLook(new ServiceEngine(lookHttp, account))),
            keeper,
            FitnessRequirements.DEFAULT,
            decisions,
            events,
            activity,
            Clock.systemUTC());
    endpoint =
        new SchedulerEndpoint(SchedulerEndpointConfig.DEFAULT.at("127.0.0.1", port), service);
    endpoint.start();
    keeper.start();
    EventFollower follower =
        new EventFollower(
            serviceEngine, List.of(mirror, keeper), intervals.tick(), Clock.systemUTC());
    following =
        Executors.newSingleThreadScheduledExecutor(task -> DaemonThreads.named("follower", task));
    ScheduledFuture<?> unused =
        following.scheduleWithFixedDelay(
            follower::poll, 0, intervals.tick().toMillis(), TimeUnit.MILLISECONDS);
  }

  SchedulerService service() {
    return service;
  }

  EngineGate gate() {
    return gate;
  }

  InventoryKeeper keeper() {
    return keeper;
  }

  DecisionLog decisions() {
    return decisions;
  }

  int port() {
    return endpoint.port();
  }

  @Override
  public void close() {
    endpoint.close();
    following.shutdownNow();
    keeper.close();
    service.close();
    events.close();
    http.close();
    lookHttp.close();
    gate.close();
  }
}
