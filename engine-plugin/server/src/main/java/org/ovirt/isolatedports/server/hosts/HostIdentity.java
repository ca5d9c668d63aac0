// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.hosts;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.ovirt.isolatedports.inventory.WatchedHost;

/** Which host a certificate is of: the one whose address in the engine it bears. */
final class HostIdentity {

  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  private HostIdentity() {}

  /** The hosts that a certificate may be of: who it is for is known only if it is one. */
  static List<WatchedHost> of(X509Certificate certificate, Collection<WatchedHost> hosts) {
    Set<String> names = names(certificate);
    return hosts.stream()
        .filter(host -> !host.address().isBlank())
        .filter(host -> names.contains(normal(host.address())))
        .toList();
  }

  /** The names and addresses that a certificate bears, its common name among them. */
  static Set<String> names(X509Certificate certificate) {
    Set<String> names = new TreeSet<>();
    try {
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (rdn.getType().equalsIgnoreCase("CN") && rdn.getValue() instanceof String name) {
          names.add(normal(name));
        }
      }
      Collection<List<?>> others = certificate.getSubjectAlternativeNames();
      if (others != null) {
        for (List<?> other : others) {
          int type = (Integer) other.get(0);
          if ((type == DNS_NAME || type == IP_ADDRESS) && other.get(1) instanceof String name) {
            names.add(normal(name));
          }
        }
      }
    } catch (InvalidNameException | CertificateParsingException e) {
      return Set.of();
    }
    return names;
  }

  /** Letters of either case are the same in names; an IPv6 address can be written in many ways. */
  private static String normal(String name) {
    String lower = name.strip().toLowerCase(Locale.ROOT);
    if (lower.matches("[0-9a-f:.]*:[0-9a-f:.]*")) {
      try {
        return InetAddress.getByName(lower).getHostAddress();
      } catch (UnknownHostException e) {
        return lower;
      }
    }
    return lower;
  }
}
