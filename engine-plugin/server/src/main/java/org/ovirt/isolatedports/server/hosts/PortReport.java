// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;
import org.ovirt.isolatedports.policy.role.PortRole;
import org.ovirt.isolatedports.server.policies.HostAbilities;

/**
 * What a host says it enforces: docs/host-protocol.md has its form.
 *
 * @param hostId the host that it says it is
 * @param fetched the revision that it has of us
 * @param loaded the revision that was read back from its kernel
 * @param loadedAt since when that is so
 * @param error what is wrong there, in a sentence
 * @param elements how many elements the table there holds
 * @param counters what the rules there counted, by the names that the server gave them
 * @param countedSince since when
 * @param abilities what it can enforce
 * @param ports the ports of bridges that we rule
 */
public record PortReport(
    String hostId,
    Optional<String> fetched,
    Optional<String> loaded,
    Optional<Instant> loadedAt,
    Optional<String> error,
    int elements,
    List<Counter> counters,
    Optional<Instant> countedSince,
    HostAbilities abilities,
    List<Observed> ports) {

  /**
   * A port as the kernel has it.
   *
   * @param device its device
   * @param mac its MAC
   * @param nicId the engine's id of its vNIC, where that is known there
   * @param vmId the engine's id of its VM, where that is known there
   * @param bridge its bridge
   * @param wanted the role it is to have there
   * @param observed what the kernel does to it
   * @param since since when it does
   */
  public record Observed(
      String device,
      String mac,
      Optional<String> nicId,
      Optional<String> vmId,
      String bridge,
      String wanted,
      String observed,
      Instant since) {}

  /** What a rule counted. */
  public record Counter(String name, long packets, long bytes) {}

  /** A report that cannot be read; its message says why, in a sentence. */
  static final class MalformedReportException extends Exception {
    private static final long serialVersionUID = 1;

    MalformedReportException(String message) {
      super(message);
    }
  }

  private static final int VERSION = 1;
  private static final int MOST_PORTS = 20_000;
  private static final int MOST_COUNTERS = 4_096;
  private static final Pattern COUNTER = Pattern.compile("[A-Za-z0-9_]{1,64}");
  private static final int LONGEST_TEXT = 1_000;
  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{16}");

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /**
   * Reads a report. Fields that are not known are left alone, so that a newer host can say more.
   */
  static PortReport read(byte[] body) throws MalformedReportException {
    JsonNode report;
    try {
      report = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new MalformedReportException("The report is no JSON.");
    } catch (IOException e) {
      throw new MalformedReportException("The report cannot be read.");
    }
    if (report == null || !report.isObject()) {
      throw new MalformedReportException("The report is no JSON object.");
    }
    if (report.path("version").asInt() != VERSION) {
      throw new MalformedReportException("The report's version must be " + VERSION + ".");
    }
    JsonNode abilities = report.path("abilities");
    boolean nft = isYes(abilities, "nft");
    return new PortReport(
        text(report, "host"),
        revision(report, "fetched"),
        revision(report, "loaded"),
        time(report, "loaded_at"),
        optional(report, "error"),
        number(report, "elements"),
        counters(report.path("counters")),
        time(report, "counted_since"),
        HostAbilities.said(
            nft,
            new HostCapabilities(
                nft && isYes(abilities, "ct"),
                nft && isYes(abilities, "ibrname"),
                nft && isYes(abilities, "reject"))),
        ports(report.path("ports")));
  }

  private static List<Observed> ports(JsonNode list) throws MalformedReportException {
    if (!list.isArray() || list.size() > MOST_PORTS) {
      throw new MalformedReportException("The field ports must be a list of ports.");
    }
    List<Observed> ports = new ArrayList<>();
    for (JsonNode port : list) {
      String observed = text(port, "observed");
      if (!isRole(observed) && !observed.equals("closed")) {
        throw new MalformedReportException(
            "The field observed must be a role, open or closed, not \"" + observed + "\".");
      }
      ports.add(
          new Observed(
              text(port, "device"),
              text(port, "mac"),
              optional(port, "nic"),
              optional(port, "vm"),
              text(port, "bridge"),
              optional(port, "wanted").orElse("closed"),
              observed,
              time(port, "since").orElse(Instant.EPOCH)));
    }
    return List.copyOf(ports);
  }

  /** A host that does not count says nothing of it. */
  private static List<Counter> counters(JsonNode list) throws MalformedReportException {
    if (list.isMissingNode() || list.isNull()) {
      return List.of();
    }
    if (!list.isArray() || list.size() > MOST_COUNTERS) {
      throw new MalformedReportException("The field counters must be a list of counters.");
    }
    List<Counter> counters = new ArrayList<>();
    for (JsonNode counter : list) {
      String name = text(counter, "name");
      if (!COUNTER.matcher(name).matches()) {
        throw new MalformedReportException("The name of a counter cannot be read.");
      }
      counters.add(new Counter(name, count(counter, "packets"), count(counter, "bytes")));
    }
    return List.copyOf(counters);
  }

  private static long count(JsonNode object, String field) throws MalformedReportException {
    JsonNode value = object.path(field);
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new MalformedReportException("The field " + field + " must be a number.");
    }
    return value.longValue();
  }

  private static boolean isRole(String text) {
    return text.equals("open") || PortRole.parse(text).isPresent();
  }

  private static boolean isYes(JsonNode abilities, String name) {
    return abilities.path(name).asText("").equals("yes");
  }

  private static String text(JsonNode object, String field) throws MalformedReportException {
    return optional(object, field)
        .orElseThrow(() -> new MalformedReportException("The field " + field + " is missing."));
  }

  private static Optional<String> optional(JsonNode object, String field)
      throws MalformedReportException {
    JsonNode value = object.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual() || value.textValue().length() > LONGEST_TEXT) {
      throw new MalformedReportException("The field " + field + " must be a text.");
    }
    return Optional.of(value.textValue());
  }

  private static Optional<String> revision(JsonNode object, String field)
      throws MalformedReportException {
    Optional<String> revision = optional(object, field);
    if (revision.isPresent() && !REVISION.matcher(revision.get()).matches()) {
      throw new MalformedReportException("The field " + field + " must be a revision.");
    }
    return revision;
  }

  private static Optional<Instant> time(JsonNode object, String field)
      throws MalformedReportException {
    JsonNode value = object.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isNumber() || value.asLong() < 0 || value.asLong() > Integer.MAX_VALUE * 4L) {
      throw new MalformedReportException(
          "The field " + field + " must be a number of seconds since 1970.");
    }
    return Optional.of(Instant.ofEpochSecond(value.asLong()));
  }

  private static int number(JsonNode object, String field) throws MalformedReportException {
    JsonNode value = object.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return 0;
    }
    if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < 0) {
      throw new MalformedReportException("The field " + field + " must be a number.");
    }
    return value.intValue();
  }
}
