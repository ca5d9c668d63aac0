// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.demo;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.ovirt.isolatedports.lab.GuestKind;

/**
 * What the demo was asked to do; {@code demo.sh --help} explains it.
 *
 * @param nativeEngine whether the engine knows the attribute itself
 * @param guests what stands for virtual machines
 * @param keep whether everything stays up afterwards
 * @param hook whether the hosts have our VDSM hook; false is sabotage
 * @param switchProtected whether the switch protects its ports; false is sabotage
 */
record Options(
    boolean nativeEngine, GuestKind guests, boolean keep, boolean hook, boolean switchProtected) {

  static Options parse(List<String> arguments) {
    boolean nativeEngine = false;
    GuestKind guests = GuestKind.AUTO;
    boolean keep = false;
    boolean hook = true;
    boolean switchProtected = true;
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String option = rest.next();
      switch (option) {
        case "--native" -> nativeEngine = onOff(option, rest);
        case "--guests" -> guests = guestKind(value(option, rest));
        case "--keep" -> keep = true;
        case "--hook" -> hook = onOff(option, rest);
        case "--switch-protected" -> switchProtected = onOff(option, rest);
        default ->
            throw new IllegalArgumentException(
                "Unknown option " + option + "; ./demo.sh --help lists the options.");
      }
    }
    return new Options(nativeEngine, guests, keep, hook, switchProtected);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException("The option " + option + " needs a value.");
    }
    return rest.next();
  }

  private static boolean onOff(String option, Iterator<String> rest) {
    return switch (value(option, rest)) {
      case "on" -> true;
      case "off" -> false;
      default -> throw new IllegalArgumentException("The option " + option + " takes on or off.");
    };
  }

  private static GuestKind guestKind(String text) {
    try {
      return GuestKind.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "The option --guests takes auto, kvm, tcg or netns, not " + text + ".", e);
    }
  }
}
