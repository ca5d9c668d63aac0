// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ovirt.isolatedports.standin.engine.Engine;
import org.ovirt.isolatedports.standin.engine.Options;
import org.ovirt.isolatedports.standin.engine.Seeds;
import org.ovirt.isolatedports.standin.host.HostAgent;
import org.ovirt.isolatedports.standin.host.SimulatedHost;
import org.ovirt.isolatedports.standin.http.Calls;
import org.ovirt.isolatedports.standin.http.Faults;
import org.ovirt.isolatedports.standin.http.Server;

/**
 * An oVirt engine for tests and the demo.
 *
 * <p>It answers REST API v4 and the SSO as an ovirt-engine 4.5.8 was recorded to, runs the life
 * cycle of VMs (external scheduler, domain XML, hosts), and is no engine otherwise: no storage, no
 * fencing, no database, everything in memory and gone at {@link #close}. What it serves is the list
 * in {@link org.ovirt.isolatedports.standin.engine.Api}.
 */
public final class EngineStandIn implements AutoCloseable {
  /** The pattern the product registers for its profile property. */
  public static final String PORT_ISOLATION_PATTERN =
      "^(true|isolated|promiscuous|community:[A-Za-z0-9_-]{1,32})$";

  private final Engine engine;
  private final Server server;

  private EngineStandIn(Engine engine, Server server) {
    this.engine = engine;
    this.server = server;
  }

  /** Starts with an engine that knows {@code port_isolation}, on any free port. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where it is: REST under {@code /ovirt-engine/api}, SSO under {@code /ovirt-engine/sso}. */
  public URI url() {
    return server.url();
  }

  /**
   * A host joins a cluster: it is up at once, with what its agent reports.
   *
   * @throws IllegalArgumentException if there is no such cluster
   */
  public void addHost(String name, String clusterName, HostAgent agent) {
    engine.seeds().host(name, clusterName, agent);
  }

  /** What a restart of the engine does: takes new options into effect, asks {@code discover}. */
  public void restart() {
    engine.restart();
  }

  /** What the engine does each minute: asks external balancers, where a policy names one. */
  public void balanceClusters() {
    engine.balanceClusters();
  }

  /** The engine's options, as {@code engine-config} and the table {@code vdc_options} show them. */
  public Options engineConfig() {
    return engine.options();
  }

  /** Default profiles come so long after the answer from now on; see the builder's. */
  public void makeDefaultProfilesAfter(Duration least, Duration most) {
    engine.makeDefaultProfilesAfter(new Engine.Delay(least, most));
  }

  /** Entities without REST: for load tests, and for states a test wants to start from. */
  public Seeds seeds() {
    return engine.seeds();
  }

  /** Ways to break it. */
  public Faults faults() {
    return server.faults();
  }

  /** What clients have asked so far. */
  public Calls calls() {
    return server.calls();
  }

  /** Refuses connections until {@link #acceptConnections}: an engine that is down. */
  public void refuseConnections() {
    server.refuseConnections();
  }

  /** Comes back on the same port. */
  public void acceptConnections() {
    server.acceptConnections();
  }

  /**
   * Comes back after {@link #refuseConnections} as an engine that starts slowly: it accepts
   * connections and queues what it is asked, until {@link #finishStart}.
   */
  public void startSlowly() {
    server.acceptWhileStarting();
  }

  /** The start is over: what has queued is run, also for clients that have given up. */
  public void finishStart() {
    server.started();
  }

  /** How many requests waited for a worker of the engine at once, at most, since its start. */
  public int mostQueued() {
    return server.mostQueued();
  }

  /** Whether all workers wait for each other, so that only killing it helps. */
  public boolean hangs() {
    return server.hangs();
  }

  /** Hands everything below a path to another server, as the engine's httpd does for a plugin. */
  public void proxy(String prefix, URI target) {
    server.proxy(prefix, target);
  }

  @Override
  public void close() {
    server.close();
    engine.close();
  }

