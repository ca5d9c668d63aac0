// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Holds the engine client free of cycles, and of containers: the set-up uses it without one. */
@AnalyzeClasses(
    packages = {
      "org.ovirt.isolatedports.engine",
      "org.ovirt.isolatedports.body",
      "org.ovirt.isolatedports.xmlrpc"
    },
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("org.ovirt.isolatedports.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule noContainer =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("jakarta..", "org.eclipse.microprofile..");
}
