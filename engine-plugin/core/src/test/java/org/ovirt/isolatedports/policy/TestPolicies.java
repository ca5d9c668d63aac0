// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.evaluate.Reachability;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.finding.PolicyException;
import org.ovirt.isolatedports.policy.finding.SourceLocation;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.policy.inventory.InventoryReader;
import org.ovirt.isolatedports.policy.read.PolicyReader;
import org.ovirt.isolatedports.policy.read.PolicySet;
import org.ovirt.isolatedports.policy.resolve.ResolvedNetwork;

/** Policies and inventories for tests. */
public final class TestPolicies {

  private TestPolicies() {}

  /** A place in a file that is nowhere. */
  public static SourceLocation place(int line) {
    return new SourceLocation("rules.yaml", line, 1);
  }

  /** A file of the test data. */
  public static String resource(String name) {
    try (InputStream in = TestPolicies.class.getResourceAsStream("/policy/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An inventory without errors. */
  public static Inventory inventory(String yaml) {
    try {
      InventoryReader.Result result = InventoryReader.read("inventory.yaml", yaml);
      assertThat(result.findings()).filteredOn(Finding::isError).isEmpty();
      return result.inventory();
    } catch (PolicyException e) {
      throw new AssertionError(e);
    }
  }

  /** Policies without errors. */
  public static PolicySet policies(Inventory inventory, String... yaml) {
    PolicyReader reader = new PolicyReader(inventory, Optional.empty());
    for (int i = 0; i < yaml.length; i++) {
      reader.read("policy" + i + ".yaml", yaml[i]);
    }
    assertThat(reader.findings()).filteredOn(Finding::isError).isEmpty();
    return reader.policies();
  }

  /** What is found wrong with policies. */
  public static List<Finding> findings(Inventory inventory, String... yaml) {
    PolicyReader reader = new PolicyReader(inventory, Optional.empty());
    for (int i = 0; i < yaml.length; i++) {
      reader.read("policy" + i + ".yaml", yaml[i]);
    }
    return reader.findings();
  }

  /** The matrix by "FROM>TO". */
  public static Map<String, Reachability.Pair> matrix(
      Inventory inventory, PolicySet policies, Flow flow) {
    Map<String, Reachability.Pair> pairs = new TreeMap<>();
    new Reachability(inventory, ResolvedNetwork.all(inventory, policies))
        .matrix(flow)
        .forEach(pair -> pairs.put(pair.from() + ">" + pair.to(), pair));
    return pairs;
  }
}
