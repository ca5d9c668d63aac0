// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.packages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the packages hold, before anything is installed. */
class PackagesLabIT {

  private static final String WILDFLY = "/usr/share/ovirt-isolated-ports/wildfly";

  @TempDir private Path work;

  static List<String> packages() {
    return Packages.all();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void aPackageHoldsTheFilesPromised(String name) {
    List<String> promised = new ArrayList<>(Packages.lines(name + ".files"));
    if (name.equals(Packages.HOST)) {
      promised.addAll(hostLayout());
    }

    List<String> others = new ArrayList<>();
    for (RpmFile.Entry entry : RpmFile.named(name).entries()) {
      List<String> by =
          promised.stream()
              .filter(line -> pattern(line).matcher(entry.toString()).matches())
              .toList();
      if (by.isEmpty() && !isByRule(entry)) {
        others.add(entry.toString());
      }
      promised.removeIf(line -> by.contains(line) && !line.contains("*"));
    }

    assertThat(others).as("files nobody promised").isEmpty();
    assertThat(promised).as("promised files").allMatch(line -> line.contains("*"));
  }

  private static Pattern pattern(String line) {
    return Pattern.compile("\\Q" + line.replace("*", "\\E[^/]+\\Q") + "\\E");
  }

  /** WildFly and the portal's built files have too many names to list: root's, and read-only. */
  private static boolean isByRule(RpmFile.Entry entry) {
    boolean ofThem =
        entry.path().startsWith(WILDFLY)
            || entry
                .path()
                .startsWith("/usr/share/ovirt-engine/ui-plugins/isolated-ports-resources/");
    return ofThem
        && entry.owner().equals("root:root")
        && (entry.mode().equals("-rw-r--r--") || entry.mode().equals("drwxr-xr-x"))
        && !entry.path().endsWith(".so");
  }

  /** What install.sh lays out, without the byte code of this machine's Python. */
  private List<String> hostLayout() {
    Path root = work.resolve("host");
    Command unused =
        Command.run(Packages.PROJECT.resolve("vdsm-hook/install.sh").toString(), root.toString())
            .good();
    List<String> entries = new ArrayList<>();
    for (String line :
        Command.run("find", root.toString(), "-mindepth", "1", "-printf", "%M /%P\n")
            .good()
            .lines()) {
      String path = line.substring(line.indexOf(' ') + 1);
      boolean ours = path.contains("isolated-ports") || path.contains("isolated_ports");
      if (ours && !path.contains("__pycache__") && !path.endsWith("/made-directories")) {
        String flags = path.startsWith("/etc/") ? "-c" : "-";
        entries.add(line.substring(0, line.indexOf(' ')) + " root:root " + flags + " " + path);
      }
    }
    return entries;
  }

  @ParameterizedTest
  @MethodSource("packages")
  void aPackageRequiresWhatIsPromised(String name) {
    List<String> required =
        RpmFile.named(name).requirements().stream()
            // Of the same build.
            .filter(line -> !line.startsWith(Packages.SERVER + " = "))
            .toList();

    assertThat(required).containsExactlyInAnyOrderElementsOf(Packages.lines(name + ".requires"));
  }

  @Test
  void theServerNeedsNothingThatIsNotThere() {
    List<String> paths =
        RpmFile.named(Packages.SERVER).entries().stream().map(RpmFile.Entry::path).toList();

    assertThat(paths)
        .contains(
            WILDFLY + "/jboss-modules.jar",
            WILDFLY + "/standalone/configuration/standalone.xml",
            WILDFLY + "/modules/org/postgresql/jdbc/main/postgresql.jar")
        .noneMatch(path -> path.startsWith(WILDFLY + "/bin"))
        .noneMatch(path -> path.contains("standalone_xml_history"));
    for (Path doc : docs()) {
      assertThat(paths).contains("/usr/share/doc/ovirt-isolated-ports/" + doc.getFileName());
    }
  }

  private static List<Path> docs() {
    try (Stream<Path> files = Files.list(Packages.PROJECT.resolve("docs"))) {
      return files.filter(file -> file.toString().endsWith(".md")).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void eachCommandHasAManualPage() {
    Path cli = Packages.PROJECT.resolve("engine-plugin/cli/target/isolated-ports");
    List<String> pages =
        RpmFile.named(Packages.CLI).entries().stream()
            .map(RpmFile.Entry::path)
            .filter(path -> path.startsWith("/usr/share/man/"))
            .toList();
    List<String> wanted = new ArrayList<>(List.of("/usr/share/man/man1/isolated-ports.1.gz"));
    Pattern command = Pattern.compile("  ([a-z-]+)  +.*");
    Predicate<String> documented =
        name -> !name.equals("help") && !name.equals("generate-completion");
    Command.run(cli.toString(), "--help").good().lines().stream()
        .dropWhile(line -> !line.startsWith("Commands:"))
        .takeWhile(line -> !line.startsWith("Exit codes:"))
        .map(command::matcher)
        .filter(java.util.regex.Matcher::matches)
        .map(matcher -> matcher.group(1))
        .filter(documented)
        .forEach(name -> wanted.add("/usr/share/man/man1/isolated-ports-" + name + ".1.gz"));

    assertThat(wanted).hasSizeGreaterThan(4);
    assertThat(pages).containsExactlyInAnyOrderElementsOf(wanted);
    for (String page : wanted) {
      Path file = Packages.TARGET.resolve("man").resolve(Path.of(page).getFileName());
      Command man =
          Command.run(
              "sh",
              "-c",
              "zcat \"$0\" | grep -c '^\\.SH \\(NAME\\|SYNOPSIS\\|DESCRIPTION\\)'",
              file.toString());
      assertThat(man.output().strip()).as(page).isEqualTo("3");
    }
  }

  @Test
  void twoBuildsGiveTheSameBytes() throws IOException {
    Command unused =
        Command.run(
                Map.of("ISOLATED_PORTS_PACKAGES", work.toString(), "TZ", "Asia/Tokyo"),
                List.of(Packages.PROJECT.resolve("packaging/build.sh").toString(), "--built"))
            .good();

    Map<String, String> first = sums(Packages.TARGET);
    assertThat(first).hasSize(Packages.all().size() + 1);
    assertThat(sums(work)).isEqualTo(first);
  }

  private static Map<String, String> sums(Path directory) throws IOException {
    Map<String, String> sums = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (file.toString().endsWith(".rpm") || file.toString().endsWith(".deb")) {
          sums.put(
              file.getFileName().toString(),
              Command.run("sha256sum", file.toString()).good().output().substring(0, 64));
        }
      }
    }
    return sums;
  }

  @Test
  void rpmlintHasNothingToSay() {
    List<String> line =
        new ArrayList<>(
            List.of(
                "rpmlint",
                "--config",
                Packages.PROJECT.resolve("packaging/rpm/rpmlint.toml").toString()));
    packages().forEach(name -> line.add(RpmFile.named(name).path().toString()));

    Command lint = Command.run(Map.of("LC_ALL", "C.UTF-8"), line);

    assertThat(lint.output()).contains("0 errors, 0 warnings");
  }

  @Test
  void shellcheckHasNothingToSay() throws IOException {
    List<String> line =
        new ArrayList<>(List.of("shellcheck", "-x", "-P", Packages.PROJECT.toString()));
    for (String part : List.of("packaging", "vdsm-hook")) {
      try (Stream<Path> files = Files.walk(Packages.PROJECT.resolve(part))) {
        files
            .filter(
                file -> file.toString().endsWith(".sh") && !file.toString().contains("/target/"))
            .map(Path::toString)
            .forEach(line::add);
      }
    }
    line.add(Packages.PROJECT.resolve("engine-plugin/cli/src/main/sh/launcher.sh").toString());

    assertThat(Command.run(Map.of(), line).output()).isEmpty();
  }
}
