// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.body;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What we add to bodies of API v4, and how we look into them, in both representations. */
class ApiBodyEditTest {

  private static ApiBody profile(BodyFormat format) {
    String text =
        format == BodyFormat.XML
            ? "<vnic_profile><name>p</name><network href=\"/e/n\" id=\"1\"><name>n</name></network>"
                + "</vnic_profile>"
            : "{\"name\":\"p\",\"network\":{\"href\":\"/e/n\",\"id\":\"1\",\"name\":\"n\"}}";
    return format.read(text.getBytes(StandardCharsets.UTF_8), "vnic_profile");
  }

  private static ApiBody again(BodyFormat format, ApiBody body) {
    return format.read(body.toBytes(), "vnic_profile");
  }

  @ParameterizedTest
  @EnumSource(BodyFormat.class)
  void aPropertyIsAddedToTheListThatIsThereOrNot(BodyFormat format) {
    ApiBody body = profile(format);
    body.append("custom_properties", "custom_property", Map.of("name", "a", "value", "1"));
    body.append("custom_properties", "custom_property", Map.of("name", "b", "value", "2"));
    assertThat(again(format, body).list("custom_properties", "custom_property"))
        .extracting(property -> property.text("name").orElse(""))
        .containsExactly("a", "b");
  }

  @Test
  void aBareArrayOfPropertiesIsAddedToAsItIs() {
    ApiBody body =
        BodyFormat.JSON.read(
            "{\"custom_properties\":[{\"name\":\"a\"}]}".getBytes(StandardCharsets.UTF_8), "x");
    body.append("custom_properties", "custom_property", Map.of("name", "b"));
    assertThat(new String(body.toBytes(), StandardCharsets.UTF_8).replaceAll("\\s", ""))
        .isEqualTo("{\"custom_properties\":[{\"name\":\"a\"},{\"name\":\"b\"}]}");
  }

  @ParameterizedTest
  @EnumSource(BodyFormat.class)
  void textsAreSetAndReadBack(BodyFormat format) {
    ApiBody body = profile(format);
    body.setTexts("warnings", "warning", List.of("one & <two>"));
    body.setTexts("warnings", "warning", List.of("three"));
    assertThat(again(format, body).texts("warnings", "warning")).contains(List.of("three"));
    assertThat(body.names()).contains("name", "network", "warnings");
  }

  @ParameterizedTest
  @EnumSource(BodyFormat.class)
  void linksAreChangedAtAnyDepth(BodyFormat format) {
    ApiBody body = profile(format);
    body.changeHrefs(href -> href.replace("/e/", "/o/"));
    assertThat(again(format, body).child("network").flatMap(n -> n.text("href"))).contains("/o/n");
    assertThat(body.everywhere("network")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(BodyFormat.class)
  void theCanonicalFormTellsContentFromForm(BodyFormat format) {
    ApiBody body = profile(format);
    String before = body.canonical(Set.of("href"));
    body.changeHrefs(href -> "/elsewhere");
    assertThat(body.canonical(Set.of("href"))).isEqualTo(before);
    body.set("name", "q");
    assertThat(body.canonical(Set.of("href"))).isNotEqualTo(before);
  }

  @Test
  void whiteSpaceAndOrderDoNotChangeTheCanonicalForm() {
    ApiBody one =
        BodyFormat.JSON.read("{\"a\":\"1\",\"b\":2}".getBytes(StandardCharsets.UTF_8), "x");
    ApiBody two =
        BodyFormat.JSON.read(
            "{ \"b\" : \"2\", \"a\" : \"1\" }".getBytes(StandardCharsets.UTF_8), "x");
    assertThat(one.canonical(Set.of())).isEqualTo(two.canonical(Set.of()));
    ApiBody xml = BodyFormat.XML.read("<x><a>1</a></x>".getBytes(StandardCharsets.UTF_8), "x");
    ApiBody indented =
        BodyFormat.XML.read("<x>\n  <a>1</a>\n</x>".getBytes(StandardCharsets.UTF_8), "x");
    assertThat(xml.canonical(Set.of())).isEqualTo(indented.canonical(Set.of()));
  }

  @ParameterizedTest
  @EnumSource(BodyFormat.class)
  void contentCannotPretendToBeStructure(BodyFormat format) {
    ApiBody one = format.create("x");
    one.set("a", "1\",\"b\":\"2");
    ApiBody two = format.create("x");
    two.set("a", "1");
    two.set("b", "2");
    assertThat(one.canonical(Set.of())).isNotEqualTo(two.canonical(Set.of()));
  }
}
