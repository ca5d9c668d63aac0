// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.rig.PluginServer;
import org.ovirt.isolatedports.rig.Ports;

/**
 * The engine's certificate authority, made with {@code openssl}: what it gave our server, and what
 * it gave the hosts.
 */
final class HostCertificates {

  private static final String PKI = "/etc/pki/vdsm/";
  private static final String PASSWORD = "mypass";

  private final Path directory;
  private final int port = Ports.free();

  /** An authority whose files go into a directory, which is made. */
  HostCertificates(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    issue("ca", List.of("-addext", "basicConstraints=critical,CA:TRUE"));
  }

  private void issue(String name, List<String> more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-noenc",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-keyout",
                name + ".key",
                "-out",
                name + ".pem"));
    command.addAll(more);
    run(command);
  }

  private void issueByAuthority(String name, String extension) {
    issue(name, List.of("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", extension));
  }

  private void run(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      String said =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      Stage.require(process.waitFor() == 0, "'" + String.join(" ", command) + "' failed: " + said);
    } catch (IOException e) {
      throw new UncheckedIOException("openssl cannot be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while making certificates.", e);
    }
  }

  /** Lets the server listen for hosts; before it starts. */
  void giveTo(PluginServer server) {
    issueByAuthority("server", "subjectAltName=IP:127.0.0.1");
    run(
        List.of(
            "openssl",
            "pkcs12",
            "-export",
            "-in",
            "server.pem",
            "-inkey",
            "server.key",
            "-name",
            "server",
            "-passout",
            "pass:" + PASSWORD,
            "-out",
            "server.p12"));
    server
        .with("isolated-ports.hosts.port", String.valueOf(port))
        .with("isolated-ports.hosts.address", "127.0.0.1")
        .with("isolated-ports.hosts.ca-file", directory.resolve("ca.pem").toString())
        .with("isolated-ports.hosts.keystore", directory.resolve("server.p12").toString())
        .with("isolated-ports.hosts.keystore-password", PASSWORD);
  }

  /**
   * Gives a host VDSM's key and certificate and starts what fetches its ruleset with them, as its
   * unit does.
   */
  void startFetch(LabHost host) {
    issueByAuthority(host.name(), "extendedKeyUsage=clientAuth,serverAuth");
    host.write(PKI + "certs/cacert.pem", read("ca.pem"));
    host.write(PKI + "certs/vdsmcert.pem", read(host.name() + ".pem"));
    host.write(PKI + "keys/vdsmkey.pem", read(host.name() + ".key"));
    host.write(
        "/etc/isolated-ports/host.conf", "[server]\nserver = https://127.0.0.1:" + port + "\n");
    host.run("mkdir", "-p", "/run/isolated-ports-fetch");
    host.run("chown", "-R", "36:36", PKI + "keys", "/run/isolated-ports-fetch");
    host.run("chmod", "0600", PKI + "keys/vdsmkey.pem");
    host.spawnOverManagement(
        host.path("/run/lab/fetch.log"),
        "setpriv",
        "--reuid=36",
        "--regid=36",
        "--clear-groups",
        "--",
        "/usr/sbin/isolated-ports-host",
        "fetch");
  }

  private String read(String name) {
    try {
      return Files.readString(directory.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }
}
