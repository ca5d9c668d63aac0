// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.ovirt.isolatedports.engine.TestAuthority;

/** What lets hosts ask the server. */
class HostListenerTest {

  private static final TestAuthority ENGINE = new TestAuthority("engine CA");

  @TempDir Path folder;
  private String more = "";

  @BeforeEach
  void files() throws Exception {
    ENGINE.writeAuthority(folder.resolve("ca.pem"));
    ENGINE.writeKeystore(folder.resolve("hosts.p12"), ENGINE.issue("server.example"));
    Files.writeString(folder.resolve("password"), TestAuthority.PASSWORD + "\n");
  }

  private Map<String, String> settings() throws Exception {
    Path answers = folder.resolve("answers");
    Files.writeString(
        answers,
        "engine.url=http://127.0.0.1:1/ovirt-engine\nengine.user=admin@internal\n"
            + "engine.password-file="
            + folder.resolve("password")
            + "\n"
            + more);
    return Answers.read(answers).settings(new Secrets("one", "two"));
  }

  private void withKeystore() {
    more =
        "hosts.ca-file="
            + folder.resolve("ca.pem")
            + "\nhosts.keystore="
            + folder.resolve("hosts.p12")
            + "\nhosts.keystore-password-file="
            + folder.resolve("password")
            + "\n";
  }

  @Test
  void withoutAKeystoreHostsCannotAsk() throws Exception {
    assertThat(settings()).noneSatisfy((name, value) -> assertThat(name).contains("HOSTS"));
  }

  @Test
  void theListenersSettingsAreWritten() throws Exception {
    withKeystore();
    more += "hosts.port=19782\n";
    assertThat(settings())
        .containsEntry("ISOLATED_PORTS_HOSTS_PORT", "19782")
        .containsEntry("ISOLATED_PORTS_HOSTS_CA_FILE", folder.resolve("ca.pem").toString())
        .containsEntry("ISOLATED_PORTS_HOSTS_KEYSTORE", folder.resolve("hosts.p12").toString())
        .containsEntry("ISOLATED_PORTS_HOSTS_KEYSTORE_PASSWORD", TestAuthority.PASSWORD);
  }

  @Test
  void whatHostsWouldRefuseIsRefusedWithTheReason() throws Exception {
    withKeystore();
    TestAuthority other = new TestAuthority("another CA");
    other.writeKeystore(folder.resolve("hosts.p12"), other.issue("server.example"));
    assertThatThrownBy(this::settings)
        .isInstanceOf(SetupException.class)
        .hasMessageContaining("was not issued by the authority in");
    Files.writeString(folder.resolve("hosts.p12"), "no keystore");
    assertThatThrownBy(this::settings).hasMessageContaining("cannot be read with the password");
    Files.writeString(folder.resolve("ca.pem"), "no certificate");
    ENGINE.writeKeystore(folder.resolve("hosts.p12"), ENGINE.issue("server.example"));
    assertThatThrownBy(this::settings).hasMessageContaining("hosts.ca-file");
    more += "hosts.port=0\n";
    assertThatThrownBy(this::settings).hasMessageContaining("hosts.port is \"0\"");
  }
}
