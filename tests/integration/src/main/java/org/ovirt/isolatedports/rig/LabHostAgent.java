// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rig;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.ovirt.isolatedports.lab.Capabilities;
import org.ovirt.isolatedports.lab.HookRefused;
import org.ovirt.isolatedports.lab.LabException;
import org.ovirt.isolatedports.lab.LabHost;
import org.ovirt.isolatedports.standin.host.HostAgent;
import org.ovirt.isolatedports.standin.host.HostCapabilities;
import org.ovirt.isolatedports.standin.host.HostFailure;
import org.ovirt.isolatedports.standin.host.PluggedDevice;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Joins the two halves of the rig: a host of the lab as the engine stand-in sees it. */
public final class LabHostAgent implements HostAgent {

  private final LabHost host;
  private final Map<String, String> networks;

  /**
   * A host for the engine.
   *
   * @param host the lab's host
   * @param networks the networks set up on it, name to bridge
   */
  public LabHostAgent(LabHost host, Map<String, String> networks) {
    this.host = host;
    this.networks = Map.copyOf(networks);
  }

  /** The lab's host. */
  public LabHost host() {
    return host;
  }

  @Override
  public HostCapabilities capabilities() {
    Capabilities reported = host.capabilities();
    Map<String, Map<String, String>> hooks = new LinkedHashMap<>();
    reported
        .hooks()
        .forEach(
            (event, scripts) ->
                hooks.put(
                    event,
                    scripts.entrySet().stream()
                        .collect(
                            Collectors.toMap(
                                Map.Entry::getKey,
                                script -> script.getValue().getOrDefault("checksum", "")))));
    HostCapabilities el9 = HostCapabilities.el9();
    return new HostCapabilities(
        reported.libvirt().map(version -> "libvirt-" + version).orElse(el9.libvirt()),
        reported.kernel(),
        el9.osType(),
        el9.osVersion(),
        el9.vdsm(),
        hooks,
        networks);
  }

  @Override
  public void create(UUID vmId, String domainXml) throws HostFailure {
    run(() -> host.start(domainXml));
  }

  @Override
  public List<PluggedDevice> hotplugNic(UUID vmId, String hotplugXml) throws HostFailure {
    run(() -> host.hotplugNic(vmId.toString(), hotplugXml));
    return devices(host.liveXml(vmId.toString()));
  }

  /** The NICs of a live domain XML, as VDSM answers a hot-plug. */
  private static List<PluggedDevice> devices(String domainXml) throws HostFailure {
    try {
      NodeList interfaces =
          DocumentBuilderFactory.newDefaultInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(domainXml)))
              .getElementsByTagName("interface");
      List<PluggedDevice> devices = new ArrayList<>();
      for (int i = 0; i < interfaces.getLength(); i++) {
        Element nic = (Element) interfaces.item(i);
        devices.add(
            new PluggedDevice(
                attribute(nic, "mac", "address").toLowerCase(Locale.ROOT),
                attribute(nic, "alias", "name")));
      }
      return devices;
    } catch (ParserConfigurationException | SAXException | IOException e) {
      throw new HostFailure("The live domain XML cannot be read.", e);
    }
  }

  private static String attribute(Element parent, String child, String name) {
    return ((Element) parent.getElementsByTagName(child).item(0)).getAttribute(name);
  }

  @Override
  public void hotunplugNic(UUID vmId, String hotunplugXml) throws HostFailure {
    run(() -> host.hotunplugNic(vmId.toString(), hotunplugXml));
  }

  @Override
  public void updateNic(UUID vmId, String hotplugXml) throws HostFailure {
    run(() -> host.updateNic(vmId.toString(), hotplugXml));
  }

  @Override
  public void migrate(UUID vmId, HostAgent destination) throws HostFailure {
    if (!(destination instanceof LabHostAgent other)) {
      throw new HostFailure("A VM of the lab can only move to a host of the lab.");
    }
    run(() -> host.migrate(vmId.toString(), other.host));
  }

  @Override
  public void destroy(UUID vmId) throws HostFailure {
    run(() -> host.destroy(vmId.toString()));
  }

  private static void run(Runnable action) throws HostFailure {
    try {
      action.run();
    } catch (HookRefused | LabException e) {
      throw new HostFailure(e.getMessage());
    }
  }
}
