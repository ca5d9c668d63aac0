// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.engine.AuditEvent;
import org.ovirt.isolatedports.engine.EngineException;
import org.ovirt.isolatedports.engine.JsonReader;
import org.ovirt.isolatedports.engine.TestClock;
import org.ovirt.isolatedports.inventory.CompatibilityLevel;
import org.ovirt.isolatedports.inventory.NetworkRole;
import org.ovirt.isolatedports.inventory.Stated;
import org.ovirt.isolatedports.inventory.SwitchType;
import org.ovirt.isolatedports.server.engine.EnginePicture.HostDetails;
import org.ovirt.isolatedports.server.engine.EnginePicture.Part;

class EngineMirrorTest {

  private static final UUID NETWORK = new UUID(0, 0xed);
  private static final String PAGE = "/vms?follow=nics&max=100&search=sortby%20name%20asc";
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Bodies that no engine was ever recorded to send, so that no part of one can show them. */
  private static final class Bodies implements JsonReader {
    private final Map<String, String> byPath = new ConcurrentHashMap<>();
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final Set<String> gone = ConcurrentHashMap.newKeySet();
    private volatile Runnable whileReading = () -> {};

    Bodies() {
      byPath.put("/networks", "{\"network\":[]}");
      byPath.put("/clusters?follow=networks", "{\"cluster\":[]}");
      byPath.put("/vnicprofiles", "{\"vnic_profile\":[]}");
      byPath.put("/hosts", "{\"host\":[]}");
      byPath.put(PAGE, "{\"vm\":[]}");
      byPath.put("/vms?max=1", "{\"vm\":[]}");
    }

    @Override
    public ApiBody read(String path) {
      asked.add(path);
      String body = byPath.get(path);
      whileReading.run();
      if (body == null) {
        throw new EngineException(EngineException.Kind.UNREACHABLE, "No answer.");
      }
      return BodyFormat.JSON.read(body.getBytes(StandardCharsets.UTF_8), "");
    }

    @Override
    public Optional<ApiBody> find(String path) {
      return gone.contains(path) ? Optional.empty() : Optional.of(read(path));
    }

    long times(String path) {
      synchronized (asked) {
        return asked.stream().filter(path::equals).count();
      }
    }
  }

  private final Bodies engine = new Bodies();
  private final TestClock clock = new TestClock();
  private final EngineMirror mirror = new EngineMirror(new EngineReader(engine), clock);

  private static AuditEvent event(int code, Optional<String> host, Optional<String> vm) {
    return new AuditEvent(1, code, Instant.EPOCH, vm, host, Optional.empty());
  }

  private EnginePicture read(Part part) {
    return mirror.read(EnumSet.of(part), MINUTE);
  }

  private void network(String fields) {
    engine.byPath.put("/networks", "{\"network\":[{\"id\":\"" + NETWORK + "\"" + fields + "}]}");
  }

  @Test
  void oneEventCostsOneReadingHoweverManyNeedThePart() {
    read(Part.NETWORKS);
    mirror.happened(List.of(event(1114, Optional.empty(), Optional.empty())));
    network(",\"name\":\"red\"");
    assertThat(read(Part.NETWORKS).networks().get(NETWORK).name()).isEqualTo("red");
    read(Part.NETWORKS);
    read(Part.NETWORKS);
    assertThat(engine.times("/networks")).as("at the start, and for the event").isEqualTo(2);
  }

