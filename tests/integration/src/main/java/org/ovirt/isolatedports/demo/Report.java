// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the demo saw, step by step and pair by pair: {@code target/demo/report.json}. */
final class Report {

  /**
   * One step of the walk.
   *
   * @param name what was done
   * @param ok whether it went as it should
   * @param millis how long it took
   * @param outcome what was seen, in a sentence
   */
  record Step(String name, boolean ok, long millis, String outcome) {}

  /** What decides about a pair. */
  enum By {
    /** The network's isolation, or that it has none. */
    ISOLATION,
    /** Roles: what is kept apart does not see a frame either. */
    ROLE,
    /** An ACL, which may let ARP pass where it drops what is asked. */
    ACL,
    /** A network policy, likewise. */
    NETWORK_POLICY
  }

  /**
   * One ordered pair.
   *
   * @param network the network asked on
   * @param from who asked
   * @param to who was asked
   * @param expected whether an answer should come back
   * @param observed whether it did
   * @param frames frames of {@code from} that {@code to} itself saw
   * @param by what decides
   */
  record Pair(
      String network,
      String from,
      String to,
      boolean expected,
      boolean observed,
      long frames,
      By by) {

    /** Whether the pair is as it should be: isolated also means that no frame arrived. */
    boolean ok() {
      if (expected) {
        return observed && frames > 0;
      }
      return !observed && (frames == 0 || by == By.ACL || by == By.NETWORK_POLICY);
    }
  }

  private final List<Step> steps = new ArrayList<>();
  private final List<Pair> pairs = new ArrayList<>();
  private String enforcement = "";
  private String guests = "";

  void enforcement(String text) {
    this.enforcement = text;
  }

  void guests(String text) {
    this.guests = text;
  }

  void add(Step step) {
    steps.add(step);
  }

  void add(Pair pair) {
    pairs.add(pair);
  }

  List<Step> steps() {
    return List.copyOf(steps);
  }

  List<Pair> pairs() {
    return List.copyOf(pairs);
  }

  boolean ok() {
    return !steps.isEmpty()
        && !pairs.isEmpty()
        && steps.stream().allMatch(Step::ok)
        && pairs.stream().allMatch(Pair::ok);
  }

  void write(Path file) {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("ok", ok());
    report.put("enforcement", enforcement);
    report.put("guests", guests);
    report.put("steps", steps);
    report.put("reachability", pairs);
    try {
      Files.createDirectories(file.getParent());
      Files.write(
          file,
          new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(report));
    } catch (IOException e) {
      throw new UncheckedIOException("The report cannot be written: " + file, e);
    }
  }
}
