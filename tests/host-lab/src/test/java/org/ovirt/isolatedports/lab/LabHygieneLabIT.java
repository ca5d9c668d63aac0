// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a lab leaves behind: nothing, however it ends. */
@Tag("root")
class LabHygieneLabIT {

  private static Lab.Builder small() {
    return Lab.builder().hosts("a").network("iso1", "10.77.1.0/24").guests(GuestKind.NETNS);
  }

  private static String startVm(Lab lab, String mac) {
    return lab.host("a").start(DomainXml.vm("vm").vnic(DomainXml.Vnic.on("iso1", mac)).domain());
  }

  /** The network namespaces of a lab's machines, from its record. */
  private static Set<String> namespaces(Path scratch) throws IOException {
    return Files.readAllLines(scratch.resolve("processes")).stream()
        .skip(1)
        .map(line -> Long.parseLong(line.substring(0, line.indexOf(' '))))
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .flatMap(ProcessHandle::children)
        .map(process -> namespace(process.pid()))
        .collect(Collectors.toSet());
  }

  private static String namespace(long pid) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net")).toString();
    } catch (IOException e) {
      return "ended";
    }
  }

  private static List<Long> processesIn(Set<String> namespaces) {
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(pid -> namespaces.contains(namespace(pid)))
        .toList();
  }

  @Test
  void closingLeavesNoProcessNoNamespaceAndNoFile() throws IOException {
    String mountsBefore = Files.readString(Path.of("/proc/self/mountinfo"));
    Lab lab = small().start();
    startVm(lab, "56:6f:11:22:03:02");
    Set<String> namespaces = namespaces(lab.scratch());
    assertThat(namespaces).hasSizeGreaterThanOrEqualTo(3).doesNotContain("ended");
    assertThat(processesIn(namespaces)).hasSizeGreaterThan(3);

    lab.close();

    // A process that waited for one inside, such as nsenter, ends a moment after it.
    Poll.until(
        Duration.ofSeconds(90),
        () -> processesIn(namespaces).isEmpty(),
        () -> "Processes are left: " + processesIn(namespaces));
    assertThat(lab.scratch()).doesNotExist();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).isEqualTo(mountsBefore);
  }

  @Test
  void aLabThatCannotStartLeavesNothing() {
    Set<Long> before = children();

    assertThatThrownBy(() -> small().network("iso1", "10.77.2.0/24").start())
        .isInstanceOf(LabException.class);

    // Those of an earlier lab may still be ending, and so may this one's.
    assertThat(Poll.within(Duration.ofSeconds(90), () -> before.containsAll(children()))).isTrue();
  }

  private static Set<Long> children() {
    return ProcessHandle.current().children().map(ProcessHandle::pid).collect(Collectors.toSet());
  }

  private static Process separateLab() throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-cp",
            System.getProperty("java.class.path"),
            "-Disolatedports.lab.cache=" + System.getProperty("isolatedports.lab.cache"),
            LabForKilling.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static Path scratchOf(Process lab) throws IOException {
    return Path.of(
        new BufferedReader(new InputStreamReader(lab.getInputStream(), UTF_8)).readLine());
  }

  @Test
  void whatAKilledLabHadEndsWithItAndTheNextCleanupTakesItsRecord() throws Exception {
    Process process = separateLab();
    Path scratch = scratchOf(process);
    Set<String> namespaces = namespaces(scratch);
    assertThat(processesIn(namespaces)).isNotEmpty();

    Lab.cleanStale();
    assertThat(scratch).as("the record of a lab that lives").exists();
    process.destroyForcibly().waitFor();

    assertThat(Poll.within(Duration.ofSeconds(90), () -> processesIn(namespaces).isEmpty()))
        .isTrue();
    Lab.cleanStale();
    assertThat(scratch).doesNotExist();
  }

  @Test
  void anInterruptedLabTidiesUpItself() throws Exception {
    Process process = separateLab();
    Path scratch = scratchOf(process);
    Set<String> namespaces = namespaces(scratch);

    process.destroy();
    process.waitFor();

    assertThat(Poll.within(Duration.ofSeconds(90), () -> processesIn(namespaces).isEmpty()))
        .isTrue();
    assertThat(scratch).doesNotExist();
  }

  @Test
  void labsWithTheSameNamesRunSideBySide() {
    try (Lab one = small().start();
        Lab two = small().start()) {
      String vmOfOne = startVm(one, "56:6f:11:22:03:03");
      String vmOfTwo = startVm(two, "56:6f:11:22:03:03");

      assertThat(one.reachability("iso1").row("vm", Reachability.GATEWAY).reached()).isTrue();
      assertThat(two.reachability("iso1").row("vm", Reachability.GATEWAY).reached()).isTrue();
      assertThat(one.host("a").running()).containsExactly(vmOfOne);
      assertThat(two.host("a").running()).containsExactly(vmOfTwo);
    }
  }

  @Test
  void aHostsFilesAreItsOwn(@TempDir Path hooks) throws IOException {
    try (Lab lab = Lab.builder().network("iso1", "10.77.1.0/24").guests(GuestKind.NETNS).start()) {
      LabHost a = lab.host("a");
      a.installHooks(new TestHooks(hooks).script("before_vm_start", "50_x", "exit 0").directory());
      a.isolatedBridges(List.of(new IsolatedBridge("iso1", "id", "a \"name\"")));
      a.write("/etc/isolated-ports/x.conf", "x");

      assertThat(a.capabilities().hooks()).containsOnlyKeys("before_vm_start");
      assertThat(a.run("stat", "-c", "%a %U", "/var/lib/isolated-ports/networks.json"))
          .isEqualTo("644 root\n");
      assertThat(a.read("/var/lib/isolated-ports/networks.json")).contains("a \\\"name\\\"");
      assertThat(lab.host("b").capabilities().hooks()).isEmpty();
      try (Stream<Path> elsewhere =
          Stream.of("/etc/isolated-ports/x.conf", "/var/lib/isolated-ports/networks.json")
              .map(Path::of)) {
        assertThat(elsewhere).noneMatch(Files::exists);
      }

      a.removeHooks();

      assertThat(a.capabilities().hooks()).isEmpty();
    }
  }
}
