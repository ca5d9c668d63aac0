// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Where hosts reach us, and by what both sides know each other. */
@ApplicationScoped
public class HostSettings {

  private final String address;
  private final int port;
  private final Optional<Path> authority;
  private final Optional<Path> keystore;
  private final String password;

  @Inject
  public HostSettings(
      @ConfigProperty(name = "isolated-ports.hosts.address", defaultValue = "0.0.0.0")
          String address,
      @ConfigProperty(name = "isolated-ports.hosts.port", defaultValue = "18782") int port,
      @ConfigProperty(name = "isolated-ports.hosts.ca-file") Optional<String> authority,
      @ConfigProperty(name = "isolated-ports.hosts.keystore") Optional<String> keystore,
      @ConfigProperty(name = "isolated-ports.hosts.keystore-password") Optional<String> password) {
    this.address = address;
    this.port = port;
    this.authority = authority.map(Path::of);
    this.keystore = keystore.map(Path::of);
    this.password = password.orElse("");
  }

  /** The address to listen on. */
  public String address() {
    return address;
  }

  /** The port to listen on. */
  public int port() {
    return port;
  }

  /** PEM file with the engine's certificate authority; hosts cannot ask where it is not set. */
  public Optional<Path> authority() {
    return authority;
  }

  /** PKCS #12 file with the server's own certificate and key, of the same authority. */
  public Optional<Path> keystore() {
    return keystore;
  }

  /** The password of the keystore. */
  public String password() {
    return password;
  }
}
