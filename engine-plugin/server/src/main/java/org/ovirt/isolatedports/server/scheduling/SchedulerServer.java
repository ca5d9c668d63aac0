// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.scheduling;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EngineGate;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EventFollower;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.rules.SchedulingState;
import org.ovirt.isolatedports.scheduling.AssessedHost;
import org.ovirt.isolatedports.scheduling.FitnessRequirements;
import org.ovirt.isolatedports.server.config.Settings;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EngineReader;
import org.ovirt.isolatedports.server.isolation.IsolatedNetwork;
import org.ovirt.isolatedports.server.isolation.IsolatedNetworks;
import org.ovirt.isolatedports.server.scheduling.decision.DecisionLog;
import org.ovirt.isolatedports.server.scheduling.decision.SchedulerService;
import org.ovirt.isolatedports.server.scheduling.inventory.EngineLook;
import org.ovirt.isolatedports.server.scheduling.inventory.EventPost;
import org.ovirt.isolatedports.server.scheduling.inventory.InventoryKeeper;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerActivity;
import org.ovirt.isolatedports.server.scheduling.inventory.SchedulerStatus;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.SchedulerEndpoint;
import org.ovirt.isolatedports.server.scheduling.xmlrpc.SchedulerEndpointConfig;
import org.ovirt.isolatedports.server.violations.SchedulingView;

/**
 * Puts the scheduler together and runs it as long as the server runs.
 *
 * <p>It listens as soon as the server is there, before anything was read from the engine: the
 * engine asks for our filter once, at its own start, and disables it if nobody answers.
 */
@ApplicationScoped
public class SchedulerServer implements SchedulingView, EventFollower.Listener {

  private static final Logger LOG = Logger.getLogger(SchedulerServer.class.getName());

  /** Below the scheduler's deadline, so that a look given up does not go on for long. */
  private static final Duration LOOK_LIMIT = Duration.ofMillis(1_500);

  private static final long RETRY_SECONDS = 5;

  private final Settings settings;
  private final EngineGate gate;
  private final ServiceEngine engine;
  private final EngineMirror mirror;
  private final EngineReader reader;
  private final ServiceAccount account;
  private final IsolatedNetworks networks;

  @Resource ManagedThreadFactory threads;
  @Resource ManagedScheduledExecutorService executor;

  private final DecisionLog decisions = new DecisionLog();
  private final SchedulerActivity activity = new SchedulerActivity();
  private EngineHttpClient lookClient;
  private EventPost events;
  private SchedulerService service;
  private volatile InventoryKeeper keeper;
  private SchedulerEndpoint endpoint;
  private volatile boolean listening;
  private Optional<ScheduledFuture<?>> retry = Optional.empty();
  private boolean stopped;

  @Inject
  public SchedulerServer(
      Settings settings,
      EngineGate gate,
      ServiceEngine engine,
      EngineMirror mirror,
      EngineReader reader,
      ServiceAccount account,
      IsolatedNetworks networks) {
    this.settings = settings;
    this.gate = gate;
    this.engine = engine;
    this.mirror = mirror;
    this.reader = reader;
    this.account = account;
    this.networks = networks;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    lookClient = new EngineHttpClient(settings.engine(), LOOK_LIMIT, gate, EngineGate.Lane.LOOKS);
    events = new EventPost(new EngineLook(engine)::post, Clock.systemUTC(), Duration.ofSeconds(2));
    InventoryKeeper inventory =
        new InventoryKeeper(
            mirror,
            reader,
            this::ownNetworks,
            FitnessRequirements.DEFAULT,
            InventoryKeeper.Intervals.DEFAULT,
            activity,
            vm -> service.forget(vm),
            threads,
            Clock.systemUTC());
    service =
        new SchedulerService(
            new EngineLook(new ServiceEngine(lookClient, account)),
            inventory,
            FitnessRequirements.DEFAULT,
            decisions,
            events,
            activity,
            Clock.systemUTC());
    // Last, as the follower of events may run already and what it tells the keeper needs the rest.
    keeper = inventory;
    keeper.start();
    listen();
  }

  /** The port may be taken, as by a scheduler that is to be replaced: then until it is free. */
  private synchronized void listen() {
    if (stopped) {
      return;
    }
    SchedulerEndpoint next =
        new SchedulerEndpoint(
            SchedulerEndpointConfig.DEFAULT.at("127.0.0.1", settings.schedulerPort()), service);
    try {
      next.start();
      endpoint = next;
      listening = true;
    } catch (RuntimeException e) {
      LOG.log(
          Level.SEVERE,
          "The external scheduler cannot listen on port "
              + settings.schedulerPort()
              + ", next try in "
              + RETRY_SECONDS
              + " s. Check whether another scheduler (ovirt-scheduler-proxy) runs.",
          e);
      retry = Optional.of(executor.schedule(this::listen, RETRY_SECONDS, TimeUnit.SECONDS));
    }
  }

  private Map<String, String> ownNetworks() {
    return networks.all().stream()
        .collect(
            Collectors.toMap(
                network -> network.networkId().toString(), IsolatedNetwork::name, (a, b) -> a));
  }

  /** The last decisions. */
  public DecisionLog decisions() {
    return decisions;
  }

  /** Whether the engine can reach us. */
  public boolean isListening() {
    return listening;
  }

  /** Empty until we have started; the guard and the follower of events may run before. */
  private Optional<InventoryKeeper> started() {
    return Optional.ofNullable(keeper);
  }

  @Override
  public List<AssessedHost> hosts() {
    return started().map(it -> List.copyOf(it.current().hosts().values())).orElse(List.of());
  }

  @Override
  public SchedulingState scheduling() {
    return started()
        .map(InventoryKeeper::status)
        .map(status -> new SchedulingState(status.filter(), status.clustersWithout()))
        .orElse(SchedulingState.UNKNOWN);
  }

  @Override
  public void happened(List<AuditEvent> happened) {
    started().ifPresent(it -> it.happened(happened));
  }

  @Override
  public void lostTrack() {
    started()
        .ifPresent(
            it -> {
              service.forgetAll();
              it.lostTrack();
            });
  }

  /** Whether scheduling by us is in effect. */
  public SchedulerStatus status() {
    return keeper.status();
  }

  /** Takes note of a network that was isolated just now. */
  public void networksChanged() {
    keeper.refreshSoon();
  }

  @PreDestroy
  synchronized void stop() {
    stopped = true;
    retry.ifPresent(pending -> pending.cancel(false));
    listening = false;
    if (endpoint != null) {
      endpoint.close();
    }
    keeper.close();
    service.close();
    events.close();
    lookClient.close();
  }
}
