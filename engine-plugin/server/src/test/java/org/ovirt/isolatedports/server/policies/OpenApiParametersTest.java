// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code openapi.json} has the parameters that routes of documents know, and no others. */
class OpenApiParametersTest {

  private final JsonNode document = read();

  private static JsonNode read() {
    try {
      return new ObjectMapper()
          .readTree(OpenApiParametersTest.class.getResourceAsStream("/openapi.json"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Set<String> described(String method, String path) {
    JsonNode route = document.path("paths").path("/networks/{id}/" + path).path(method);
    assertThat(route.isObject()).as(method + " " + path).isTrue();
    Set<String> names = new TreeSet<>();
    for (JsonNode each : route.path("parameters")) {
      JsonNode parameter =
          each.has("$ref") ? document.at(each.path("$ref").asText().substring(1)) : each;
      if (parameter.path("in").asText().equals("query")) {
        names.add(parameter.path("name").asText());
      }
    }
    return names;
  }

  @ParameterizedTest
  @EnumSource(DocumentKind.class)
  void ofDocuments(DocumentKind kind) {
    String one =
        switch (kind) {
          case ACLS -> "acls";
          case NETWORK_POLICY -> "networkpolicies/{policy}";
          case ADDRESS_SET -> "addresssets/{set}";
          case PORT_GROUP -> "portgroups/{group}";
        };
    assertThat(described("get", one)).isEqualTo(Parameters.reading(kind));
    assertThat(described("put", one)).isEqualTo(Parameters.writing(kind));
    assertThat(described("delete", one)).isEqualTo(Parameters.removal(kind));
    assertThat(described("get", one + "/revisions")).isEqualTo(Parameters.reading(kind));
    assertThat(described("get", one + "/revisions/{revision}")).isEqualTo(Parameters.reading(kind));
    assertThat(described("post", one + "/revisions/{revision}/restore"))
        .isEqualTo(Parameters.removal(kind));
    assertThat(described("get", one + "/diff")).isEqualTo(Parameters.diff(kind));
    if (kind != DocumentKind.ACLS) {
      assertThat(described("get", kind.path())).isEqualTo(Parameters.LIST);
    }
  }

  @Test
  void ofNewPoliciesAndOfPackets() {
    assertThat(described("post", "networkpolicies"))
        .isEqualTo(Parameters.writing(DocumentKind.NETWORK_POLICY));
    assertThat(described("get", "reachability")).isEqualTo(new TreeSet<>(Parameters.FLOW));
    assertThat(described("get", "trace")).isEqualTo(new TreeSet<>(Parameters.TRACE));
  }
}
