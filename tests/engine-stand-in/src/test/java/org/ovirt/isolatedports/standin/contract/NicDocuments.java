// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ovirt.isolatedports.standin.host.SimulatedHost.Received;

/** Compares what the hosts of the story were handed with the recorded documents. */
final class NicDocuments {
  private static final Pattern INTERFACE = Pattern.compile("<interface .*?</interface>");
  private static final Pattern DEVICE = Pattern.compile("<ovirt-vm:device .*?</ovirt-vm:device>");
  private static final Pattern TOP_LEVEL =
      Pattern.compile("(?<=</name>|</uuid>)<(\\w+)|</(\\w+)><(pm|os|metadata|devices|cpu)>");

  private final Bodies bodies;
  private final List<Received> received;

  NicDocuments(Bodies bodies, List<Received> received) {
    this.bodies = bodies;
    this.received = received;
  }

  /** A recorded NIC document was sent by the same call, letter by letter. */
  void sameNicDocument(String name) {
    String call =
        switch (name.replaceAll("-.*", "")) {
          case "hotplug" -> "hotplugNic";
          case "unplug" -> "hotunplugNic";
          default -> "updateNic";
        };
    String recorded = bodies.mapped(withoutMac(load(name)));
    boolean known = sent(call).anyMatch(recorded::equals);
    if (!known) {
      // The NIC of two failed attempts is in no answer, so its id stands for itself.
      assertThat(sent(call).map(NicDocuments::withoutAlias).toList())
          .contains(withoutAlias(recorded));
    }
  }

  /** A recorded domain was handed over with the same NICs and the same metadata of NICs. */
  void sameNicsInDomain(String name) {
    String recorded = bodies.mapped(withoutMac(load(name)));
    assertThat(sent("create").map(NicDocuments::parts).toList()).contains(parts(recorded));
    assertThat(sent("create").map(NicDocuments::frame).toList()).contains(frame(recorded));
  }

  private Stream<String> sent(String call) {
    return received.stream()
        .filter(each -> each.call().equals(call))
        .map(each -> withoutMac(each.xml()));
  }

  /** NICs and metadata, in no order; the boot order goes by when a NIC was last plugged. */
  private static Set<String> parts(String domain) {
    Set<String> parts = new TreeSet<>();
    for (Pattern pattern : List.of(INTERFACE, DEVICE)) {
      pattern
          .matcher(domain)
          .results()
          .forEach(each -> parts.add(each.group().replaceAll("<boot order=\"\\d+\"></boot>", "")));
    }
    return parts;
  }

  /** The order of the domain's larger parts. */
  private static String frame(String domain) {
    return TOP_LEVEL
        .matcher(domain)
        .results()
        .map(each -> each.group())
        .map(each -> each.replaceAll("</\\w+>", ""))
        .distinct()
        .collect(Collectors.joining());
  }

  private static String withoutMac(String xml) {
    return xml.replaceAll("(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC").strip();
  }

  private static String withoutAlias(String xml) {
    return xml.replaceAll("ua-[0-9a-f-]{36}", "ua-ID");
  }

  private static String load(String name) {
    try (InputStream in =
        NicDocuments.class.getResourceAsStream("/recordings/nic-xml/" + name + ".xml")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