  @Test
  void twoWhoNeedAPartAtTheSameTimeShareAReading() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    engine.whileReading =
        () -> {
          reading.countDown();
          try {
            assertThat(go.await(30, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<EnginePicture> one = threads.submit(() -> read(Part.NETWORKS));
      assertThat(reading.await(30, TimeUnit.SECONDS)).isTrue();
      Future<EnginePicture> other = threads.submit(() -> read(Part.NETWORKS));
      go.countDown();
      assertThat(one.get(30, TimeUnit.SECONDS)).isSameAs(other.get(30, TimeUnit.SECONDS));
    } finally {
      threads.shutdownNow();
    }
    assertThat(engine.times("/networks")).isEqualTo(1);
  }

  /** What was read may be what was there before the change. */
  @Test
  void whatChangesWhileItIsReadIsReadOnceMore() {
    engine.whileReading =
        () -> mirror.happened(List.of(event(1114, Optional.empty(), Optional.empty())));
    read(Part.NETWORKS);
    engine.whileReading = () -> {};
    network(",\"name\":\"red\"");
    assertThat(read(Part.NETWORKS).networks()).containsKey(NETWORK);
  }

  @Test
  void aPartIsReadAgainOnceItIsTooOldAndWhenTheClockWasSetBack() {
    read(Part.CLUSTERS);
    clock.forward(MINUTE.minusMillis(1));
    read(Part.CLUSTERS);
    assertThat(engine.times("/clusters?follow=networks")).isEqualTo(1);
    clock.forward(Duration.ofMillis(1));
    read(Part.CLUSTERS);
    assertThat(engine.times("/clusters?follow=networks")).isEqualTo(2);
    clock.set(clock.instant().minus(Duration.ofHours(1)));
    read(Part.CLUSTERS);
    assertThat(engine.times("/clusters?follow=networks")).isEqualTo(3);
  }

  @Test
  void whileTheEngineGivesNoAnswerThePictureStaysAndIsStillOutdated() {
    network(",\"name\":\"red\"");
    Instant at = clock.instant();
    read(Part.NETWORKS);
    mirror.lostTrack();
    engine.byPath.remove("/networks");
    clock.forward(Duration.ofSeconds(5));
    assertThatThrownBy(() -> read(Part.NETWORKS)).isInstanceOf(EngineException.class);
    assertThat(mirror.picture().networks()).containsKey(NETWORK);
    assertThat(mirror.picture().readAt(Part.NETWORKS)).contains(at);
    network(",\"name\":\"blue\"");
    assertThat(read(Part.NETWORKS).networks().get(NETWORK).name()).isEqualTo("blue");
  }

  @Test
  void anEventOfAHostOutdatesThatHostAloneAndOneOfAVmNone() {
    engine.byPath.put("/hosts", "{\"host\":[{\"id\":\"h1\"},{\"id\":\"h2\"}]}");
    for (String host : List.of("h1", "h2")) {
      engine.byPath.put("/hosts/" + host + "/hooks", "{}");
      engine.byPath.put("/hosts/" + host + "/networkattachments", "{}");
    }
    read(Part.HOSTS);
    assertThat(mirror.outdatedHosts(MINUTE)).containsExactly("h1", "h2");
    mirror.readDetails("h1");
    mirror.readDetails("h2");
    mirror.happened(List.of(event(153, Optional.of("h1"), Optional.of("v1"))));
    assertThat(mirror.outdatedHosts(MINUTE)).isEmpty();
    mirror.happened(List.of(event(606, Optional.of("h2"), Optional.empty())));
    assertThat(mirror.outdatedHosts(MINUTE)).containsExactly("h2");
    engine.byPath.remove("/hosts/h2/hooks");
    assertThatThrownBy(() -> mirror.readDetails("h2")).isInstanceOf(EngineException.class);
    assertThat(mirror.outdatedHosts(MINUTE)).as("was not read yet").containsExactly("h2");
  }

  @Test
  void eventsOfVnicsOutdateTheExemptVmsTheyAreOf() {
    String path = "/vms?follow=nics&search=name%3DHostedEngine%20or%20name%3Dexternal-*";
    engine.byPath.put(
        path, "{\"vm\":[{\"id\":\"v1\",\"origin\":\"external\",\"nics\":{\"nic\":[]}}]}");
    read(Part.EXEMPT_VMS);
    mirror.happened(List.of(event(932, Optional.empty(), Optional.of("v2"))));
    read(Part.EXEMPT_VMS);
    assertThat(engine.times(path)).isEqualTo(1);
    mirror.happened(List.of(event(932, Optional.empty(), Optional.of("v1"))));
    read(Part.EXEMPT_VMS);
    assertThat(engine.times(path)).isEqualTo(2);
  }

  /** Missing, null, of another type, from the future: unknown, and no exception. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "7",
        "\"of-the-future\"",
        "[[\"x\"]]",
        "{\"x\":{\"y\":1}}"
      })
  void whatIsNotKnownStaysUnknownInThePicture(String value) {
    network(field("name", value) + field("usages", value) + field("port_isolation", value));
    engine.byPath.put(
        "/clusters?follow=networks",
        "{\"cluster\":[{\"id\":\"c\""
            + field("switch_type", value)
            + field("version", value)
            + field("scheduling_policy", value.startsWith("{") ? "" : value)
            + ",\"networks\":{\"network\":[{\"id\":\"n\",\"usages\":{\"usage\":[\"of-the-future\"]}}]}}]}");
    engine.byPath.put(
        "/vnicprofiles",
        "{\"vnic_profile\":[{\"id\":\"p\",\"network\":{\"id\":\"n\"}"
            + field("pass_through", value)
            + field("port_mirroring", value)
            + field("custom_properties", value)
            + "}]}");
    engine.byPath.put(
        "/hosts",
        "{\"host\":[{\"id\":\"h\""
            + field("status", value)
            + field("os", value)
            + field("libvirt_version", value)
            + "}]}");
    engine.byPath.put(
        "/hosts/h/hooks", "{\"hook\":[{" + field("md5", value).replaceFirst(",", "") + "}]}");
    engine.byPath.put(
        "/hosts/h/networkattachments",
        "{\"network_attachment\":[{\"id\":\"a\",\"network\":{\"id\":\"n\"}"
            + field("reported_configurations", value)
            + "}]}");

    EnginePicture known = mirror.read(EnumSet.complementOf(EnumSet.of(Part.EXEMPT_VMS)), MINUTE);
    mirror.readDetails("h");

    assertThat(known.networks().get(NETWORK).portIsolation()).isEmpty();
    assertThat(known.networks().get(NETWORK).vmNetwork()).isFalse();
    assertThat(known.clusters().get("c").cluster().switchType()).isEqualTo(SwitchType.UNKNOWN);
    assertThat(known.clusters().get("c").cluster().level()).isEqualTo(CompatibilityLevel.UNKNOWN);
    assertThat(known.clusters().get("c").attached().get("n")).containsExactly(NetworkRole.UNKNOWN);
    assertThat(known.profiles().get("p").passThrough()).isEqualTo(Stated.UNKNOWN);
    assertThat(known.profiles().get("p").portMirroring()).isEqualTo(Stated.UNKNOWN);
    assertThat(known.hosts().get("h").host().libvirt()).isEmpty();
    HostDetails details = mirror.picture().hosts().get("h").details().orElseThrow();
    assertThat(details.attachments())
        .singleElement()
        .satisfies(
            attachment -> {
              assertThat(attachment.bridged()).isEqualTo(Stated.UNKNOWN);
              assertThat(attachment.switchType()).isEmpty();
            });
  }

  private static String field(String name, String value) {
    return value.isEmpty() ? "" : ",\"" + name + "\":" + value;
  }

  private static String vm(int id, String mac) {
    return "{\"id\":\""
        + id
        + "\",\"name\":\"vm"
        + id
        + "\",\"nics\":{\"nic\":[{\"id\":\"n"
        + id
        + "\",\"mac\":{\"address\":\""
        + mac
        + "\"}}]}}";
  }

  private void vms(String... vms) {
    engine.byPath.put(PAGE, "{\"vm\":[" + String.join(",", vms) + "]}");
  }

  private String macOf(String vm) {
    return read(Part.VMS).vms().get(vm).vnics().get(0).mac().orElseThrow();
  }

  @Test
  void aVmThatAnEventNamesIsReadByItself() {
    vms(vm(1, "56:6F:00:00:00:01"), vm(2, "56:6f:00:00:00:02"));
    assertThat(macOf("1")).isEqualTo("56:6f:00:00:00:01");
    engine.byPath.put("/vms/1?follow=nics", vm(1, "56:6f:00:00:00:03"));
    mirror.happened(List.of(event(934, Optional.empty(), Optional.of("1"))));
    assertThat(macOf("1")).isEqualTo("56:6f:00:00:00:03");
    assertThat(macOf("2")).isEqualTo("56:6f:00:00:00:02");
    assertThat(engine.times(PAGE)).isEqualTo(1);
    assertThat(engine.times("/vms/1?follow=nics")).as("once, though asked twice").isEqualTo(1);
  }

  @Test
  void whatAnEventNamedIsReadLaterIfTheEngineGivesNoAnswer() {
    vms(vm(1, "56:6f:00:00:00:01"));
    read(Part.VMS);
    mirror.happened(List.of(event(934, Optional.empty(), Optional.of("1"))));
    assertThatThrownBy(() -> read(Part.VMS)).isInstanceOf(EngineException.class);
    engine.byPath.put("/vms/1?follow=nics", vm(1, "56:6f:00:00:00:03"));
    assertThat(macOf("1")).isEqualTo("56:6f:00:00:00:03");
  }

  @Test
  void manyVmsAreReadByPagesAtOnce() {
    vms(vm(1, "56:6f:00:00:00:01"));
    read(Part.VMS);
    for (int vm = 1; vm <= 21; vm++) {
      mirror.happened(List.of(event(32, Optional.empty(), Optional.of("" + vm))));
    }
    vms(vm(1, "56:6f:00:00:00:03"));
    assertThat(macOf("1")).isEqualTo("56:6f:00:00:00:03");
    assertThat(engine.times(PAGE)).isEqualTo(2);
  }

  @Test
  void aVmThatAListLeavesOutIsAskedForBeforeItIsGone() {
    vms(vm(1, "56:6f:00:00:00:01"), vm(2, "56:6f:00:00:00:02"));
    read(Part.VMS);
    vms(vm(2, "56:6f:00:00:00:02"));
    engine.byPath.put("/vms/1?follow=nics", vm(1, "56:6f:00:00:00:01"));
    clock.forward(MINUTE);
    assertThat(read(Part.VMS).vms()).containsOnlyKeys("1", "2");
    engine.byPath.remove("/vms/1?follow=nics");
    engine.gone.add("/vms/1?follow=nics");
    clock.forward(MINUTE);
    assertThat(read(Part.VMS).vms()).containsOnlyKeys("2");
  }

  @Test
  void tenThousandVmsTakeTenRequestsAMinute() {
    assertThat(mirror.restOfVms()).isEqualTo(MINUTE);
    List<String> page = new ArrayList<>();
    for (int vm = 0; vm < 10_000; vm++) {
      page.add(vm(vm, "56:6f:00:00:00:01"));
      if (page.size() == 100) {
        String number = vm > 100 ? "%20page%20" + (vm / 100 + 1) : "";
        engine.byPath.put(PAGE + number, "{\"vm\":[" + String.join(",", page) + "]}");
        page.clear();
      }
    }
    engine.byPath.put(PAGE + "%20page%20101", "{}");
    assertThat(read(Part.VMS).vms()).hasSize(10_000);
    assertThat(mirror.restOfVms()).isEqualTo(Duration.ofMinutes(10));
  }
}
