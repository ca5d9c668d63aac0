// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.ovirt.isolatedports.body.Shape;

/**
 * {@code openapi.json} says what the resources do: each method of each path and no other, their
 * parameters, bodies and statuses. The statuses of answers are held against it by every integration
 * test ({@code OpenApi} there).
 */
class OpenApiTest {

  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete");
  private static final String DESCRIPTION = "/openapi.json";

  /** What filters and mappers in front of every resource can answer. */
  private static final Set<String> OF_EVERYTHING = Set.of("401", "406", "429", "503");

  private static final Set<String> OF_THE_ENGINE = Set.of("400", "403", "404", "409", "502", "504");

  /** Fields of documents that answers carry and that are let pass, unread, where they come back. */
  private static final Set<String> COME_BACK =
      Set.of("href", "name", "namespace", "revision", "warnings");

  @Test
  void itNamesWhatTheResourcesServe() throws Exception {
    Set<String> served = served().keySet();
    Set<String> documented = documented().keySet();
    Set<String> missing = new TreeSet<>(served);
    missing.removeAll(documented);
    assertThat(missing)
        .as("routes that are served and not described: add them to src/main/resources/openapi.json")
        .isEmpty();
    Set<String> more = new TreeSet<>(documented);
    more.removeAll(served);
    assertThat(more)
        .as("routes that src/main/resources/openapi.json describes and nothing serves")
        .isEmpty();
  }

