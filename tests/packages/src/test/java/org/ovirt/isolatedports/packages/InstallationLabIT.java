// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The packages in a scratch root, from their installation to their removal. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InstallationLabIT {

  private static final List<String> UNITS =
      List.of(
          "ovirt-isolated-ports.service",
          "isolated-ports-host.service",
          "isolated-ports-fetch.service");

  private static final String HOST_CODE = "/usr/libexec/isolated-ports/isolated_ports";
  private static final String WANTS = "/etc/systemd/system/multi-user.target.wants/";

  @TempDir private static Path work;
  private static ScratchRoot root;
  private static List<String> before;

  @BeforeAll
  static void mount() {
    root = ScratchRoot.mount();
  }

  @AfterAll
  static void unmount() {
    root.close();
  }

  private static Command install(String... names) {
    List<String> arguments = new ArrayList<>(List.of("-U"));
    for (String name : names) {
      arguments.add(RpmFile.named(name).path().toString());
    }
    return root.rpm(arguments.toArray(String[]::new));
  }

  @Test
  @Order(1)
  void isRefusedOnAMachineThatLacksWhatTheyNeed() {
    Command onItsOwn = install(Packages.HOST);

    assertThat(onItsOwn.code()).isNotZero();
    assertThat(onItsOwn.output()).contains("vdsm is needed by", "nftables is needed by");
    assertThat(root.file(HOST_CODE)).doesNotExist();
  }

  @Test
  @Order(2)
  void installs() {
    Packages.installNeighbours(root, work);
    before = root.changes();

    Command installed = install(Packages.all().toArray(String[]::new));

    assertThat(installed.output()).isEmpty();
    assertThat(installed.code()).isZero();
  }

  @Test
  @Order(3)
  void leavesFilesAsThePackagesSay() {
    for (String name : Packages.all()) {
      assertThat(root.rpm("-V", name).output()).as(name).isEmpty();
    }
  }

  @Test
  @Order(4)
  void makesAUserWhoCanDoNothingElse() {
    String[] user =
        root.inside("getent", "passwd", "ovirt-isolated-ports")
            .good()
            .output()
            .strip()
            .split(":", -1);

    assertThat(Integer.parseInt(user[2])).isBetween(1, 999);
    assertThat(user[5]).isEqualTo("/var/lib/ovirt-isolated-ports");
    assertThat(user[6]).isEqualTo("/sbin/nologin");
    assertThat(root.inside("id", "-Gn", "ovirt-isolated-ports").good().output().strip())
        .isEqualTo("ovirt-isolated-ports");
    assertThat(
            root.inside(
                    "setpriv",
                    "--reuid=ovirt-isolated-ports",
                    "--regid=ovirt-isolated-ports",
                    "--clear-groups",
                    "cat",
                    "/etc/ovirt-isolated-ports/conf.d/10-defaults.conf")
                .output())
        .contains("Permission denied");
  }

  @Test
  @Order(5)
  void enablesTheServices() {
    for (String unit : UNITS) {
      assertThat(Files.exists(root.file(WANTS + unit), LinkOption.NOFOLLOW_LINKS))
          .as(unit)
          .isTrue();
    }
  }

  @Test
  @Order(6)
  void systemdUnderstandsTheUnits() {
    for (String unit : UNITS) {
      Command verified =
          root.inside("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/" + unit);
      assertThat(verified.lines()).as(unit).noneMatch(line -> line.contains("isolated-ports"));
      assertThat(verified.code()).isZero();
    }
  }

  @Test
  @Order(6)
  void theServerIsConfined() {
    // systemd's own measure: 0 is confined in every way it knows, 10 is not confined at all.
    for (String unit : UNITS) {
      Command security =
          root.inside(
              "systemd-analyze",
              "security",
              "--offline=true",
              "--no-pager",
              "--threshold=25",
              "/usr/lib/systemd/system/" + unit);
      assertThat(security.code()).as(security.output()).isZero();
    }
  }

  @Test
  @Order(6)
  void theCommandsRun() {
    assertThat(root.inside("isolated-ports", "--version").good().output())
        .contains("isolated-ports 1.");
    assertThat(root.inside("isolated-ports-setup", "--version").good().output())
        .contains("isolated-ports-setup 1.");
    assertThat(root.inside("isolated-ports-host", "--help").good().output())
        .contains("isolated-ports-host");
    for (String completion : List.of("isolated-ports", "isolated-ports-setup")) {
      Command completed =
          root.inside(
              "bash",
              "-c",
              ". /usr/share/bash-completion/completions/$0; complete -p $0",
              completion);
      assertThat(completed.good().output()).contains(completion);
    }
  }

  @Test
  @Order(6)
  void theHostsCodeIsCompiledByItsOwnPython() {
    Command compiled = root.inside("ls", HOST_CODE + "/__pycache__");

    assertThat(compiled.lines()).anyMatch(line -> line.matches("hook\\.cpython-3\\d+\\.pyc"));
  }

  @Test
  @Order(7)
  void anUpgradeKeepsWhatTheAdministratorHas() {
    root.inside("sh", "-c", "echo '# mine' >> /etc/ovirt-isolated-ports/conf.d/10-defaults.conf")
        .good();
    root.inside("sh", "-c", "echo '{}' > /var/lib/isolated-ports/networks.json").good();
    List<String> names = new ArrayList<>(Packages.all());
    names.remove(Packages.CLI);
    List<String> build =
        new ArrayList<>(
            List.of(Packages.PROJECT.resolve("packaging/build.sh").toString(), "--built"));
    build.addAll(names);
    Command unused =
        Command.run(
                Map.of(
                    "ISOLATED_PORTS_PACKAGES",
                    work.resolve("next").toString(),
                    "ISOLATED_PORTS_VERSION",
                    "1.0.1"),
                build)
            .good();

    List<String> upgrade = new ArrayList<>(List.of("-U"));
    for (String name : names) {
      upgrade.add(work.resolve("next/" + name + "-1.0.1-1.noarch.rpm").toString());
    }
    Command upgraded = root.rpm(upgrade.toArray(String[]::new));

    assertThat(upgraded.output()).isEmpty();
    assertThat(root.rpm("-q", Packages.HOST).output()).contains("1.0.1");
    enablesTheServices();
    theHostsCodeIsCompiledByItsOwnPython();
    assertThat(root.file("/var/lib/isolated-ports/networks.json")).exists();
    assertThat(
            root.inside("tail", "-n", "1", "/etc/ovirt-isolated-ports/conf.d/10-defaults.conf")
                .output())
        .isEqualTo("# mine\n");
  }

  @Test
  @Order(8)
  void nothingIsLeftAfterTheirRemoval() {
    root.inside("rm", "/var/lib/isolated-ports/networks.json").good();
    List<String> arguments = new ArrayList<>(List.of("-e"));
    arguments.addAll(Packages.all());

    Command erased = root.rpm(arguments.toArray(String[]::new));

    assertThat(erased.code()).as(erased.output()).isZero();
    List<String> left = root.changes();
    left.removeAll(before);
    // As everywhere with rpm, users stay, since files of theirs may.
    left.removeIf(
        path -> path.matches("/etc/(passwd|shadow|group|gshadow|subuid|subgid|\\.pwd\\.lock)-?"));
    left.removeIf(path -> path.startsWith("/var/lib/rpm"));
    assertThat(left)
        .containsExactly(
            "/etc/ovirt-isolated-ports",
            "/etc/ovirt-isolated-ports/conf.d",
            "/etc/ovirt-isolated-ports/conf.d/10-defaults.conf.rpmsave");
  }

  @Test
  @Order(9)
  void theDebComesAndGoes() {
    List<String> early = root.changes();
    Path deb = debFile();

    root.beside("dpkg", "--root=" + root.path(), "-i", deb.toString()).good();

    assertThat(root.inside("isolated-ports", "--version").good().output())
        .contains("isolated-ports 1.");
    assertThat(root.inside("dpkg", "--verify", Packages.CLI).good().output()).isEmpty();
    root.beside("dpkg", "--root=" + root.path(), "--purge", Packages.CLI).good();
    List<String> left = root.changes();
    left.removeAll(early);
    // dpkg's own, and that of the manual's index.
    left.removeIf(path -> path.matches("/var/(lib/dpkg|log|cache/man)/.*"));
    assertThat(left).isEmpty();
    assertThat(root.inside("dpkg-query", "-W", Packages.CLI).code()).isNotZero();
  }

  private static Path debFile() {
    Command found =
        Command.run("find", Packages.TARGET.toString(), "-maxdepth", "1", "-name", "*.deb");
    assertThat(found.lines()).hasSize(1);
    return Path.of(found.lines().get(0));
  }
}
