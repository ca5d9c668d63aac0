// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http.caller;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.ovirt.isolatedports.server.config.Settings;

/** Who may call us, and how often; set like {@link Settings}. */
@ApplicationScoped
public class AccessSettings {

  /** Our proxies where none are set: the engine's httpd on the same machine. */
  static final List<String> PROXIES = List.of("127.0.0.1", "::1");

  /**
   * Our registration at the engine's single sign-on.
   *
   * @param id the client's id
   * @param secret its secret
   */
  public record SsoClient(String id, String secret) {

    /** Without the secret, so that no log has it. */
    @Override
    public String toString() {
      return id;
    }
  }

  private final Optional<SsoClient> ssoClient;
  private final int requestsPerSecond;
  private final int failedLoginsPerMinute;
  private final int requestsAtOnce;
  private final List<String> proxies;

  @Inject
  public AccessSettings(
      @ConfigProperty(name = "isolated-ports.sso.client-id") Optional<String> clientId,
      @ConfigProperty(name = "isolated-ports.sso.client-secret") Optional<String> clientSecret,
      @ConfigProperty(name = "isolated-ports.limit.requests-per-second", defaultValue = "200")
          int requestsPerSecond,
      @ConfigProperty(name = "isolated-ports.limit.failed-logins-per-minute", defaultValue = "10")
          int failedLoginsPerMinute,
      @ConfigProperty(name = "isolated-ports.limit.requests-at-once", defaultValue = "96")
          int requestsAtOnce,
      @ConfigProperty(name = "isolated-ports.proxies", defaultValue = "127.0.0.1,::1")
          List<String> proxies) {
    this.ssoClient = clientId.flatMap(id -> clientSecret.map(secret -> new SsoClient(id, secret)));
    this.requestsPerSecond = requestsPerSecond;
    this.failedLoginsPerMinute = failedLoginsPerMinute;
    this.requestsAtOnce = requestsAtOnce;
    this.proxies = List.copyOf(proxies);
  }

  /** The client that may ask for token-info; without it, what lives only with us is read-only. */
  public Optional<SsoClient> ssoClient() {
    return ssoClient;
  }

  /** How many requests a client address may send, on average over a few seconds. */
  public int requestsPerSecond() {
    return requestsPerSecond;
  }

  /** How many logins may fail from a client address. */
  public int failedLoginsPerMinute() {
    return failedLoginsPerMinute;
  }

  /** The addresses of our proxies, whose {@code X-Forwarded-For} is believed. */
  public List<String> proxies() {
    return proxies;
  }

  /** How many requests are served at once; fewer than there are threads. */
  public int requestsAtOnce() {
    return requestsAtOnce;
  }
}