  @Test
  void everyReferenceLeadsSomewhere() throws IOException {
    JsonNode document = document();
    assertThat(document.findValuesAsText("$ref"))
        .isNotEmpty()
        .allSatisfy(
            reference ->
                assertThat(document.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse());
  }

  @Test
  void everyPartOfAPathIsAParameter() throws IOException {
    document()
        .path("paths")
        .properties()
        .forEach(
            path -> {
              Set<String> braces = new TreeSet<>();
              Matcher brace = Pattern.compile("\\{([^}]*)}").matcher(path.getKey());
              while (brace.find()) {
                braces.add(brace.group(1));
              }
              path.getValue().properties().stream()
                  .filter(method -> METHODS.contains(method.getKey()))
                  .forEach(
                      method -> {
                        Set<String> described =
                            parameters(path.getValue().path("parameters"), "path");
                        described.addAll(parameters(method.getValue().path("parameters"), "path"));
                        assertThat(described)
                            .as(method.getKey() + " " + path.getKey())
                            .isEqualTo(braces);
                      });
            });
  }

  /** Those that {@code Exchange.onlyParameters} lets pass are held by the tests of their owners. */
  @Test
  void queryParametersOfMethodsAreDescribedAndNoOthers() throws Exception {
    Map<String, JsonNode> documented = documented();
    int compared = 0;
    for (Map.Entry<String, Method> route : served().entrySet()) {
      Set<String> read = new TreeSet<>();
      for (Parameter parameter : route.getValue().getParameters()) {
        QueryParam query = parameter.getAnnotation(QueryParam.class);
        if (query != null) {
          read.add(query.value());
        }
      }
      if (!read.isEmpty()) {
        compared++;
        assertThat(parameters(documented.get(route.getKey()).path("parameters"), "query"))
            .as(route.getKey())
            .isEqualTo(read);
      }
    }
    assertThat(compared).isEqualTo(3);
  }

  @Test
  void whatTheEngineIsAskedMayBeSearchedAndFollowedOnlyWhereItIsRead() throws IOException {
    Set<String> engines = Set.of("search", "follow");
    documented()
        .forEach(
            (route, method) -> {
              Set<String> query = parameters(method.path("parameters"), "query");
              query.retainAll(engines);
              if (!route.startsWith("get ")) {
                assertThat(query).as(route).isEmpty();
              }
            });
  }

  @Test
  void bodiesAreDescribedWhereTheyAreTaken() throws Exception {
    Map<String, JsonNode> documented = documented();
    served()
        .forEach(
            (route, method) -> {
              boolean takes = Arrays.asList(method.getParameterTypes()).contains(byte[].class);
              // The engine takes an action in the body of a removal and does nothing with it.
              boolean wanted = takes && !route.startsWith("delete ");
              assertThat(documented.get(route).has("requestBody")).as(route).isEqualTo(wanted);
            });
  }

  @Test
  void statusesAreDescribedThatFiltersAndChecksGive() throws IOException {
    documented()
        .forEach(
            (route, method) -> {
              Set<String> statuses = new TreeSet<>();
              method.path("responses").fieldNames().forEachRemaining(statuses::add);
              assertThat(statuses).as(route).containsAll(OF_EVERYTHING);
              if (!route.equals("get " + DESCRIPTION)) {
                assertThat(statuses).as(route).containsAll(OF_THE_ENGINE);
              }
              assertThat(statuses).as(route).containsAnyOf("200", "201");
              boolean tagged = parameters(method.path("parameters"), "header").contains("If-Match");
              if (tagged) {
                assertThat(statuses).as(route).contains("412");
              }
              boolean writes = !route.startsWith("get ");
              assertThat(statuses.contains("413")).as(route + " 413").isEqualTo(writes);
              assertThat(statuses.contains("408")).as(route + " 408").isEqualTo(writes);
              if (method.has("requestBody")) {
                assertThat(statuses).as(route).contains("415");
              }
              assertThat(writes || !tagged).as(route + " If-Match").isTrue();
            });
  }

  @ParameterizedTest
  @CsvSource({
    "NETWORK, Network",
    "CLUSTER_NETWORK, Network",
    "VNIC_PROFILE, VnicProfile",
    "CLUSTER, Cluster",
    "NIC, Nic",
    "VM, Vm",
    "UPLINK, Uplink",
    "EMERGENCY, EmergencyRequest",
    "MOVING_IN, MovingInStep",
    "ACLS, Acls",
    "NETWORK_POLICY, NetworkPolicy",
    "ADDRESS_SET, AddressSet",
    "PORT_GROUP, PortGroup",
    "LABELS, VnicLabels",
    "VNIC_ROLE, VnicRole",
    "PROFILE_SERVICES, ProfileServices"
  })
  void bodiesHaveTheFieldsThatAreRead(Kind kind, String schema) throws IOException {
    JsonNode described = document().at("/components/schemas/" + schema);
    Shape.Entity read = AskedFields.of(kind);
    // The engine's own entities have more fields, which its documentation has and which pass.
    boolean engines = described.path("additionalProperties").asBoolean(false);
    compare(schema, read, described, engines);
    if (!engines) {
      Set<String> only = fields(described);
      only.removeAll(read.fields().keySet());
      only.removeAll(COME_BACK);
      only.removeIf(field -> described.at("/properties/" + field + "/readOnly").asBoolean());
      assertThat(only).as("fields of " + schema + " that nobody reads").isEmpty();
    }
  }

  @Test
  void everyKindThatIsReadIsCompared() throws Exception {
    CsvSource compared =
        OpenApiTest.class
            .getDeclaredMethod("bodiesHaveTheFieldsThatAreRead", Kind.class, String.class)
            .getAnnotation(CsvSource.class);
    assertThat(compared.value())
        .extracting(line -> Kind.valueOf(line.substring(0, line.indexOf(','))))
        .containsExactlyInAnyOrder(Kind.values());
  }

  private void compare(String where, Shape read, JsonNode schema, boolean engines)
      throws IOException {
    JsonNode described = resolved(schema);
    if (read instanceof Shape.Entity entity) {
      for (Map.Entry<String, Shape> field : entity.fields().entrySet()) {
        JsonNode property = described.path("properties").path(field.getKey());
        if (property.isMissingNode()) {
          assertThat(engines).as("missing: " + where + "." + field.getKey()).isTrue();
        } else {
          compare(where + "." + field.getKey(), field.getValue(), property, engines);
        }
      }
    } else if (read instanceof Shape.Items items) {
      assertThat(fields(described)).as(where).containsExactly(items.element());
      JsonNode list = described.path("properties").path(items.element());
      assertThat(list.path("type").asText()).as(where).isEqualTo("array");
      compare(where + "[]", items.each(), list.path("items"), engines);
    } else {
      assertThat(described.path("type").asText())
          .as(where)
          .isIn("string", "boolean", "integer", "number");
      if (read instanceof Shape.Word words) {
        Set<String> values = new TreeSet<>();
        described.path("enum").forEach(value -> values.add(value.asText()));
        assertThat(values).as(where).isEqualTo(words.known());
      }
    }
  }

  /** A field that is described and that no code names is one that was taken away. */
  @Test
  void everyFieldIsNamedInTheSources() throws IOException {
    String sources = sources();
    Set<String> unnamed = new TreeSet<>();
    for (JsonNode schema : document().at("/components/schemas")) {
      unnamed.addAll(properties(schema));
    }
    assertThat(unnamed).hasSizeGreaterThan(50);
    unnamed.removeIf(field -> sources.contains("\"" + field + "\""));
    assertThat(unnamed).isEmpty();
  }

  private static Set<String> properties(JsonNode schema) {
    Set<String> names = fields(schema);
    schema.path("properties").forEach(property -> names.addAll(properties(property)));
    if (schema.has("items")) {
      names.addAll(properties(schema.path("items")));
    }
    return names;
  }

  private static Set<String> fields(JsonNode schema) {
    Set<String> names = new TreeSet<>();
    schema.path("properties").fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static String sources() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String module : List.of(".", "../engine-client", "../core")) {
      try (Stream<java.nio.file.Path> files =
          Files.walk(java.nio.file.Path.of(module, "src/main/java"))) {
        for (java.nio.file.Path file :
            (Iterable<java.nio.file.Path>)
                files.filter(f -> f.toString().endsWith(".java"))::iterator) {
          all.append(Files.readString(file));
        }
      }
    }
    return all.toString();
  }

