// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The admin portal, as far as a UI plugin sees it: a page that hosts plugins, and their files.
 *
 * <p>As at the engine, the descriptors are read anew with each load of the page, and the files are
 * served without a login, with headers that let only pages of the same origin frame them and that
 * take the type of a script for what it is.
 */
final class Portal {
  static final String PREFIX = "/ovirt-engine/webadmin";

  private static final String PLUGIN_FILES = PREFIX + "/plugin/";
  private static final String OWN_FILES = PREFIX + "/portal/";
  private static final String DEFINITIONS = "/* pluginDefinitions */ []";
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html;charset=UTF-8",
          "js", "application/javascript",
          "css", "text/css",
          "json", "application/json",
          "svg", "image/svg+xml",
          "png", "image/png",
          "woff", "font/woff",
          "woff2", "font/woff2");

  private final Path uiPlugins;

  /**
   * A portal with the plugins of a folder.
   *
   * @param uiPlugins laid out as {@code /usr/share/ovirt-engine/ui-plugins}
   */
  Portal(Path uiPlugins) {
    this.uiPlugins = uiPlugins;
  }

  static boolean serves(String path) {
    return path.equals(PREFIX) || path.startsWith(PREFIX + "/");
  }

  void handle(HttpServerExchange exchange) throws IOException {
    String path = exchange.getRequestPath();
    exchange
        .getResponseHeaders()
        .put(HttpString.tryFromString("X-FRAME-OPTIONS"), "SAMEORIGIN")
        .put(HttpString.tryFromString("X-CONTENT-TYPE-OPTIONS"), "NOSNIFF");
    if (path.equals(PREFIX)) {
      exchange.getResponseHeaders().put(HttpString.tryFromString("Location"), PREFIX + "/");
      Exchanges.send(exchange, 302, TYPES.get("html"), new byte[0]);
    } else if (path.equals(PREFIX + "/")) {
      Exchanges.send(exchange, 200, TYPES.get("html"), page());
    } else if (path.startsWith(PLUGIN_FILES)) {
      Optional<Path> file = pluginFile(path.substring(PLUGIN_FILES.length()));
      if (file.isPresent()) {
        Exchanges.send(exchange, 200, type(path), Files.readAllBytes(file.get()));
      } else {
        notFound(exchange);
      }
    } else if (path.startsWith(OWN_FILES) && path.matches(".*/[a-z-]+\\.(js|css)")) {
      String name = path.substring(OWN_FILES.length());
      Exchanges.send(exchange, 200, type(path), resource(name));
    } else {
      notFound(exchange);
    }
  }

  private static void notFound(HttpServerExchange exchange) {
    Exchanges.send(
        exchange, 404, TYPES.get("html"), "<html><body>404 - Page not found</body></html>");
  }

  private static String type(String path) {
    String extension = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return TYPES.getOrDefault(extension, "application/octet-stream");
  }

  private String page() throws IOException {
    String page = new String(resource("index.html"), StandardCharsets.UTF_8);
    // A script ends at "</", wherever it stands.
    return page.replace(DEFINITIONS, definitions().toString().replace("</", "<\\/"));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Portal.class.getResourceAsStream("/portal/" + name)) {
      return in == null ? new byte[0] : in.readAllBytes();
    }
  }

  private ArrayNode definitions() throws IOException {
    ArrayNode all = JSON.createArrayNode();
    try (Stream<Path> files = Files.list(uiPlugins)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".json")).sorted().toList()) {
        JsonNode descriptor = JSON.readTree(file.toFile());
        if (descriptor.path("name").isTextual() && descriptor.path("url").isTextual()) {
          ObjectNode definition = all.addObject();
          definition.set("name", descriptor.get("name"));
          definition.set("url", descriptor.get("url"));
          definition.set(
              "config",
              descriptor.path("config").isObject()
                  ? descriptor.get("config")
                  : JSON.createObjectNode());
        }
      }
    }
    return all;
  }

  /** A file below the folder that the plugin's descriptor names; nothing outside of it. */
  private Optional<Path> pluginFile(String nameAndFile) {
    int slash = nameAndFile.indexOf('/');
    if (slash < 0) {
      return Optional.empty();
    }
    return resourcePath(nameAndFile.substring(0, slash))
        .flatMap(
            folder -> {
              Path file = folder.resolve(nameAndFile.substring(slash + 1)).normalize();
              return file.startsWith(folder) && Files.isRegularFile(file)
                  ? Optional.of(file)
                  : Optional.empty();
            });
  }

  private Optional<Path> resourcePath(String plugin) {
    try (Stream<Path> files = Files.list(uiPlugins)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".json")).toList()) {
        JsonNode descriptor = JSON.readTree(file.toFile());
        if (plugin.equals(descriptor.path("name").textValue())
            && descriptor.path("resourcePath").isTextual()) {
          return Optional.of(
              uiPlugins.resolve(descriptor.get("resourcePath").textValue()).normalize());
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
