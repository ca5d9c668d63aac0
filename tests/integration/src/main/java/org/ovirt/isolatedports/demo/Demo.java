// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The main job on real parts, walked through as oVirt's feature page describes it. */
public final class Demo {

  private static final Logger QUIET = Logger.getLogger("");

  private Demo() {}

  /**
   * Runs the demo; exits 0 only if every step went as it should.
   *
   * @param arguments see {@code demo.sh --help}
   */
  public static void main(String[] arguments) {
    Options options;
    try {
      options = Options.parse(Arrays.asList(arguments));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(64);
      return;
    }
    // The steps are what is to be seen; the stand-in's web server has nothing to add to them.
    QUIET.setLevel(Level.WARNING);
    Path project = Path.of(System.getProperty("isolated-ports.project", ".")).toAbsolutePath();
    Report report = new Report();
    try (Walk walk = new Walk(project, options, report, text -> System.out.print(text))) {
      walk.run();
      Path file = project.resolve("target/demo/report.json");
      report.write(file);
      System.out.printf(
          "%n%s. The report is in target/demo/report.json.%n",
          report.ok() ? "Everything went as it should" : "NOT everything went as it should");
      if (options.keep()) {
        walk.waitForInterrupt();
      }
    }
    System.exit(report.ok() ? 0 : 1);
  }
}