  /** How to start. */
  public static final class Builder {
    private boolean nativePortIsolation = true;
    private int port;
    private Optional<URI> externalScheduler = Optional.empty();
    private boolean schedulerFilterOnAllClusters;
    private Optional<String> registeredProperty = Optional.empty();
    private Optional<Path> uiPlugins = Optional.empty();
    private Engine.AgentFactory agents = address -> new SimulatedHost();
    private final Map<String, URI> proxies = new LinkedHashMap<>();
    private final Map<String, Engine.UserSeed> users = new LinkedHashMap<>();
    private String clientId = "ovirt-isolated-ports";
    private String clientSecret = "ovirt-isolated-ports";
    private int workers = 64;
    private Duration wrongPassword = Duration.ofSeconds(5);
    private Engine.Delay defaultProfile =
        new Engine.Delay(Duration.ofMillis(300), Duration.ofSeconds(2));

    private Builder() {
      user("admin", "admin", "admin", true);
      user("user1", "user1", "user1", false);
      user("user2", "user2", "user2", false);
      user("user3", "U3", "user3", false);
    }

    /**
     * Whether the engine knows {@code port_isolation}: 4.5.8 with levels up to 4.8 if it does, else
     * 4.4.2 with levels up to 4.4, to which the field is an unknown one.
     */
    public Builder nativePortIsolation(boolean knows) {
      nativePortIsolation = knows;
      return this;
    }

    /** The port on the loopback interface; 0 for any. */
    public Builder port(int wanted) {
      port = wanted;
      return this;
    }

    /** Switches {@code ExternalSchedulerEnabled} on, with this URL, from the start. */
    public Builder externalScheduler(URI uri) {
      externalScheduler = Optional.of(uri);
      return this;
    }

    /** Puts the filters that {@code discover} offers into the default policy of all clusters. */
    public Builder schedulerFilterOnAllClusters() {
      schedulerFilterOnAllClusters = true;
      return this;
    }

    /** Registers the profile property {@code port_isolation} from the start. */
    public Builder portIsolationPropertyRegistered() {
      registeredProperty = Optional.of(PORT_ISOLATION_PATTERN);
      return this;
    }

    /** The agents behind hosts that are added over REST, by address; simulated hosts otherwise. */
    public Builder agents(Engine.AgentFactory factory) {
      agents = factory;
      return this;
    }

    /** Hands everything below the prefix to the target; see {@link EngineStandIn#proxy}. */
    public Builder proxy(String prefix, URI target) {
      proxies.put(prefix, target);
      return this;
    }

    /**
     * Serves a stand-in of the admin portal at {@code /ovirt-engine/webadmin/} with the UI plugins
     * of a folder, which is laid out as the engine's {@code ui-plugins}.
     */
    public Builder portal(Path folder) {
      uiPlugins = Optional.of(folder);
      return this;
    }

    /**
     * A user of the profile {@code internal}; replaces one with the same login.
     *
     * @param known whether the engine has the user in its own table from the start
     */
    public Builder user(String login, String firstName, String password, boolean known) {
      users.put(login, new Engine.UserSeed(login, firstName, password, known));
      return this;
    }

    /** The SSO client that may ask for token-info. */
    public Builder ssoClient(String id, String secret) {
      clientId = id;
      clientSecret = secret;
      return this;
    }

    /** How many requests it runs at once; the recorded engine had 16 threads for them. */
    public Builder workers(int number) {
      workers = number;
      return this;
    }

    /** How long the SSO takes to refuse a wrong password; a real one takes 5 to 10 s. */
    public Builder wrongPasswordTakes(Duration duration) {
      wrongPassword = duration;
      return this;
    }

    /**
     * When a new network's default profile is there, counted from the answer that the network was
     * made; a real engine takes 0.3 to 2 s. With zero it is there with the answer.
     */
    public Builder defaultProfileAfter(Duration least, Duration most) {
      defaultProfile = new Engine.Delay(least, most);
      return this;
    }

    /** Starts the engine and its server. */
    public EngineStandIn start() {
      Engine engine =
          new Engine(
              new Engine.Settings(
                  nativePortIsolation,
                  registeredProperty,
                  externalScheduler,
                  schedulerFilterOnAllClusters,
                  List.copyOf(users.values()),
                  agents,
                  defaultProfile));
      Server server =
          new Server(engine, port, clientId, clientSecret, uiPlugins, workers, wrongPassword);
      proxies.forEach(server::proxy);
      return new EngineStandIn(engine, server);
    }
  }
}
