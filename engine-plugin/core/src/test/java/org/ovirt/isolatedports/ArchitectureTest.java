// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

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
}
