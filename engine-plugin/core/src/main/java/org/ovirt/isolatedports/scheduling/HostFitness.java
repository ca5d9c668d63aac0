// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import static org.ovirt.isolatedports.validation.ValidationResult.failWith;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ovirt.isolatedports.validation.ValidationMessage;
import org.ovirt.isolatedports.validation.ValidationResult;
import org.ovirt.isolatedports.validation.ValidationResult.Violation;

/**
 * Whether a host can enforce port isolation, with a reason for every "no". One method is one rule;
 * what is not known counts as "no".
 *
 * <p>Fitness is separate from the level gate ({@code IsPortIsolationSupported}): the gate says what
 * a cluster may be given, fitness where a VM may run.
 */
public final class HostFitness {

  /**
   * Distributions that have had kernel 4.18 or newer from major version 8 on (RHEL and its
   * rebuilds, oVirt Node, RHVH), as the engine names them in {@code os.type}.
   */
  private static final Set<String> ENTERPRISE_LINUX =
      Set.of("rhel", "ovirt node", "rhev hypervisor", "rhvh");

  private static final Pattern MAJOR = Pattern.compile("^(\\d{1,4})(?!\\d)");

  private final FitnessRequirements requirements;

  public HostFitness(FitnessRequirements requirements) {
    this.requirements = requirements;
  }

  /**
   * What stands against a host for isolated ports of any network.
   *
   * @return in the order of the rules; empty for a fit host
   */
  public List<Violation> againstHost(Host host) {
    return violations(
        isUp(host),
        saysItsLibvirt(host),
        hasLibvirtThatIsNewEnough(host),
        saysItsKernel(host),
        hasKernelThatIsNewEnough(host),
        reports(host),
        reportIsReadable(host),
        hostPartIsOfOurVersion(host),
        hasOurHookForEveryEvent(host),
        hooksAreOneProgram(host),
        hasOurLibvirtFilter(host),
        saysWhetherItsServiceAnswers(host),
        hasAServiceThatAnswers(host),
        hasListOfIsolatedBridges(host));
  }

  /**
   * What stands against a host for the ports of one network.
   *
   * @return in the order of the rules; empty for a fit host
   */
  public List<Violation> againstNetwork(Host host, GuardedNetwork network) {
    return violations(
        networkIsAttached(host, network),
        networkIsBridged(host, network),
        networkIsOnLinuxBridge(host, network),
        filtersBridgedFrames(host, network),
        tracksBridgedConnections(host, network));
  }

  /**
   * Whether what is known of the host is too old to be relied on. What comes from far ahead was
   * read before the clock was set back, nobody knows how long ago.
   */
  public ValidationResult factsAreFresh(Host host, Instant now) {
    Duration age = Duration.between(host.seen(), now).abs();
    return failWith(
            ValidationMessage.HOST_FACTS_OUTDATED,
            () -> Map.of("host", host.name(), "age", Long.toString(age.toMinutes())))
        .when(age.compareTo(requirements.factsAge()) > 0);
  }

  ValidationResult isUp(Host host) {
    return failWith(
            ValidationMessage.HOST_NOT_UP, Map.of("host", host.name(), "status", host.status()))
        .unless(host.status().equalsIgnoreCase("up"));
  }

  ValidationResult saysItsLibvirt(Host host) {
    return failWith(
            ValidationMessage.HOST_LIBVIRT_UNKNOWN,
            Map.of("host", host.name(), "minimum", requirements.libvirt().toString()))
        .when(ReleaseVersion.in(host.facts().libvirt()).isEmpty());
  }

  ValidationResult hasLibvirtThatIsNewEnough(Host host) {
    return tooOld(
        ValidationMessage.HOST_LIBVIRT_TOO_OLD,
        host,
        "libvirt",
        ReleaseVersion.in(host.facts().libvirt()),
        requirements.libvirt());
  }

