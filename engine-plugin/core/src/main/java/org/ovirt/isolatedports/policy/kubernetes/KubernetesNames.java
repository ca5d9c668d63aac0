// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.policy.kubernetes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the Kubernetes API takes for names, labels and ports, and what it says where it does not
 * (apimachinery, util/validation). Each method gives the complaint; none if the value is fine.
 */
public final class KubernetesNames {

  private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final Pattern DNS_LABEL = Pattern.compile(LABEL);
  private static final Pattern DNS_SUBDOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
  private static final String QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
  private static final Pattern QUALIFIED_NAME = Pattern.compile(QUALIFIED);
  private static final Pattern LABEL_VALUE = Pattern.compile("(" + QUALIFIED + ")?");
  private static final String NAME_PART =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
          + " alphanumeric character (e.g. 'MyName', or 'my.name', or '123-abc')";

  private KubernetesNames() {}

  /** The name of a namespace. */
  public static Optional<String> dnsLabel(String name) {
    if (name.length() > 63) {
      return tooLong(63);
    }
    if (DNS_LABEL.matcher(name).matches()) {
      return Optional.empty();
    }
    return DNS_SUBDOMAIN.matcher(name).matches()
        ? Optional.of("must not contain dots")
        : Optional.of(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
                + " '-', and must start and end with an alphanumeric character (e.g. 'my-name', or"
                + " '123-abc')");
  }

  /** The name of an object. */
  public static Optional<String> dnsSubdomain(String name) {
    if (name.length() > 253) {
      return tooLong(253);
    }
    return DNS_SUBDOMAIN.matcher(name).matches()
        ? Optional.empty()
        : Optional.of(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
                + " '-' or '.', and must start and end with an alphanumeric character (e.g."
                + " 'example.com')");
  }

  /** The key of a label. */
  public static Optional<String> labelKey(String key) {
    String[] parts = key.split("/", -1);
    if (parts.length > 2) {
      return Optional.of(
          "a qualified name "
              + NAME_PART
              + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    }
    if (parts.length == 2) {
      if (parts[0].isEmpty()) {
        return Optional.of("prefix part must be non-empty");
      }
      Optional<String> prefix = dnsSubdomain(parts[0]);
      if (prefix.isPresent()) {
        return prefix.map(problem -> "prefix part " + problem);
      }
    }
    String name = parts[parts.length - 1];
    if (name.isEmpty()) {
      return Optional.of("name part must be non-empty");
    } else if (name.length() > 63) {
      return tooLong(63).map(problem -> "name part " + problem);
    }
    return QUALIFIED_NAME.matcher(name).matches()
        ? Optional.empty()
        : Optional.of("name part " + NAME_PART);
  }

  /** The value of a label. */
  public static Optional<String> labelValue(String value) {
    if (value.length() > 63) {
      return tooLong(63);
    }
    return LABEL_VALUE.matcher(value).matches()
        ? Optional.empty()
        : Optional.of(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_'"
                + " or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',"
                + " or 'my_value', or '12345')");
  }

  /** The name of a port (RFC 6335, section 5.1). */
  public static Optional<String> portName(String name) {
    List<String> problems = new ArrayList<>();
    if (name.length() > 15) {
      problems.add("must be no more than 15 characters");
    }
    if (!name.matches("[-a-z0-9]+")) {
      problems.add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (name.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
      problems.add("must contain at least one letter (a-z)");
    }
    if (name.contains("--")) {
      problems.add("must not contain consecutive hyphens");
    }
    if (name.startsWith("-") || name.endsWith("-")) {
      problems.add("must not begin or end with a hyphen");
    }
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", problems));
  }

  private static Optional<String> tooLong(int most) {
    return Optional.of("must be no more than " + most + " characters");
  }
}
