// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The recordings the stand-in does not follow, each pattern of names with its reason. */
record LeftOut(String pattern, String reason) {
  static List<LeftOut> load(String resource) {
    try (InputStream in = LeftOut.class.getResourceAsStream(resource)) {
      List<LeftOut> all = new ArrayList<>();
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      text.lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .forEach(
              line -> {
                String[] parts = line.split("\\s+", 2);
                all.add(new LeftOut(parts[0], parts.length > 1 ? parts[1] : ""));
              });
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean matches(String name) {
    String regex = "\\Q" + pattern.replace("*", "\\E.*\\Q") + "\\E";
    return Pattern.matches(regex, name);
  }

  static Optional<LeftOut> of(List<LeftOut> all, String name) {
    return all.stream().filter(each -> each.matches(name)).findFirst();
  }
}