  ValidationResult saysItsKernel(Host host) {
    return failWith(
            ValidationMessage.HOST_KERNEL_UNKNOWN,
            Map.of("host", host.name(), "minimum", requirements.kernel().toString()))
        .when(kernel(host).isEmpty());
  }

  ValidationResult hasKernelThatIsNewEnough(Host host) {
    return tooOld(
        ValidationMessage.HOST_KERNEL_TOO_OLD, host, "kernel", kernel(host), requirements.kernel());
  }

  ValidationResult reports(Host host) {
    return failWith(ValidationMessage.HOST_REPORTS_NOTHING, named(host))
        .when(host.facts().reportText().isEmpty());
  }

  ValidationResult reportIsReadable(Host host) {
    return failWith(ValidationMessage.HOST_REPORT_DAMAGED, named(host))
        .when(host.facts().reportText().isPresent() && host.facts().report().isEmpty());
  }

  ValidationResult hostPartIsOfOurVersion(Host host) {
    Optional<String> said = host.facts().report().map(HostReport::version);
    boolean ours =
        said.flatMap(ReleaseVersion::in)
            .filter(version -> version.major() == requirements.hostPart().major())
            .filter(version -> !version.isBefore(requirements.hostPart()))
            .isPresent();
    return failWith(
            ValidationMessage.HOST_PART_VERSION_DIFFERS,
            Map.of(
                "host", host.name(),
                "version", said.filter(text -> !text.isEmpty()).orElse("unknown"),
                "minimum", requirements.hostPart().toString()))
        .when(said.isPresent() && !ours);
  }

  ValidationResult hasOurHookForEveryEvent(Host host) {
    Set<String> missing = new TreeSet<>(requirements.hookEvents());
    ourHooks(host).forEach(hook -> missing.remove(hook.event()));
    return failWith(
            ValidationMessage.HOST_HOOK_MISSING,
            Map.of("host", host.name(), "events", String.join(", ", missing)))
        .unless(missing.isEmpty());
  }

  /**
   * All events run one program, so a host on which they differ was left half upgraded, or somebody
   * edited a hook. Where the accepted checksums are known, they must be among them.
   */
  ValidationResult hooksAreOneProgram(Host host) {
    Set<String> checksums =
        ourHooks(host).map(ReportedHook::checksum).collect(Collectors.toUnmodifiableSet());
    boolean accepted =
        requirements.hookChecksums().isEmpty()
            || requirements.hookChecksums().containsAll(checksums);
    return failWith(ValidationMessage.HOST_HOOKS_DIFFER, named(host))
        .when(checksums.size() > 1 || !accepted);
  }

  ValidationResult hasOurLibvirtFilter(Host host) {
    return failWith(ValidationMessage.HOST_FILTER_MISSING, named(host))
        .when(host.facts().report().filter(report -> !report.filter()).isPresent());
  }

  /** Versions before the first release said nothing of it. */
  ValidationResult saysWhetherItsServiceAnswers(Host host) {
    return failWith(ValidationMessage.HOST_SERVICE_NOT_REPORTED, named(host))
        .when(host.facts().report().filter(report -> report.watch().isEmpty()).isPresent());
  }

  /**
   * Without it a port comes up isolated all the same. But nothing closes one that opens later, as
   * by VDSM's rollback, and what an update says is neither kept nor sent along with the VM.
   */
  ValidationResult hasAServiceThatAnswers(Host host) {
    return failWith(ValidationMessage.HOST_SERVICE_DOES_NOT_ANSWER, named(host))
        .when(
            host.facts()
                .report()
                .map(HostReport::watch)
                .filter(said -> !said.isEmpty() && !said.equals("yes"))
                .isPresent());
  }

  ValidationResult hasListOfIsolatedBridges(Host host) {
    Optional<String> state = host.facts().report().map(HostReport::list);
    return failWith(
            ValidationMessage.HOST_BRIDGE_LIST_MISSING,
            Map.of(
                "host", host.name(),
                "state", state.filter(text -> !text.isEmpty()).orElse("not reported")))
        .when(state.filter(text -> !text.equals("ok")).isPresent());
  }