  private static JsonNode document() {
    try {
      return new ObjectMapper().readTree(OpenApiTest.class.getResourceAsStream(DESCRIPTION));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document().at(node.path("$ref").asText().substring(1)) : node;
  }

  private static Set<String> parameters(JsonNode list, String in) {
    Set<String> names = new TreeSet<>();
    for (JsonNode each : list) {
      JsonNode parameter = resolved(each);
      if (parameter.path("in").asText().equals(in)) {
        names.add(parameter.path("name").asText());
      }
    }
    return names;
  }

  /** The methods that are described, by what they are compared by. */
  private static Map<String, JsonNode> documented() {
    Map<String, JsonNode> documented = new TreeMap<>();
    document()
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        method -> {
                          if (METHODS.contains(method.getKey())) {
                            documented.put(
                                method.getKey() + " " + anonymous(path.getKey()),
                                method.getValue());
                          }
                        }));
    return documented;
  }

  private static Map<String, Method> served() throws Exception {
    Map<String, Method> served = new HashMap<>();
    for (Class<?> resource : resources()) {
      for (Method method : resource.getMethods()) {
        for (var annotation : method.getAnnotations()) {
          HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
          if (http != null && !method.isBridge()) {
            Path own = method.getAnnotation(Path.class);
            String path =
                resource.getAnnotation(Path.class).value() + "/" + (own == null ? "" : own.value());
            for (String each : alternatives(path)) {
              served.put(http.value().toLowerCase(Locale.ROOT) + " " + each, method);
            }
          }
        }
      }
    }
    return served;
  }

  private static List<Class<?>> resources() throws Exception {
    java.nio.file.Path classes =
        java.nio.file.Path.of(
            OpenApiResource.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Class<?>> resources = new ArrayList<>();
    try (Stream<java.nio.file.Path> files = Files.walk(classes)) {
      List<java.nio.file.Path> named =
          files
              .filter(file -> file.toString().endsWith("Resource.class"))
              .collect(Collectors.toList());
      for (java.nio.file.Path file : named) {
        String name = classes.relativize(file).toString().replace('/', '.');
        Class<?> found = Class.forName(name.substring(0, name.length() - ".class".length()));
        if (found.isAnnotationPresent(Path.class)) {
          resources.add(found);
        }
      }
    }
    return resources;
  }

  /** Paths below a data center are the same resource as those without. */
  private static List<String> alternatives(String path) {
    String parent = "{parent:(datacenters/" + Ids.UUID + "/)?}";
    return path.startsWith(parent)
        ? List.of(
            anonymous(path.substring(parent.length())),
            anonymous("datacenters/{}/" + path.substring(parent.length())))
        : List.of(anonymous(path));
  }

  private static String anonymous(String path) {
    String plain =
        path.replace(":" + Ids.UUID, "").replaceAll("\\{[^}]*}", "{}").replaceAll("/+", "/");
    return ("/" + plain).replaceAll("/+", "/").replaceAll("(?<=.)/$", "");
  }
}
