// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.inventory.VmWithVnics;
import org.ovirt.isolatedports.inventory.WatchedHost;
import org.ovirt.isolatedports.server.engine.EngineMirror;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostPicture;
import org.ovirt.isolatedports.server.rulesets.HostRuleset;
import org.ovirt.isolatedports.server.rulesets.RulesetKeeper;

/** Runs the listener for hosts as long as the server runs, where it is set up. */
@ApplicationScoped
public class HostServer implements HostEndpoint.Desk {

  private static final Logger LOG = Logger.getLogger(HostServer.class.getName());

  private static final int WORKERS = 8;
  private static final long RETRY_SECONDS = 10;
  private static final String OFF =
      "isolated-ports.hosts.ca-file and isolated-ports.hosts.keystore are not set: hosts cannot"
          + " fetch rulesets.";

  private final HostSettings settings;
  private final RulesetKeeper keeper;
  private final EngineMirror mirror;
  private final PortReports reports;
  private final PolicyEvents events;
  private final Clock clock = Clock.systemUTC();

  @Resource ManagedScheduledExecutorService executor;

  private Optional<HostTls> tls = Optional.empty();
  private Optional<HostEndpoint> endpoint = Optional.empty();
  private Optional<ScheduledFuture<?>> again = Optional.empty();
  private volatile Optional<String> failure = Optional.of("The listener for hosts did not start.");
  private boolean stopped;

  @Inject
  public HostServer(
      HostSettings settings,
      RulesetKeeper keeper,
      EngineMirror mirror,
      PortReports reports,
      PolicyEvents events) {
    this.settings = settings;
    this.keeper = keeper;
    this.mirror = mirror;
    this.reports = reports;
    this.events = events;
  }

  void start(@Observes @Initialized(ApplicationScoped.class) Object event) {
    if (settings.authority().isEmpty() || settings.keystore().isEmpty()) {
      failure = Optional.of(OFF);
      LOG.log(Level.INFO, OFF);
      return;
    }
    keeper.onChange(this::changed);
    look();
  }

  /** Listens, or takes up renewed certificates; and looks again later. */
  private synchronized void look() {
    if (stopped) {
      return;
    }
    try {
      if (endpoint.isEmpty()) {
        listen();
      } else {
        tls.orElseThrow().renew();
      }
      failure = Optional.empty();
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      String why =
          (endpoint.isEmpty()
                  ? "Hosts cannot ask at port " + settings.port() + ": "
                  : "Certificates that were renewed cannot be read: ")
              + e.getMessage();
      if (!failure.equals(Optional.of(why))) {
        LOG.log(Level.WARNING, why, e);
      }
      failure = Optional.of(why);
    }
    reports.keep(mirror.picture().hosts().keySet());
    // Not under the lock, as the engine may be asked for it.
    executor.execute(this::tell);
    again = Optional.of(executor.schedule(this::look, RETRY_SECONDS, TimeUnit.SECONDS));
  }

  private void tell() {
    try {
      events.look();
    } catch (RuntimeException e) {
      LOG.log(Level.FINE, "It cannot be told now what is in force: {0}", e.getMessage());
    }
  }

  private void listen() throws IOException, GeneralSecurityException {
    HostTls next =
        new HostTls(
            settings.authority().orElseThrow(),
            settings.keystore().orElseThrow(),
            settings.password());
    HostEndpoint listening =
        new HostEndpoint(settings.address(), settings.port(), next.context(), WORKERS, this, clock);
    listening.start();
    tls = Optional.of(next);
    endpoint = Optional.of(listening);
  }

  private void changed(Set<String> hostIds) {
    Optional<HostEndpoint> listening;
    synchronized (this) {
      listening = endpoint;
    }
    listening.ifPresent(each -> each.changed(hostIds));
  }

  @PreDestroy
  synchronized void stop() {
    stopped = true;
    again.ifPresent(pending -> pending.cancel(false));
    endpoint.ifPresent(HostEndpoint::close);
  }

  /** Why hosts cannot ask, or what of it does not work; empty if all is well. */
  public Optional<String> failure() {
    return failure;
  }

  /** Whether hosts are to ask at all. */
  public boolean isSetUp() {
    return settings.authority().isPresent() && settings.keystore().isPresent();
  }

  @Override
  public Collection<WatchedHost> hosts() {
    return mirror.picture().hosts().values().stream().map(HostPicture::host).toList();
  }

  @Override
  public Optional<HostRuleset> ruleset(String hostId) {
    return keeper.book().of(hostId);
  }

  @Override
  public Optional<HostRuleset> ruleset(String hostId, String revision) {
    return keeper.book().of(hostId, revision);
  }

  @Override
  public void fetched(String hostId, String revision) {
    reports.fetched(hostId, revision, clock.instant());
  }

  @Override
  public Set<String> report(PortReport report) {
    Set<String> known = new HashSet<>();
    for (VmWithVnics vm : mirror.picture().vms().values()) {
      vm.vnics().forEach(vnic -> known.add(vnic.id()));
    }
    reports.received(report, clock.instant());
    keeper.canDo(report.hostId(), report.abilities());
    return report.ports().stream()
        .flatMap(port -> port.nicId().stream())
        .filter(nic -> !known.contains(nic))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
