// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.ovirt.engine.sdk4.types.Vm;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineSettings;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.SdkErrors;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.SingleSignOn;

/** The SDK, at an engine that misbehaves or was taken over. */
class HardenedSdkTest {

  private static final String VM = "105ca784-7d7b-46c9-ba49-59c2f4cf8e18";

  private RecordedEngine engine;

  @BeforeEach
  void start() throws Exception {
    engine = new RecordedEngine();
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  private Vm vm(Duration timeout) {
    EngineSettings settings = engine.settings(timeout);
    EngineHttpClient http = new EngineHttpClient(settings);
    HardenedSdk sdk = new HardenedSdk(http, settings);
    return new ServiceAccount(new SingleSignOn(http), settings)
        .call(
            token ->
                SdkErrors.unwrap(
                    () ->
                        sdk.connection(token)
                            .systemService()
                            .vmsService()
                            .vmService(VM)
                            .get()
                            .follow("nics")
                            .send()
                            .vm()));
  }

  @ParameterizedTest
  @EnumSource(value = RecordedEngine.Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void anEngineThatMisbehavesIsNoAnswerAndEndsInTime(RecordedEngine.Fault fault) throws Exception {
    engine.answer("/vms/" + VM + "?follow=nics", "vm-follow.xml");
    engine.misbehave(fault);
    assertThatThrownBy(() -> vm(Duration.ofSeconds(3))).isInstanceOf(EngineException.class);
  }

  /** In these the declaration's bytes are not those of ASCII, or are broken by shift sequences. */
  @ParameterizedTest
  @CsvSource({
    "UTF-8,      <!DOCTYPE",
    "UTF-16LE,   <!DOCTYPE",
    "UTF-16BE,   <!DOCTYPE",
    "UTF-16,     <!DOCTYPE",
    "UTF-32BE,   <!DOCTYPE",
    "IBM037,     <!DOCTYPE",
    "ISO-2022-JP,<!DOC\u001b(BTYPE"
  })
  void aDocumentTypeIsRefusedInWhateverEncodingItHides(String charset, String declaration)
      throws Exception {
    String vm = RecordedEngine.recorded("vm-follow.xml");
    String hostile =
        "<?xml version=\"1.0\" encoding=\""
            + charset
            + "\"?>"
            + declaration
            + " vm [<!ENTITY x \"expanded\">]>"
            + vm.substring(vm.indexOf("<vm ")).replace("<name>vm1</name>", "<name>&x;</name>");
    engine.answerBytes("/vms/" + VM + "?follow=nics", encoded(hostile, charset));
    assertThatThrownBy(() -> vm(Duration.ofSeconds(20)))
        .isInstanceOf(EngineException.class)
        .hasMessageMatching(".*(document type declaration|not XML in UTF-8).*");
  }

  /** ISO-2022-JP is written as it stands: its encoder would leave out the sequence that hides. */
  private static byte[] encoded(String text, String charset) {
    return text.getBytes(
        charset.startsWith("ISO-2022") ? StandardCharsets.US_ASCII : Charset.forName(charset));
  }
}
