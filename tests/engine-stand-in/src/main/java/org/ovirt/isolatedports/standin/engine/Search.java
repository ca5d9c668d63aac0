// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.engine;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.standin.api.Tree;

/**
 * The simple forms of the engine's search language: {@code name=x and status=up}, {@code *} for any
 * text, and {@code sortby time asc}, {@code page 2}. As with the engine, what it does not
 * understand finds nothing and is no error.
 *
 * @param conditions field to wanted value
 * @param ascending whether the oldest come first
 * @param page which page of the result is wanted, from 1
 * @param nothing whether the search makes no sense
 */
record Search(Map<String, String> conditions, boolean ascending, int page, boolean nothing) {
  /** What is searched by name but shown as a link; looked at where the entities are listed. */
  private static final Set<String> LINKS = Set.of("host");

  private static final Pattern PAGE = Pattern.compile("(?i)\\bpage\\s+([1-9]\\d{0,5})\\s*$");
  private static final Pattern SORT =
      Pattern.compile("(?i)\\bsortby\\s+(\\w+)(?:\\s+(asc|desc))?\\s*$");
  private static final Pattern CONDITION =
      Pattern.compile("\\s*(\\w+)\\s*=\\s*(\"[^\"]*\"|[^\\s\"]+)\\s*");
  private static final Set<String> KNOWN =
      Set.of(
          "name",
          "id",
          "status",
          "description",
          "comment",
          "cluster",
          "host",
          "type",
          "severity",
          "origin",
          "message",
          "correlation_id",
          "usrname");

  static Search parse(String text) {
    String rest = text;
    int number = 1;
    Matcher page = PAGE.matcher(rest);
    if (page.find()) {
      number = Integer.parseInt(page.group(1));
      rest = rest.substring(0, page.start());
    }
    boolean ascending = false;
    Matcher sort = SORT.matcher(rest);
    if (sort.find()) {
      ascending = "asc".equalsIgnoreCase(sort.group(2));
      rest = rest.substring(0, sort.start());
    }
    Map<String, String> conditions = new LinkedHashMap<>();
    for (String each : rest.split("(?i)\\s+and\\s+", -1)) {
      if (each.isBlank()) {
        continue;
      }
      Matcher condition = CONDITION.matcher(each);
      if (!condition.matches() || !KNOWN.contains(condition.group(1).toLowerCase(Locale.ROOT))) {
        return new Search(Map.of(), ascending, number, true);
      }
      conditions.put(
          condition.group(1).toLowerCase(Locale.ROOT), condition.group(2).replace("\"", ""));
    }
    return new Search(conditions, ascending, number, false);
  }

  /**
   * Whether an entity, as shown, meets all conditions.
   *
   * @param clusterName the name of the cluster with an id, by which VMs and hosts are searched
   */
  boolean matches(Tree entity, Function<String, Optional<String>> clusterName) {
    return conditions.entrySet().stream()
        .allMatch(
            each -> {
              Optional<String> value =
                  switch (each.getKey()) {
                    case "usrname" -> entity.text("user_name");
                    case "cluster" ->
                        entity
                            .child("cluster")
                            .flatMap(cluster -> cluster.text("id"))
                            .flatMap(clusterName);
                    default -> entity.text(each.getKey());
                  };
              return (LINKS.contains(each.getKey()) && entity.child(each.getKey()).isPresent())
                  || value.filter(text -> like(text, each.getValue())).isPresent();
            });
  }

  /** Case does not matter, and {@code *} stands for anything. */
  static boolean like(String text, String wanted) {
    String pattern = "\\Q" + wanted.replace("*", "\\E.*\\Q") + "\\E";
    return Pattern.compile(pattern, Pattern.CASE_INSENSITIVE | Pattern.DOTALL)
        .matcher(text)
        .matches();
  }
}
