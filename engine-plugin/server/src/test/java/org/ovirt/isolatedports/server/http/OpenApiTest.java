// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code openapi.json} names each method of each resource, and no other. */
class OpenApiTest {

  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete");

  @Test
  void itNamesWhatTheResourcesServe() throws Exception {
    Set<String> missing = new TreeSet<>(served());
    missing.removeAll(documented());
    assertThat(missing)
        .as("routes that are served and not described: add them to src/main/resources/openapi.json")
        .isEmpty();
    Set<String> more = new TreeSet<>(documented());
    more.removeAll(served());
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

  private static JsonNode document() throws IOException {
    return new ObjectMapper().readTree(OpenApiTest.class.getResourceAsStream("/openapi.json"));
  }

  private static Set<String> documented() throws IOException {
    Set<String> documented = new TreeSet<>();
    document()
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .fieldNames()
                    .forEachRemaining(
                        method -> {
                          if (METHODS.contains(method)) {
                            documented.add(method + " " + anonymous(path.getKey()));
                          }
                        }));
    return documented;
  }

  private static Set<String> served() throws Exception {
    Set<String> served = new TreeSet<>();
    for (Class<?> resource : resources()) {
      for (Method method : resource.getMethods()) {
        for (var annotation : method.getAnnotations()) {
          HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
          if (http != null) {
            Path own = method.getAnnotation(Path.class);
            String path =
                resource.getAnnotation(Path.class).value() + "/" + (own == null ? "" : own.value());
            for (String each : alternatives(path)) {
              served.add(http.value().toLowerCase(Locale.ROOT) + " " + each);
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
      for (java.nio.file.Path file :
          (Iterable<java.nio.file.Path>)
              files.filter(f -> f.toString().endsWith("Resource.class"))::iterator) {
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
