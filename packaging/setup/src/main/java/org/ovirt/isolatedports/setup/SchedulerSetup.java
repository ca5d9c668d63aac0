// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.setup;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.ovirt.engine.sdk4.builders.Builders;
import org.ovirt.engine.sdk4.types.Cluster;
import org.ovirt.engine.sdk4.types.Property;
import org.ovirt.engine.sdk4.types.SchedulingPolicy;
import org.ovirt.engine.sdk4.types.SchedulingPolicyUnit;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.ServiceAccount;

/**
 * Puts our filter into the engine's scheduling, and takes it out again: {@code isolated-ports-setup
 * scheduler on|off}.
 *
 * <p>On takes two runs with a restart of the engine between them, as the engine asks for filters
 * only at its start. Each may be repeated. The filter goes into a copy of the scheduling policy a
 * cluster has, so that policies, which administrators share and the engine locks, stay as they are.
 * What was there before is recorded first; off puts it back, and leaves alone what somebody has
 * changed since.
 */
public final class SchedulerSetup {

  static final String ENABLED = "ExternalSchedulerEnabled";
  static final String URL = "ExternalSchedulerServiceURL";

  private static final String SUFFIX = "-isolated-ports";
  private static final String OPTION = "option.";
  private static final String POLICY_OF = "cluster-policy.";
  private static final String PROPERTIES_OF = "cluster-properties.";
  private static final String COPY_OF = "copy-of.";

  /** What we set an option to: a later run may be told another URL. */
  private static final String SET = "set.";

  /** A copy about to be made, by its name: its id is known only afterwards. */
  private static final String MAKING = "making.";

  /**
   * What was done.
   *
   * @param steps sentences; empty if there was nothing to do
   * @param restartNeeded whether the engine must be restarted for it to be in effect, after which
   *     on has to be run again
   */
  public record Outcome(List<String> steps, boolean restartNeeded) {

    public Outcome {
      steps = List.copyOf(steps);
    }
  }

  private final EngineOptions options;
  private final SchedulingPolicies policies;
  private final URI ourUrl;
  private final Path recordFile;
  private final SchedulerProbe probe = new SchedulerProbe();

  /**
   * A set-up.
   *
   * @param account an administrator of the engine
   * @param ourUrl where our scheduler listens, such as {@code http://127.0.0.1:18781/}
   * @param recordFile where to keep what was there before
   */
  public SchedulerSetup(
      EngineOptions options, HardenedSdk sdk, ServiceAccount account, URI ourUrl, Path recordFile) {
    this.options = options;
    this.policies = new SchedulingPolicies(sdk, account);
    this.ourUrl = ourUrl;
    this.recordFile = recordFile;
  }

  /**
   * Switches our scheduler on for some clusters.
   *
   * @param clusterNames names of the clusters
   * @throws SetupException if another scheduler is in the way, ours does not run, or there is no
   *     such cluster; nothing was changed then
   */
  public Outcome on(Set<String> clusterNames) {
    List<Cluster> clusters = named(clusterNames);
    refuseWhereAnotherAnswers();
    if (!(probe.at(ourUrl) instanceof SchedulerProbe.Found.Ours)) {
      throw new SetupException(
          "Isolated Ports does not answer at "
              + ourUrl
              + ": start its server first, or the engine would disable the filter at its next"
              + " start.");
    }
    try (SetupRecord record = new SetupRecord(recordFile)) {
      return on(clusters, record);
    }
  }

  private Outcome on(List<Cluster> clusters, SetupRecord record) {
    List<String> steps = new ArrayList<>();
    set(URL, ourUrl.toString(), record, steps);
    set(ENABLED, "true", record, steps);
    boolean optionsChanged = !steps.isEmpty();
    Optional<SchedulingPolicyUnit> filter =
        policies.ourFilter().filter(unit -> unit.enabledPresent() && unit.enabled());
    if (filter.isEmpty()) {
      steps.add("Restart ovirt-engine, which asks for filters at its start, and run this again.");
      return new Outcome(steps, true);
    }
    for (Cluster cluster : clusters) {
      use(cluster, filter.get().id(), record, steps);
    }
    if (optionsChanged) {
      steps.add("Restart ovirt-engine for this to be in effect.");
    }
    return new Outcome(steps, optionsChanged);
  }

