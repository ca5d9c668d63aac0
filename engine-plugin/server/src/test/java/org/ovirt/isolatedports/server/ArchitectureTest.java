// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Holds the rooms of the server apart, as docs/architecture.md draws them. */
@AnalyzeClasses(
    packages = "org.ovirt.isolatedports.server",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule roomsHaveNoCycles =
      slices().matching("org.ovirt.isolatedports.server.(**)").should().beFreeOfCycles();

  /** What serves every feature knows none of them. */
  @ArchTest
  static final ArchRule httpKnowsNoFeature =
      noClasses()
          .that()
          .resideInAPackage("org.ovirt.isolatedports.server.http..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.ovirt.isolatedports.server.network..",
              "org.ovirt.isolatedports.server.profile..",
              "org.ovirt.isolatedports.server.cluster..",
              "org.ovirt.isolatedports.server.vm..",
              "org.ovirt.isolatedports.server.uplink..",
              "org.ovirt.isolatedports.server.emergency..",
              "org.ovirt.isolatedports.server.twin..",
              "org.ovirt.isolatedports.server.violations..",
              "org.ovirt.isolatedports.server.scheduling..",
              "org.ovirt.isolatedports.server.isolation..");
}
