// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.config;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * The server's settings: system properties {@code isolated-ports.*}, or the environment with the
 * same names in capitals ({@code ISOLATED_PORTS_ENGINE_URL}).
 */
@ApplicationScoped
public class Settings {

  private final URI engineUrl;
  private final Duration engineTimeout;
  private final Optional<String> serviceUser;
  private final Optional<String> servicePassword;
  private final boolean engineDatabase;
  private final int schedulerPort;
  private final Optional<Path> engineCa;

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
      @ConfigProperty(name = "isolated-ports.engine.ca-file") Optional<String> engineCa) {
    this.engineUrl = engineUrl;
    this.engineTimeout = Duration.ofMillis(engineTimeoutMillis);
    this.serviceUser = serviceUser;
    this.servicePassword = servicePassword;
    this.engineDatabase = engineDatabaseUrl.isPresent();
    this.schedulerPort = schedulerPort;
    this.engineCa = engineCa.map(Path::of);
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
        Optional.empty());
  }

  /** For the container's proxy only. */
  protected Settings() {
    this(URI.create("http://unset"), 0, Optional.empty(), Optional.empty(), Optional.empty(), 0);
  }

  /** Where the engine is, such as {@code https://engine.example.com/ovirt-engine}. */
  public URI engineUrl() {
    return engineUrl;
  }

  /** How long one request to the engine may take in all. */
  public Duration engineTimeout() {
    return engineTimeout;
  }

  /** The account for what no caller asks for, such as the scheduler's look at a VM. */
  public Optional<String> serviceUser() {
    return serviceUser;
  }

  /** The password of {@link #serviceUser()}. */
  public Optional<String> servicePassword() {
    return servicePassword;
  }

  /** Whether the engine's {@code vdc_options} may be read; else our own table decides. */
  public boolean engineDatabase() {
    return engineDatabase;
  }

  /** The loopback port of the external scheduler. */
  public int schedulerPort() {
    return schedulerPort;
  }

  /**
   * The PEM file with the certificates that vouch for the engine's, such as {@code
   * /etc/pki/ovirt-engine/ca.pem}; empty to trust whom the JVM trusts.
   */
  public Optional<Path> engineCa() {
    return engineCa;
  }
}
