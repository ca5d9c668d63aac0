// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.ovirt.isolatedports.rig.Ports;

/** A real Apache httpd before our server, configured as the engine's is for us. */
final class Httpd implements AutoCloseable {

  private static final String PROGRAM = "/usr/sbin/apache2";
  private static final String MODULES = "/usr/lib/apache2/modules/";

  private final Process process;
  private final int port;

  private Httpd(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts one that hands everything below the path of a URL to it. */
  static Httpd before(URI server, Path work) {
    int port = Ports.free();
    try {
      Path configuration =
          Files.writeString(
              work.resolve("httpd.conf"),
              String.join(
                  "\n",
                  "ServerName localhost",
                  "Listen 127.0.0.1:" + port,
                  "PidFile " + work.resolve("httpd.pid"),
                  "ErrorLog " + work.resolve("error.log"),
                  "Mutex pthread",
                  "User nobody",
                  "Group nogroup",
                  "LoadModule mpm_event_module " + MODULES + "mod_mpm_event.so",
                  "LoadModule authz_core_module " + MODULES + "mod_authz_core.so",
                  "LoadModule proxy_module " + MODULES + "mod_proxy.so",
                  "LoadModule proxy_http_module " + MODULES + "mod_proxy_http.so",
                  "<Location /ovirt-isolated-ports>",
                  "  ProxyPreserveHost on",
                  "  ProxyPass http://"
                      + server.getAuthority()
                      + "/ovirt-isolated-ports retry=0 disablereuse=On",
                  "</Location>",
                  ""));
      Process process =
          new ProcessBuilder(
                  PROGRAM, "-d", work.toString(), "-f", configuration.toString(), "-DFOREGROUND")
              .redirectErrorStream(true)
              .redirectOutput(work.resolve("console.log").toFile())
              .start();
      Httpd httpd = new Httpd(process, port);
      httpd.awaitAnswer();
      return httpd;
    } catch (IOException e) {
      throw new UncheckedIOException("Install apache2-bin: " + PROGRAM, e);
    }
  }

  private void awaitAnswer() {
    Instant limit = Instant.now().plus(Duration.ofMinutes(1));
    while (Instant.now().isBefore(limit)) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        if (socket.isConnected()) {
          return;
        }
      } catch (IOException e) {
        Rig.pause(100);
      }
    }
    close();
    throw new IllegalStateException("httpd does not listen within a minute");
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(90, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
