// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Our server on the WildFly that the build provisioned, as a process of its own. */
public final class PluginServer implements AutoCloseable {

  /** What tests add to the server's JVM so that it starts soon; benchmarks measure it without. */
  public static final String TEST_JVM = "isolated-ports.test.jvm";

  private static final Duration START_LIMIT = Duration.ofMinutes(4);
  private static final int LINES_TOLD = 20;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final Path home;
  private final Path base;
  private final int httpPort;
  private final int schedulerPort;
  private final int managementPort;
  private final Map<String, String> properties;
  private Process process;

  /**
   * Prepares a server; {@link #start()} starts it.
   *
   * @param project the project's directory, built
   * @param work where its configuration, data and log go
   * @param database where it keeps what it knows
   * @param engineUrl the engine, such as {@code http://127.0.0.1:8080/ovirt-engine}
   */
  public PluginServer(Path project, Path work, Database database, URI engineUrl) {
    this.home = project.resolve("engine-plugin/server/target/server");
    this.base = work.resolve("wildfly");
    this.httpPort = Ports.free();
    this.schedulerPort = Ports.free();
    this.managementPort = Ports.free();
    this.properties = new LinkedHashMap<>();
    properties.put("isolated-ports.http.port", String.valueOf(httpPort));
    properties.put("isolated-ports.scheduler.port", String.valueOf(schedulerPort));
    properties.put("jboss.management.http.port", String.valueOf(managementPort));
    properties.put("isolated-ports.engine.url", engineUrl.toString());
    properties.put("isolated-ports.db.url", database.url(Database.OWN));
    properties.put("isolated-ports.db.user", database.user());
    copyBase(project.resolve("engine-plugin/server/target/ovirt-isolated-ports.war"));
  }

  private void copyBase(Path war) {
    if (!Files.exists(home) || !Files.exists(war)) {
      throw new IllegalStateException(
          "The server is not built: run mvn package first (missing " + home + " or " + war + ").");
    }
    try {
      copyTree(home.resolve("standalone"), base);
      Path deployments = Files.createDirectories(base.resolve("deployments"));
      Files.copy(war, deployments.resolve(war.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("The server's directory cannot be made: " + base, e);
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  /** Sets a property, such as {@code isolated-ports.engine.user}, for the next start. */
  public PluginServer with(String property, String value) {
    properties.put(property, value);
    return this;
  }

  /** Starts the server and waits until it answers. */
  public PluginServer start() {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/standalone.sh").toString());
    command.add("-b=127.0.0.1");
    command.add("-bmanagement=127.0.0.1");
    command.add("-Djboss.server.base.dir=" + base);
    properties.forEach((name, value) -> command.add("-D" + name + "=" + value));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(base.resolve("console.log").toFile());
    // The script passes signals on to the JVM only when it runs it in the background.
    builder.environment().put("LAUNCH_JBOSS_IN_BACKGROUND", "true");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder
        .environment()
        .put(
            "JAVA_OPTS",
            "-Xms64m -Xmx384m -Djava.net.preferIPv4Stack=true " + System.getProperty(TEST_JVM, ""));
    try {
      launch(builder);
    } catch (IllegalStateException e) {
      // One start in some hundreds was seen to hang on a machine that did nothing else; why is not
      // known. What it says is to be kept; a second one is no accident.
      System.err.println("A start of WildFly failed, it is started again: " + e.getMessage());
      launch(builder);
    }
    return this;
  }

  private void launch(ProcessBuilder builder) {
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException("WildFly cannot be started from " + home, e);
    }
    try {
      awaitAnswer();
    } catch (IllegalStateException e) {
      stop();
      throw e;
    }
  }

  private void awaitAnswer() {
    Instant limit = Instant.now().plus(START_LIMIT);
    String answer = "none";
    while (Instant.now().isBefore(limit)) {
      if (!process.isAlive()) {
        throw new IllegalStateException("WildFly stopped while starting; " + state(answer));
      }
      try {
        int status =
            HTTP.send(
                    HttpRequest.newBuilder(url().resolve("/ovirt-isolated-ports/api"))
                        .timeout(Duration.ofSeconds(5))
                        .build(),
                    HttpResponse.BodyHandlers.discarding())
                .statusCode();
        if (status == 401) {
          return;
        }
        answer = String.valueOf(status);
      } catch (IOException e) {
        answer = e.toString();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while WildFly started", e);
      }
      sleep();
    }
    throw new IllegalStateException(
        "WildFly does not answer within " + START_LIMIT.toSeconds() + " s; " + state(answer));
  }

  /** What is to be known of a server whose files go with the test. */
  private String state(String answer) {
    StringBuilder told = new StringBuilder("last answer: " + answer + "; its log ends with\n");
    try {
      if (Files.exists(log())) {
        List<String> lines = Files.readAllLines(log());
        lines
            .subList(Math.max(0, lines.size() - LINES_TOLD), lines.size())
            .forEach(line -> told.append(line).append('\n'));
      }
      for (ProcessHandle each : process.descendants().toList()) {
        told.append(threads(each.pid()));
      }
    } catch (IOException e) {
      told.append("It cannot be read: ").append(e);
    }
    return told.toString();
  }

  /** The threads of the JVM that are in our code, or wait for a lock. */
  private static String threads(long pid) throws IOException {
    Process jcmd =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/jcmd").toString(),
                String.valueOf(pid),
                "Thread.print")
            .redirectErrorStream(true)
            .start();
    String all = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return Stream.of(all.split("\n\n"))
        .filter(thread -> thread.contains("org.ovirt.isolatedports") || thread.contains("BLOCKED"))
        .collect(Collectors.joining("\n\n"));
  }

  private static void sleep() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting", e);
    }
  }

  /** Where it listens, such as {@code http://127.0.0.1:18780}. */
  public URI url() {
    return URI.create("http://127.0.0.1:" + httpPort);
  }

  /** Where its health is, such as {@code http://127.0.0.1:9990}. */
  public URI managementUrl() {
    return URI.create("http://127.0.0.1:" + managementPort);
  }

  /** The external scheduler's address. */
  public URI schedulerUrl() {
    return URI.create("http://127.0.0.1:" + schedulerPort + "/");
  }

  /** Its log. */
  public Path log() {
    return base.resolve("log/server.log");
  }

  /** The process, for tests that stop or hang it. */
  public ProcessHandle process() {
    return process.toHandle();
  }

  /** Stops the server as an administrator would. */
  public void stop() {
    if (process == null) {
      return;
    }
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
    // The script may be gone before its JVM.
    Instant limit = Instant.now().plus(STOP_LIMIT);
    for (ProcessHandle child : children) {
      while (child.isAlive() && Instant.now().isBefore(limit)) {
        sleep();
      }
      if (child.isAlive()) {
        child.destroyForcibly();
      }
    }
    process = null;
  }

  /** Kills the server, as kill -9 does: nothing it had begun is ended. */
  public void kill() {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(each -> each.onExit().join());
    process = null;
  }

  @Override
  public void close() {
    stop();
  }
}
