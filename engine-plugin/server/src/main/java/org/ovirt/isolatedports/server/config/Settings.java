// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.config;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;

/**
 * The server's settings: system properties {@code isolated-ports.*}, or the environment with the
 * same names in capitals ({@code ISOLATED_PORTS_ENGINE_URL}).
 */
@ApplicationScoped
public class Settings {

  private final EngineSettings engine;
  private final boolean engineDatabase;
  private final int schedulerPort;
  private final Duration longestPause;
  private final Duration loginTimeout;

  @Inject
  public Settings(
      @ConfigProperty(
              name = "isolated-ports.engine.url",
              defaultValue = "https://127.0.0.1/ovirt-engine")
          URI engineUrl,
      @ConfigProperty(name = "isolated-ports.engine.timeout-ms", defaultValue = "8000")
          long engineTimeoutMillis,
      @ConfigProperty(name = "isolated-ports.engine.user") Optional<String> serviceUser,
      @ConfigProperty(name = "isolated-ports.engine.password") Optional<String> servicePassword,
      @ConfigProperty(name = "isolated-ports.engine-db.url") Optional<String> engineDatabaseUrl,
      @ConfigProperty(name = "isolated-ports.scheduler.port", defaultValue = "18781")
          int schedulerPort,
      @ConfigProperty(name = "isolated-ports.engine.ca-file") Optional<String> engineCa,
      @ConfigProperty(name = "isolated-ports.engine.longest-pause-ms", defaultValue = "60000")
          long longestPauseMillis,
      @ConfigProperty(name = "isolated-ports.engine.login-timeout-ms", defaultValue = "30000")
          long loginTimeoutMillis) {
    this.loginTimeout = Duration.ofMillis(loginTimeoutMillis);
    this.longestPause = Duration.ofMillis(longestPauseMillis);
    this.engine =
        new EngineSettings(
            engineUrl,
            Duration.ofMillis(engineTimeoutMillis),
            serviceUser,
            servicePassword,
            engineCa.map(Path::of));
    this.engineDatabase = engineDatabaseUrl.isPresent();
    this.schedulerPort = schedulerPort;
  }

  /** Settings for an engine whose certificate the JVM trusts anyway. */
  public Settings(
      URI engineUrl,
      long engineTimeoutMillis,
      Optional<String> serviceUser,
      Optional<String> servicePassword,
      Optional<String> engineDatabaseUrl,
      int schedulerPort) {
    this(
        engineUrl,
        engineTimeoutMillis,
        serviceUser,
        servicePassword,
        engineDatabaseUrl,
        schedulerPort,
        Optional.empty(),
        60_000,
        EngineHttpClient.LOGIN_LIMIT.toMillis());
  }

  /** Where the engine is and who asks it. */
  public EngineSettings engine() {
    return engine;
  }

  /** The longest pause between two looks at the health of an engine that does not answer. */
  public Duration longestPause() {
    return longestPause;
  }

  /** How long the engine's single sign-on may take to judge a password. */
  public Duration loginTimeout() {
    return loginTimeout;
  }

  /** Whether the engine's {@code vdc_options} may be read; else our own table decides. */
  public boolean engineDatabase() {
    return engineDatabase;
  }

  /** The loopback port of the external scheduler. */
  public int schedulerPort() {
    return schedulerPort;
  }
}