  /** Puts back what was there before. */
  public Outcome off() {
    try (SetupRecord record = new SetupRecord(recordFile)) {
      return off(record);
    }
  }

  private Outcome off(SetupRecord record) {
    List<String> steps = new ArrayList<>();
    record.under(MAKING).forEach((originalId, name) -> takeOver(originalId, name, record));
    Map<String, String> copies = record.under(COPY_OF);
    for (Map.Entry<String, String> before : record.under(POLICY_OF).entrySet()) {
      putBack(before.getKey(), before.getValue(), Set.copyOf(copies.values()), record, steps);
    }
    for (Map.Entry<String, String> copy : copies.entrySet()) {
      removeCopy(copy.getKey(), copy.getValue(), record, steps);
    }
    boolean changed = false;
    for (String option : List.of(ENABLED, URL)) {
      changed |= putBackOption(option, record, steps);
    }
    if (changed) {
      steps.add("Restart ovirt-engine for this to be in effect.");
    }
    return new Outcome(steps, changed);
  }

  private List<Cluster> named(Set<String> names) {
    Map<String, Cluster> known = new TreeMap<>();
    policies.clusters().forEach(cluster -> known.put(cluster.name(), cluster));
    List<Cluster> found = new ArrayList<>();
    for (String name : names) {
      if (!known.containsKey(name)) {
        throw new SetupException(
            "The engine has no cluster "
                + name
                + "; it has "
                + String.join(", ", known.keySet())
                + ".");
      }
      found.add(known.get(name));
    }
    return found;
  }

  private void refuseWhereAnotherAnswers() {
    String configured = options.get(URL);
    URI url;
    try {
      url = URI.create(configured);
    } catch (IllegalArgumentException e) {
      // Nobody can answer there.
      return;
    }
    if (probe.at(url) instanceof SchedulerProbe.Found.Other other) {
      throw new SetupException(
          "At "
              + configured
              + ", which the engine's option "
              + URL
              + " names, answers "
              + other.what()
              + ". The engine can use one external scheduler only: stop that one first if it is no"
              + " longer needed.");
    }
  }

  private void set(String option, String value, SetupRecord record, List<String> steps) {
    String before = options.get(option);
    if (before.equals(value)) {
      return;
    }
    boolean ours = record.get(SET + option).filter(before::equals).isPresent();
    record.keep(
        ours ? Map.of(SET + option, value) : Map.of(OPTION + option, before, SET + option, value));
    options.set(option, value);
    steps.add("Set the engine's option " + option + " to " + value + " (was " + before + ").");
  }

  private boolean putBackOption(String option, SetupRecord record, List<String> steps) {
    Optional<String> before = record.get(OPTION + option);
    if (before.isEmpty()) {
      return false;
    }
    String now = options.get(option);
    boolean ours = record.get(SET + option).filter(now::equals).isPresent();
    boolean change = ours && !now.equals(before.get());
    if (change) {
      options.set(option, before.get());
      steps.add("Set the engine's option " + option + " back to " + before.get() + ".");
    } else if (!now.equals(before.get())) {
      steps.add("Left the engine's option " + option + " at " + now + ", as it was changed since.");
    }
    record.remove(OPTION + option, SET + option);
    return change;
  }

  private void use(Cluster cluster, String filterId, SetupRecord record, List<String> steps) {
    String policyId = cluster.schedulingPolicy().id();
    if (policies.uses(policyId, filterId)) {
      return;
    }
    SchedulingPolicy original = policies.policy(policyId);
    if (record.under(COPY_OF).containsValue(policyId)) {
      policies.addFilter(policyId, filterId, 0);
      steps.add("Put our filter back into the scheduling policy " + original.name() + ".");
      return;
    }
    String copyId = copy(original, filterId, record, steps);
    List<Property> properties = propertiesOf(cluster);
    record.keep(
        Map.of(PROPERTIES_OF + cluster.id(), text(properties), POLICY_OF + cluster.id(), policyId));
    policies.assign(cluster.id(), copyId, properties);
    steps.add(
        "Cluster "
            + cluster.name()
            + " now has the scheduling policy "
            + original.name()
            + SUFFIX
            + " (was "
            + original.name()
            + ").");
  }

