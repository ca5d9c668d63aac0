// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.setup.AnsweringScheduler;
import org.ovirt.isolatedports.standin.EngineStandIn;

/** The packaged command, run as an administrator runs it. */
class SchedulerCommandIT {

  private static final Path COMMAND = Path.of("target/isolated-ports-setup").toAbsolutePath();
  private static final String FORMER_URL = "http://127.0.0.1:1/";
  private static final List<String> OPTIONS =
      List.of("ExternalSchedulerEnabled", "ExternalSchedulerServiceURL");

  @TempDir Path folder;
  private EngineStandIn engine;
  private AnsweringScheduler scheduler;

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void start() throws IOException {
    engine = EngineStandIn.builder().start();
    engine.engineConfig().set(OPTIONS.get(1), FORMER_URL, "general");
    engine.restart();
    scheduler = new AnsweringScheduler("isolated_ports");
    Files.writeString(folder.resolve("password"), "admin\n");
    engineConfigTool();
  }

  @AfterEach
  void stop() {
    scheduler.close();
    engine.close();
  }

  /** A tool that keeps each option in a file: the engine takes them in at its restart. */
  private void engineConfigTool() throws IOException {
    Path tool = folder.resolve("engine-config");
    Files.writeString(
        tool,
        """
        #!/bin/sh
        cd "$(dirname "$0")" || exit 1
        case $1 in
          -g) echo "$2: $(cat "$2") version: general" ;;
          -s) printf %s "${2#*=}" > "${2%%=*}" ;;
        esac
        """);
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String option : OPTIONS) {
      Files.writeString(
          folder.resolve(option), engine.engineConfig().get(option, "general").orElseThrow());
    }
  }

  private void restartEngine() throws IOException {
    for (String option : OPTIONS) {
      engine.engineConfig().set(option, Files.readString(folder.resolve(option)), "general");
    }
    engine.restart();
  }

  private Result run(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(COMMAND.toString(), "scheduler"));
    command.addAll(List.of(words));
    command.addAll(
        List.of(
            "--engine",
            URI.create(engine.url() + "/ovirt-engine").toString(),
            "--password-file",
            folder.resolve("password").toString(),
            "--scheduler",
            "http://127.0.0.1:" + scheduler.port() + "/",
            "--engine-config",
            folder.resolve("engine-config").toString(),
            "--record",
            folder.resolve("record").toString()));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    int code =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start()
            .waitFor();
    return new Result(
        code,
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  @Test
  void onAndOffLeadThereAndBack() throws Exception {
    Result first = run("on", "Default");
    assertThat(first.code()).as(first.toString()).isEqualTo(IsolatedPortsSetup.RESTART);
    assertThat(first.out()).contains("ExternalSchedulerEnabled to true", "Restart ovirt-engine");
    restartEngine();

    Result second = run("on", "Default");
    assertThat(second.code()).as(second.toString()).isZero();
    assertThat(second.out()).contains("Cluster Default now has the scheduling policy");
    assertThat(run("on", "Default")).isEqualTo(new Result(0, "Nothing to do.\n", ""));

    Result off = run("off");
    assertThat(off.code()).as(off.toString()).isEqualTo(IsolatedPortsSetup.RESTART);
    assertThat(off.out()).contains("Gave cluster Default its former scheduling policy back.");
    assertThat(Files.readString(folder.resolve(OPTIONS.get(1)))).isEqualTo(FORMER_URL);
    assertThat(Files.readString(folder.resolve(OPTIONS.get(0)))).isEqualTo("false");
    assertThat(folder.resolve("record")).doesNotExist();
    assertThat(run("off")).isEqualTo(new Result(0, "Nothing to put back.\n", ""));
  }

  @Test
  void whatIsRefusedChangesNothingAndSaysWhy() throws Exception {
    Result noCluster = run("on", "Nowhere");
    assertThat(noCluster.code()).isEqualTo(IsolatedPortsSetup.FAILED);
    assertThat(noCluster.err()).startsWith("The engine has no cluster Nowhere; it has ");

    Files.writeString(folder.resolve("password"), "wrong\n");
    Result wrongPassword = run("on", "Default");
    assertThat(wrongPassword.code()).isEqualTo(IsolatedPortsSetup.FAILED);
    assertThat(wrongPassword.err()).contains("refuses the account admin@internal");
    assertThat(run("on").code()).isEqualTo(2);

    engine.refuseConnections();
    Result noEngine = run("on", "Default");
    assertThat(noEngine.code()).isEqualTo(IsolatedPortsSetup.FAILED);
    assertThat(noEngine.err().lines()).as("no stack trace: %s", noEngine.err()).hasSize(1);

    assertThat(Files.readString(folder.resolve(OPTIONS.get(1)))).isEqualTo(FORMER_URL);
    assertThat(folder.resolve("record")).doesNotExist();
  }
}