  ValidationResult networkIsAttached(Host host, GuardedNetwork network) {
    return failWith(ValidationMessage.HOST_NETWORK_NOT_ATTACHED, () -> named(host, network))
        .unless(host.facts().networks().containsKey(network.id()));
  }

  ValidationResult networkIsBridged(Host host, GuardedNetwork network) {
    return failWith(ValidationMessage.HOST_NETWORK_NOT_BRIDGED, () -> named(host, network))
        .when(attachment(host, network).filter(attached -> !attached.bridged()).isPresent());
  }

  ValidationResult networkIsOnLinuxBridge(Host host, GuardedNetwork network) {
    return failWith(ValidationMessage.HOST_NETWORK_NOT_ON_LINUX_BRIDGE, () -> named(host, network))
        .when(attachment(host, network).filter(attached -> !attached.linuxBridge()).isPresent());
  }

  ValidationResult filtersBridgedFrames(Host host, GuardedNetwork network) {
    return failWith(ValidationMessage.HOST_CANNOT_FILTER_BRIDGED_FRAMES, () -> named(host, network))
        .when(
            network.need().includes(PortNeed.RULES)
                && host.facts().report().filter(HostReport::nft).isEmpty());
  }

  ValidationResult tracksBridgedConnections(Host host, GuardedNetwork network) {
    return failWith(
            ValidationMessage.HOST_CANNOT_TRACK_BRIDGED_CONNECTIONS, () -> named(host, network))
        .when(
            network.need().includes(PortNeed.STATEFUL_RULES)
                && host.facts().report().filter(HostReport::conntrack).isEmpty());
  }

  private static ValidationResult tooOld(
      ValidationMessage message,
      Host host,
      String what,
      Optional<ReleaseVersion> version,
      ReleaseVersion minimum) {
    return failWith(
            message,
            Map.of(
                "host",
                host.name(),
                what,
                version.map(ReleaseVersion::toString).orElse("unknown"),
                "minimum",
                minimum.toString()))
        .when(version.filter(found -> found.isBefore(minimum)).isPresent());
  }

  /** The kernel the host reports to us, else the oldest its distribution can have. */
  private Optional<ReleaseVersion> kernel(Host host) {
    return host.facts()
        .report()
        .map(HostReport::kernel)
        .flatMap(ReleaseVersion::in)
        .or(() -> kernelOfDistribution(host.facts()));
  }

  private static Optional<ReleaseVersion> kernelOfDistribution(HostFacts facts) {
    Matcher major = MAJOR.matcher(facts.osVersion().strip());
    boolean newEnough =
        ENTERPRISE_LINUX.contains(facts.osType().strip().toLowerCase(Locale.ROOT))
            && major.find()
            && Integer.parseInt(major.group(1)) >= 8;
    return newEnough ? Optional.of(new ReleaseVersion(4, 18, 0)) : Optional.empty();
  }

  private Stream<ReportedHook> ourHooks(Host host) {
    return host.facts().hooks().stream()
        .filter(hook -> requirements.hookEvents().contains(hook.event()))
        .filter(hook -> requirements.hookName().matcher(hook.name()).matches());
  }

  private static Optional<HostNetwork> attachment(Host host, GuardedNetwork network) {
    return Optional.ofNullable(host.facts().networks().get(network.id()));
  }

  private static Map<String, String> named(Host host) {
    return Map.of("host", host.name());
  }

  private static Map<String, String> named(Host host, GuardedNetwork network) {
    return Map.of("host", host.name(), "network", network.name());
  }

  private static List<Violation> violations(ValidationResult... rules) {
    List<Violation> found = new ArrayList<>();
    for (ValidationResult rule : rules) {
      rule.violation().ifPresent(found::add);
    }
    return found;
  }
}
