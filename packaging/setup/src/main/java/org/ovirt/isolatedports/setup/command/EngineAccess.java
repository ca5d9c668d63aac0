// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.setup.EngineConfigTool;
import org.ovirt.isolatedports.setup.SchedulerSetup;
import org.ovirt.isolatedports.setup.SetupException;
import picocli.CommandLine.Option;

/**
 * How to reach the engine. Defaults come from the environment variables that the server uses too; a
 * password is never an argument, which every process of the machine could read.
 */
final class EngineAccess {

  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final String PASSWORD_VARIABLE = "ISOLATED_PORTS_ENGINE_PASSWORD";

  @Option(
      names = "--engine",
      paramLabel = "URL",
      defaultValue = "${env:ISOLATED_PORTS_ENGINE_URL:-https://127.0.0.1/ovirt-engine}",
      description = "the engine (default: ${DEFAULT-VALUE}, from ISOLATED_PORTS_ENGINE_URL)")
  private URI engine;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      defaultValue = "${env:ISOLATED_PORTS_ENGINE_CA_FILE}",
      description =
          "certificates that vouch for the engine's, such as /etc/pki/ovirt-engine/ca.pem"
              + " (default: those Java trusts)")
  private String caFile;

  @Option(
      names = "--user",
      defaultValue = "${env:ISOLATED_PORTS_ENGINE_USER:-admin@internal}",
      description = "an administrator of the engine (default: ${DEFAULT-VALUE})")
  private String user;

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description =
          "file whose first line is the password (default: the variable " + PASSWORD_VARIABLE + ")")
  private Path passwordFile;

  @Option(
      names = "--scheduler",
      paramLabel = "URL",
      defaultValue = "http://127.0.0.1:18781/",
      description = "where our scheduler listens (default: ${DEFAULT-VALUE})")
  private URI scheduler;

  @Option(
      names = "--engine-config",
      paramLabel = "COMMAND",
      defaultValue = "engine-config",
      description = "the engine's own tool (default: ${DEFAULT-VALUE})")
  private String engineConfig;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      defaultValue = "/var/lib/ovirt-isolated-ports-setup/scheduler.properties",
      description = "where to keep what was there before (default: ${DEFAULT-VALUE})")
  private Path record;

  /** Does something with the set-up of that engine. */
  SchedulerSetup.Outcome run(Function<SchedulerSetup, SchedulerSetup.Outcome> work) {
    EngineSettings settings =
        new EngineSettings(
            engine,
            TIMEOUT,
            Optional.of(user),
            Optional.of(password()),
            Optional.ofNullable(caFile).map(Path::of));
    EngineHttpClient http = new EngineHttpClient(settings);
    try {
      ServiceAccount account = new ServiceAccount(new SingleSignOn(http), settings);
      return work.apply(
          new SchedulerSetup(
              new EngineConfigTool(engineConfig),
              new HardenedSdk(http, settings),
              account,
              scheduler,
              record));
    } finally {
      http.close();
    }
  }

  private String password() {
    if (passwordFile != null) {
      try {
        return Files.readAllLines(passwordFile).stream().findFirst().orElse("");
      } catch (IOException e) {
        throw new SetupException(
            "The password file " + passwordFile + " cannot be read: " + e.getMessage());
      }
    }
    String variable = System.getenv(PASSWORD_VARIABLE);
    if (variable == null) {
      throw new SetupException(
          "There is no password for "
              + user
              + ": set "
              + PASSWORD_VARIABLE
              + " or give --password-file.");
    }
    return variable;
  }
}