  private String copy(
      SchedulingPolicy original, String filterId, SetupRecord record, List<String> steps) {
    String name = original.name() + SUFFIX;
    record.get(MAKING + original.id()).ifPresent(making -> takeOver(original.id(), making, record));
    Optional<String> ours = record.get(COPY_OF + original.id());
    Optional<SchedulingPolicy> existing = policies.named(name);
    if (existing.isPresent() && ours.filter(existing.get().id()::equals).isEmpty()) {
      throw new SetupException(
          "There is a scheduling policy "
              + name
              + " that this set-up did not make: rename or remove it, or assign it to the cluster"
              + " yourself after adding the filter isolated_ports.");
    }
    if (existing.isEmpty()) {
      record.keep(Map.of(MAKING + original.id(), name));
      record.keep(Map.of(COPY_OF + original.id(), policies.add(name, description(name))));
      record.remove(MAKING + original.id());
      steps.add("Made the scheduling policy " + name + ", a copy with our filter.");
    }
    String id = record.get(COPY_OF + original.id()).orElseThrow();
    policies.fill(id, original, filterId);
    return id;
  }

  private static String description(String name) {
    return "Copy of "
        + name.substring(0, name.length() - SUFFIX.length())
        + " with the filter isolated_ports, made by isolated-ports-setup.";
  }

  /** A copy whose making was cut off before its id was recorded is ours all the same. */
  private void takeOver(String originalId, String name, SetupRecord record) {
    policies
        .named(name)
        .filter(policy -> description(name).equals(policy.description()))
        .ifPresent(policy -> record.keep(Map.of(COPY_OF + originalId, policy.id())));
    record.remove(MAKING + originalId);
  }

  private void putBack(
      String clusterId,
      String policyId,
      Set<String> copies,
      SetupRecord record,
      List<String> steps) {
    Optional<Cluster> cluster = policies.cluster(clusterId);
    if (cluster.isPresent()) {
      String name = cluster.get().name();
      if (copies.contains(cluster.get().schedulingPolicy().id())) {
        if (!policies.exists(policyId)) {
          throw new SetupException(
              "The scheduling policy that cluster "
                  + name
                  + " had before was removed since: give the cluster another one, and run this"
                  + " again.");
        }
        policies.assign(
            clusterId, policyId, properties(record.get(PROPERTIES_OF + clusterId).orElse("")));
        steps.add("Gave cluster " + name + " its former scheduling policy back.");
      } else {
        steps.add("Left cluster " + name + " alone, as its scheduling policy was changed since.");
      }
    }
    record.remove(POLICY_OF + clusterId, PROPERTIES_OF + clusterId);
  }

  private void removeCopy(
      String originalId, String copyId, SetupRecord record, List<String> steps) {
    List<String> users =
        policies.clusters().stream()
            .filter(cluster -> copyId.equals(cluster.schedulingPolicy().id()))
            .map(Cluster::name)
            .toList();
    if (!users.isEmpty()) {
      throw new SetupException(
          "The clusters "
              + String.join(", ", users)
              + " use a scheduling policy made by this set-up that was not given to them by it:"
              + " give them another one, and run this again.");
    }
    policies.remove(copyId);
    record.remove(COPY_OF + originalId);
    steps.add("Removed the scheduling policy made by this set-up.");
  }

  private static List<Property> propertiesOf(Cluster cluster) {
    return cluster.customSchedulingPolicyPropertiesPresent()
        ? cluster.customSchedulingPolicyProperties()
        : List.of();
  }

  /** Properties as the engine writes them itself; neither names nor values hold a semicolon. */
  private static String text(List<Property> properties) {
    List<String> pairs = new ArrayList<>();
    properties.forEach(property -> pairs.add(property.name() + "=" + property.value()));
    return String.join(";", pairs);
  }

  private static List<Property> properties(String text) {
    List<Property> properties = new ArrayList<>();
    for (String pair : text.split(";", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        properties.add(
            Builders.property()
                .name(pair.substring(0, equals))
                .value(pair.substring(equals + 1))
                .build());
      }
    }
    return properties;
  }
}
