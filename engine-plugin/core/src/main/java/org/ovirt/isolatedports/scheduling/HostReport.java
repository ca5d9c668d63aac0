// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.ovirt.isolatedports.policy.compile.HostCapabilities;

/**
 * What a host says of itself to us, published by its {@code after_get_caps} hook through VDSM's
 * capabilities as the "checksum" of a hook {@code status} of an event {@code isolated_ports}, the
 * one channel of a host that the engine's REST API passes on unread.
 *
 * <p>Form: {@code key=value} pairs with {@code ;} between them, no spaces, no braces (the engine
 * strips the former and chokes on the latter): {@code
 * version=1.0;list=ok;watch=yes;filter=yes;libvirt=9.0.0;kernel=5.14;nft=yes;ct=yes}. The keys are
 * those of docs/host-report.md, which host and core are tested against. Unknown keys are left
 * alone, so that a newer host can say more. A key that stands twice makes the whole report
 * unreadable: two answers to one question are none.
 *
 * @param version version of the host part as it stands there; empty if it is not said
 * @param kernel kernel release; empty if it is not said
 * @param filter whether libvirt's migration and restore filter of ours is installed
 * @param watch whether {@code isolated-ports-host} answered there: {@code yes}, or what is wrong;
 *     empty if it is not said
 * @param list state of the list of isolated bridges: {@code ok}, or what is wrong with it; empty if
 *     it is not said
 * @param nft whether the kernel there took nftables' bridge family
 * @param conntrack whether it took connection tracking on bridges
 * @param bridgeName whether it took {@code meta ibrname}
 * @param reject whether it took {@code reject} in the bridge family
 */
public record HostReport(
    String version,
    String kernel,
    boolean filter,
    String watch,
    String list,
    boolean nft,
    boolean conntrack,
    boolean bridgeName,
    boolean reject) {

  /** What a report may say; what core makes no use of is there for administrators. */
  enum Key {
    VERSION,
    LIST,
    WATCH,
    FILTER,
    LIBVIRT,
    KERNEL,
    NFT,
    CT,
    IBRNAME,
    REJECT;

    /** As it stands in the report. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    private String in(Map<String, String> said) {
      return said.getOrDefault(text(), "");
    }

    /** Whatever is not a plain yes counts as no. */
    private boolean isYesIn(Map<String, String> said) {
      return in(said).equals("yes");
    }
  }

  /** Event and name under which {@code /hosts/{id}/hooks} shows the report. */
  public static final String EVENT = "isolated_ports";

  public static final String NAME = "status";

  private static final int LONGEST = 4096;
  private static final Pattern PAIR =
      Pattern.compile("[a-z_]{1,32}=[\\x21-\\x3a\\x3c-\\x7e]{0,128}");

  /**
   * Reads a report.
   *
   * @return empty where the text is none
   */
  public static Optional<HostReport> parse(String text) {
    if (text.isEmpty() || text.length() > LONGEST) {
      return Optional.empty();
    }
    Map<String, String> said = new HashMap<>();
    for (String pair : text.split(";", -1)) {
      if (!PAIR.matcher(pair).matches()) {
        return Optional.empty();
      }
      int equals = pair.indexOf('=');
      if (said.put(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
        return Optional.empty();
      }
    }
    return Optional.of(
        new HostReport(
            Key.VERSION.in(said),
            Key.KERNEL.in(said),
            Key.FILTER.isYesIn(said),
            Key.WATCH.in(said),
            Key.LIST.in(said),
            Key.NFT.isYesIn(said),
            Key.CT.isYesIn(said),
            Key.IBRNAME.isYesIn(said),
            Key.REJECT.isYesIn(said)));
  }

  /** What rulesets for this host may use. */
  public HostCapabilities capabilities() {
    return new HostCapabilities(nft && conntrack, nft && bridgeName, nft && reject);
  }
}
