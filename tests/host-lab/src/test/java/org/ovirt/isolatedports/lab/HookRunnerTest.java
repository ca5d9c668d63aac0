// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookRunnerTest {

  private static final String EVENT = "before_nic_hotplug";
  private static final Set<String> SET_BY_SHELLS = Set.of("PWD", "OLDPWD", "SHLVL", "_");
  private static final HookRunner.Context VM = new HookRunner.Context("vm-id", Map.of());

  @TempDir private Path directory;
  private Path hooks;
  private Path temporary;
  private HookRunner runner;

  /** This machine, as the user that runs the tests. */
  private static final class ThisMachine implements HookRunner.Machine {

    @Override
    public Command.Result run(Duration limit, List<String> command) {
      return Command.run(limit, command, "");
    }

    @Override
    public Path path(String inside) {
      return Path.of(inside);
    }

    @Override
    public void own(Path file) {}
  }

  @BeforeEach
  void prepare() throws IOException {
    hooks = Files.createDirectory(directory.resolve("hooks"));
    temporary = Files.createDirectory(directory.resolve("tmp"));
    runner = new HookRunner(new ThisMachine(), hooks.toString(), temporary.toString());
  }

  private Path script(String event, String name, String body) throws IOException {
    Files.createDirectories(hooks.resolve(event));
    Path script = hooks.resolve(event).resolve(name);
    Files.writeString(script, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  private static String append(String text) {
    return "printf " + text + " >> \"$_hook_domxml\"";
  }

  private String run(String data) {
    return runner.run(EVENT, data, VM, Map.of());
  }

  @Test
  void runsScriptsInTheOrderOfTheirNames() throws IOException {
    script(EVENT, "60_c", append("c"));
    script(EVENT, "5_b", append("b"));
    script(EVENT, "50_a", append("a"));

    assertThat(run("x")).isEqualTo("xabc");
  }

  @Test
  void runsOnlyExecutableRegularFilesAndLinksToThem() throws IOException {
    Path plain = script(EVENT, "10_not_executable", append("1"));
    Files.setPosixFilePermissions(plain, PosixFilePermissions.fromString("rw-r--r--"));
    script(EVENT + "/20_directory", "program", append("2"));
    script(EVENT, ".30_hidden", append("3"));
    Path elsewhere = script("elsewhere", "program", append("4"));
    Files.createSymbolicLink(hooks.resolve(EVENT).resolve("40_link"), elsewhere);
    Files.createSymbolicLink(hooks.resolve(EVENT).resolve("50_dangling"), Path.of("nowhere"));

    assertThat(run("")).isEqualTo("4");
  }

  @Test
  void readsTheFileAgainByNameSoThatAScriptMayReplaceIt() throws IOException {
    script(
        EVENT,
        "50_replace",
        "echo new > \"$_hook_domxml.x\" && mv \"$_hook_domxml.x\" \"$_hook_domxml\"");

    assertThat(run("old")).isEqualTo("new\n");
  }

  @Test
  void givesAPrivateFileInUtf8AndRemovesItAfterwards() throws IOException {
    script(EVENT, "50_look", "stat -c %a \"$_hook_domxml\" >> \"$_hook_domxml\"");

    assertThat(run("<name>Zürich</name>\n")).isEqualTo("<name>Zürich</name>\n600\n");
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void givesDevicePropertiesThenVmPropertiesThenTheVmId() throws IOException {
    script(EVENT, "50_env", "env > \"$_hook_domxml\"");
    Map<String, String> vmCustom = new LinkedHashMap<>();
    vmCustom.put("both", "from the VM");
    vmCustom.put("vmId", "forged");
    vmCustom.put("_hook_domxml", "forged");
    vmCustom.put("PYTHONPATH", "/mine");
    HookRunner.Context context = new HookRunner.Context("the-id", vmCustom);

    String environment =
        runner.run(EVENT, "", context, Map.of("both", "from the vNIC", "port_isolation", "true"));

    assertThat(environment.lines())
        .contains(
            "both=from the VM",
            "port_isolation=true",
            "vmId=the-id",
            "PYTHONPATH=/mine:/usr/lib/python3/dist-packages/vdsm/hook")
        .anyMatch(line -> line.startsWith("_hook_domxml=" + temporary));
  }

  /** Whatever this JVM was started with: of that a host's vdsmd has nothing. */
  @Test
  void givesNothingOfItsOwnEnvironment() throws IOException {
    script(EVENT, "50_env", "env > \"$_hook_domxml\"");

    assertThat(run("").lines().map(line -> line.replaceFirst("=.*", "")))
        .filteredOn(name -> !SET_BY_SHELLS.contains(name))
        .containsExactlyInAnyOrder("PATH", "LANG", "HOME", "vmId", "PYTHONPATH", "_hook_domxml");
  }

  /**
   * The dynamic linker complains once in each program that is asked to preload what is not there.
   */
  @Test
  void givesAPropertyToTheScriptAloneAndNotToTheProgramsThatStartIt() throws IOException {
    script(EVENT, "50_fails", "exit 1");

    assertThatThrownBy(() -> runner.run(EVENT, "", VM, Map.of("LD_PRELOAD", "/nowhere.so")))
        .isInstanceOf(HookRefused.class)
        .message()
        .containsOnlyOnce("/nowhere.so");
  }

  @Test
  void afterAnErrorRunsTheOthersAndReportsTheLastScriptEvenIfThatSucceeded() throws IOException {
    Path trace = directory.resolve("trace");
    script(EVENT, "50_fails", "echo first >&2; exit 1");
    script(EVENT, "60_succeeds", "echo fine >&2; touch " + trace);

    assertThatThrownBy(() -> run(""))
        .isInstanceOf(HookRefused.class)
        .hasMessage("fine")
        .extracting(refused -> ((HookRefused) refused).event())
        .isEqualTo(EVENT);
    assertThat(trace).exists();
  }

  @Test
  void statusTwoEndsTheRun() throws IOException {
    Path trace = directory.resolve("trace");
    script(EVENT, "50_refuses", "echo no >&2; exit 2");
    script(EVENT, "60_never", "touch " + trace);

    assertThatThrownBy(() -> run("")).isInstanceOf(HookRefused.class).hasMessage("no");
    assertThat(trace).doesNotExist();
  }

  @Test
  void higherStatusIsAnErrorThatDoesNotEndTheRun() throws IOException {
    Path trace = directory.resolve("trace");
    script(EVENT, "50_odd", "exit 3");
    script(EVENT, "60_next", "echo last >&2; touch " + trace);

    assertThatThrownBy(() -> run("")).isInstanceOf(HookRefused.class).hasMessage("last");
    assertThat(trace).exists();
  }

  @Test
  void aScriptThatIsKilledIsAnError() throws IOException {
    script(EVENT, "50_dies", "kill -9 $$");

    assertThatThrownBy(() -> run("")).isInstanceOf(HookRefused.class);
  }

  @Test
  void beforeVmStartReportsTheLastScriptThatFailed() throws IOException {
    script("before_vm_start", "50_fails", "echo first >&2; exit 1");
    script("before_vm_start", "60_succeeds", "echo fine >&2");

    assertThatThrownBy(() -> runner.run("before_vm_start", "", VM, Map.of()))
        .isInstanceOf(HookRefused.class)
        .hasMessage("first");
  }

  @Test
  void ignoresErrorsWhereVdsmDoes() throws IOException {
    Path trace = directory.resolve("trace");
    script("after_vm_start", "50_fails", "touch " + trace + "; exit 2");

    runner.runIgnoringErrors("after_vm_start", "", VM, Map.of());

    assertThat(trace).exists();
  }

  @Test
  void returnsTheDataWhereThereIsNoScript() {
    assertThat(runner.run("no_such_event", "data", VM, Map.of())).isEqualTo("data");
  }

  @Test
  void givesJsonUnderAnotherNameAndNoVm() throws IOException {
    script("after_get_caps", "50_json", "echo \"{}${_hook_domxml-}${vmId+vm}\" > \"$_hook_json\"");

    assertThat(runner.runJson("after_get_caps", "{\"a\":1}", false)).isEqualTo("{}\n");
  }
}
