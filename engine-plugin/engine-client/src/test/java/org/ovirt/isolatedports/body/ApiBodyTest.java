// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiBodyTest {

  private static final String XML =
      """
      <network>
          <name>blue</name>
          <mtu>1500</mtu>
          <stp>false</stp>
          <usages>
              <usage>vm</usage>
          </usages>
          <data_center id="d1"/>
      </network>
      """;
  private static final String JSON =
      """
      {"name": "blue", "mtu": 1500, "usages": {"usage": ["vm"]}, "data_center": {"id": "d1"}}
      """;

  @Test
  void anUnchangedBodyKeepsEveryByte() {
    assertThat(xml(XML).toBytes()).isEqualTo(XML.getBytes(UTF_8));
    assertThat(json(JSON).toBytes()).isEqualTo(JSON.getBytes(UTF_8));
  }

  @Test
  void bothFormatsShowTheSameFields() {
    for (ApiBody body : new ApiBody[] {xml(XML), json(JSON)}) {
      assertThat(body.text("name")).contains("blue");
      assertThat(body.texts("usages", "usage").orElseThrow()).containsExactly("vm");
      assertThat(body.child("data_center").flatMap(dc -> dc.text("id"))).contains("d1");
      assertThat(body.has("external_provider")).isFalse();
      assertThat(body.flag("port_isolation")).isEmpty();
    }
  }

  @Test
  void aFieldThatIsSetStandsWhereTheEngineWritesIt() {
    ApiBody body = xml(XML);
    body.set("port_isolation", "true");
    assertThat(new String(body.toBytes(), UTF_8))
        .contains(
            """
                <mtu>1500</mtu>
                <port_isolation>true</port_isolation>
                <stp>false</stp>
            """);
  }

  @Test
  void onlyTheFieldThatIsRemovedGoes() {
    ApiBody body = json("{\"name\":\"blue\",\"port_isolation\":true,\"vlan\":{\"id\":7}}");
    body.remove("port_isolation");
    ApiBody again = json(new String(body.toBytes(), UTF_8));
    assertThat(again.has("port_isolation")).isFalse();
    assertThat(again.child("vlan").flatMap(vlan -> vlan.text("id"))).contains("7");
  }

  @ParameterizedTest
  @CsvSource({"true,true", "1,true", "false,false", "0,false"})
  void xmlFlagsAreReadAsTheEngineReadsThem(String text, boolean value) {
    String body = "<network><port_isolation>" + text + "</port_isolation></network>";
    assertThat(xml(body).flag("port_isolation")).contains(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"maybe", "", "yes", "TRUE ", "2"})
  void anXmlFlagThatIsNoBooleanIsRefusedInTheEnginesWords(String text) {
    ApiBody body = xml("<network><port_isolation>" + text + "</port_isolation></network>");
    assertThatThrownBy(() -> body.flag("port_isolation"))
        .isInstanceOf(MalformedBodyException.class)
        .hasMessage(
            "Value \""
                + text
                + "\" isn't a valid boolean, it should be \"true\" , \"false\", \"0\" or \"1\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"maybe\"", "1", "[]", "{}", "\"\"", "0.5"})
  void aJsonFlagThatIsNoBooleanIsRefused(String value) {
    ApiBody body = json("{\"port_isolation\": " + value + "}");
    assertThatThrownBy(() -> body.flag("port_isolation"))
        .isInstanceOf(MalformedBodyException.class)
        .hasMessageContaining("must be true or false");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<network>",
        "<network></network><network/>",
        "<networks/>",
        "<!DOCTYPE network [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><network>&e;</network>",
        "<network><name>&undefined;</name></network>",
        "<network a=\"1\" a=\"2\"/>",
        "not xml"
      })
  void brokenXmlIsRefusedWithoutReadingAnythingElse(String text) {
    assertThatThrownBy(() -> xml(text)).isInstanceOf(MalformedBodyException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "\"x\"",
        "null",
        "{} {}",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":[{\"b\":\"x\\u0000\"}]}",
        "{\"a\\u0000\":1}",
        "{\"a\":\"\\ud800x\"}"
      })
  void brokenJsonIsRefused(String text) {
    assertThatThrownBy(() -> json(text)).isInstanceOf(MalformedBodyException.class);
  }

  /** Two readers that take different ones would disagree on whether the network is isolated. */
  @Test
  void aFieldThatStandsTwiceIsRefused() {
    ApiBody body =
        xml(
            "<network><port_isolation>false</port_isolation>"
                + "<port_isolation>true</port_isolation></network>");
    assertThatThrownBy(() -> body.flag("port_isolation"))
        .isInstanceOf(MalformedBodyException.class)
        .hasMessage("The body holds <port_isolation> twice.");
  }

  @Test
  void deepNestingIsRefusedNotOverflown() {
    String xml = "<network>" + "<a>".repeat(50_000) + "</a>".repeat(50_000) + "</network>";
    String json = "{\"a\":".repeat(50_000) + "1" + "}".repeat(50_000);
    assertThatThrownBy(() -> xml(xml)).isInstanceOf(MalformedBodyException.class);
    assertThatThrownBy(() -> json(json)).isInstanceOf(MalformedBodyException.class);
  }

  @Test
  void aFaultSurvivesWhatItQuotes() {
    String hostile = "<b>&\u0000\u0007\"\uD83D\uDE00";
    ApiBody fault = BodyFormat.XML.read(BodyFormat.XML.fault("Operation Failed", hostile), "fault");
    assertThat(fault.text("detail")).contains("<b>&??\"\uD83D\uDE00");
    assertThat(new String(BodyFormat.JSON.fault("r", hostile), UTF_8))
        .contains("\"<b>&\\u0000\\u0007\\\"\\uD83D\\uDE00\"");
  }

  @Test
  void collectionsAreReadItemByItem() {
    ApiBody xml =
        BodyFormat.XML.read(
            "<networks><network id='n1'/><network id='n2'/></networks>".getBytes(UTF_8),
            "networks");
    ApiBody json = json("{\"network\":[{\"id\":\"n1\"},{\"id\":\"n2\"}]}");
    for (ApiBody body : new ApiBody[] {xml, json}) {
      assertThat(body.items("network"))
          .extracting(item -> item.text("id").orElseThrow())
          .containsExactly("n1", "n2");
    }
    assertThat(json("{}").items("network")).isEmpty();
  }

  private static ApiBody xml(String text) {
    return BodyFormat.XML.read(text.getBytes(UTF_8), "network");
  }

  private static ApiBody json(String text) {
    return BodyFormat.JSON.read(text.getBytes(UTF_8), "network");
  }

  @Test
  void aTextOfOursComesBackFromXmlAsItWas() {
    String text = " a\r\nb\rc\n\t<&>]]> \u00e9\ud83d\ude00 ";
    byte[] written = TreeWriter.write(BodyFormat.XML, "acls", Map.of("yaml", text));
    assertThat(BodyFormat.XML.read(written, "acls").text("yaml")).contains(text);
    byte[] illegal = TreeWriter.write(BodyFormat.XML, "acls", Map.of("yaml", "a\u0000\ufffeb"));
    assertThat(BodyFormat.XML.read(illegal, "acls").text("yaml")).contains("a??b");
  }
}
