// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Holds core to plain Java: no Jakarta, oVirt SDK, JSON or HTTP type may enter it. */
@AnalyzeClasses(
    packages = "org.ovirt.isolatedports",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  /** The packages core may use: itself, the JDK's base, and the YAML library of its policies. */
  @ArchTest
  static final ArchRule coreIsPlainJava =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("org.ovirt.isolatedports..", "java..", "org.snakeyaml.engine..");

  /** What policies are read into, resolved, asked and compiled builds up one way only. */
  @ArchTest
  static final ArchRule policyPackagesHaveNoCycles =
      slices().matching("org.ovirt.isolatedports.policy.(*)..").should().beFreeOfCycles();

  /** A class outside of the packages of policies would be in no slice, and could close a cycle. */
  @ArchTest
  static final ArchRule policyPackagesHoldAllPolicyClasses =
      noClasses().should().resideInAPackage("org.ovirt.isolatedports.policy");

  @ArchTest
  static final ArchRule roomsHaveNoCycles =
      slices().matching("org.ovirt.isolatedports.(*)..").should().beFreeOfCycles();
}
