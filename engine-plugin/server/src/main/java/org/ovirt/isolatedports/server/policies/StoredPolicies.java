// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.ovirt.isolatedports.policy.inventory.Nic;

/**
 * What is stored under a network: of each document that was ever written what it says now.
 *
 * @param networkId the network
 * @param version grows with each change; 0 if nothing was ever written
 * @param documents the newest revisions, removals among them, in the order of kind and name
 */
record StoredPolicies(UUID networkId, long version, Map<Document, Revision> documents) {

  private static final Comparator<Document> ORDER =
      Comparator.comparing(Document::kind).thenComparing(Document::name);

  StoredPolicies {
    Map<Document, Revision> sorted = new TreeMap<>(ORDER);
    sorted.putAll(documents);
    documents = Collections.unmodifiableMap(new LinkedHashMap<>(sorted));
  }

  /** What a document says now; empty if it was never written or is removed. */
  Optional<Revision> current(Document document) {
    return newest(document).filter(revision -> !revision.isRemoval());
  }

  /** The newest revision of a document, a removal also. */
  Optional<Revision> newest(Document document) {
    return Optional.ofNullable(documents.get(document));
  }

  /** The documents of a kind that are there. */
  List<Document> present(DocumentKind kind) {
    return documents.entrySet().stream()
        .filter(each -> each.getKey().kind() == kind && !each.getValue().isRemoval())
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The same with another newest revision of a document. */
  StoredPolicies with(Document document, Revision revision) {
    Map<Document, Revision> changed = new HashMap<>(documents);
    changed.put(document, revision);
    return new StoredPolicies(networkId, version, changed);
  }

  /** What is in force, and beside it what is in audit. */
  InForce inForce() {
    return of(texts(this::isEnforced), texts(this::isCounted));
  }

  /** As if policies in audit were in force too. */
  InForce everything() {
    return of(texts(document -> true), List.of());
  }

  /** Whether a policy is in audit. */
  boolean isAudited() {
    return isAudited(DocumentKind.ACLS) || isAudited(DocumentKind.NETWORK_POLICY);
  }

  private boolean isAudited(DocumentKind kind) {
    return present(kind).stream().anyMatch(document -> !isEnforced(document));
  }

  private boolean isEnforced(Document document) {
    return documents.get(document).mode() == Mode.ENFORCE;
  }

  private boolean isCounted(Document document) {
    return isAudited(document.kind());
  }

  private List<InForce.Text> texts(Predicate<Document> which) {
    return Stream.of(DocumentKind.ACLS, DocumentKind.NETWORK_POLICY)
        .flatMap(kind -> present(kind).stream())
        .filter(which)
        .map(
            document ->
                new InForce.Text(
                    document.file(), contentOf(document), documents.get(document).pins()))
        .toList();
  }

  private String contentOf(Document document) {
    return documents.get(document).content().orElseThrow();
  }

  private InForce of(List<InForce.Text> texts, List<InForce.Text> audited) {
    Map<String, List<String>> addresses = new TreeMap<>();
    Map<String, List<String>> ports = new TreeMap<>();
    present(DocumentKind.ADDRESS_SET)
        .forEach(document -> addresses.put(document.name(), entries(contentOf(document))));
    for (Document document : present(DocumentKind.PORT_GROUP)) {
      Map<String, String> pins = documents.get(document).pins();
      ports.put(
          document.name(),
          entries(contentOf(document)).stream().map(port -> pinned(port, pins)).toList());
    }
    return new InForce(networkId, version, texts, audited, addresses, ports);
  }

  /** The entries of a set, which are stored a line each. */
  static List<String> entries(String content) {
    return content.lines().toList();
  }

  /** What is stored of the entries of a set. */
  static String content(List<String> entries) {
    return entries.isEmpty() ? "" : String.join("\n", entries) + "\n";
  }

  private static String pinned(String port, Map<String, String> pins) {
    int slash = port.indexOf('/');
    String vm = slash < 0 ? port : port.substring(0, slash);
    String id = pins.get(vm);
    return id == null ? port : Nic.PINNED + id + port.substring(vm.length());
  }
}
