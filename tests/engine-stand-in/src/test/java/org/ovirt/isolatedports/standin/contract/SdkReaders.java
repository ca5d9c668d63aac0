// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.standin.contract;

import java.io.ByteArrayInputStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.ovirt.api.metamodel.runtime.xml.XmlReader;

/** Reads an XML answer with ovirt-engine-sdk-java's own reader for it. */
final class SdkReaders {
  private static final Pattern ROOT = Pattern.compile("<(\\w+)[\\s/>]");

  /** Collections whose element is not the name without its s. */
  private static final Map<String, String> SINGULAR =
      Map.of("scheduling_policies", "scheduling_policy", "balances", "balance");

  private SdkReaders() {}

  /** What went wrong, if the SDK could not read it or read nothing. */
  static Optional<String> check(String xml) {
    Matcher root = ROOT.matcher(xml);
    if (!root.find()) {
      return Optional.of("sdk: there is no element");
    }
    String name = root.group(1);
    Optional<Class<?>> one = reader(name);
    String method = "readOne";
    if (one.isEmpty()) {
      one = reader(SINGULAR.getOrDefault(name, name.replaceFirst("s$", "")));
      method = "readMany";
    }
    if (one.isEmpty()) {
      return Optional.of("sdk: has no reader for " + name);
    }
    try (XmlReader reader =
        new XmlReader(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))) {
      Object value = one.get().getMethod(method, XmlReader.class).invoke(null, reader);
      return value == null ? Optional.of("sdk: read nothing") : Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of("sdk: " + e.getCause());
    } catch (ReflectiveOperationException e) {
      return Optional.of("sdk: " + e);
    }
  }

  private static Optional<Class<?>> reader(String element) {
    StringBuilder type = new StringBuilder();
    for (String word : element.split("_", -1)) {
      if (!word.isEmpty()) {
        type.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
    }
    String name = type.toString().replace("Openstack", "OpenStack");
    try {
      return Optional.of(Class.forName("org.ovirt.engine.sdk4.internal.xml.Xml" + name + "Reader"));
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }
}
