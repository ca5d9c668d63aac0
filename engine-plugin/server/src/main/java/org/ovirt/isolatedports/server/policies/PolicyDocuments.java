// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/** Reading what is stored under networks, for whoever sees the network. */
@ApplicationScoped
public class PolicyDocuments {

  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;

  private final PolicyStore store;
  private final PolicyBodies bodies;

  @Inject
  PolicyDocuments(PolicyStore store, PolicyBodies bodies) {
    this.store = store;
    this.bodies = bodies;
  }

  /**
   * The document that a path names.
   *
   * <p>Of several network policies of one name, which namespaces allow, the parameter {@code
   * namespace} says which is meant; it may be left out where there is but one.
   *
   * @return empty if there never was one
   */
  static Optional<Document> named(
      Exchange exchange, StoredPolicies stored, DocumentKind kind, String name) {
    UUID network = stored.networkId();
    if (kind != DocumentKind.NETWORK_POLICY) {
      return Optional.of(new Document(network, kind, name))
          .filter(document -> stored.newest(document).isPresent());
    }
    Optional<String> namespace = exchange.parameter("namespace");
    if (namespace.isPresent()) {
      return Optional.of(Document.networkPolicy(network, namespace.get(), name))
          .filter(document -> stored.newest(document).isPresent());
    }
    List<Document> present =
        stored.present(kind).stream().filter(each -> each.plainName().equals(name)).toList();
    List<Document> candidates =
        present.isEmpty()
            ? stored.documents().keySet().stream()
                .filter(each -> each.kind() == kind && each.plainName().equals(name))
                .toList()
            : present;
    if (candidates.size() > 1) {
      throw FaultException.operationFailed(
          CONFLICT,
          "There are several NetworkPolicies named "
              + name
              + ", in the namespaces "
              + candidates.stream().map(Document::namespace).collect(Collectors.joining(", "))
              + ". Say which by the parameter namespace.");
    }
    return candidates.stream().findFirst();
  }

  /** All documents of a kind; network policies also as one text of YAML. */
  Response list(Exchange exchange, String id, DocumentKind kind) {
    exchange.onlyParameters(Parameters.LIST);
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          StoredPolicies stored = store.stored(network.id());
          List<Document> present = stored.present(kind);
          if (kind.isPolicy() && exchange.prefersYaml()) {
            present.forEach(each -> bodies.requireSeen(each, stored.current(each).orElseThrow()));
            return Response.ok(
                    present.stream()
                        .map(each -> stored.current(each).flatMap(Revision::content).orElse(""))
                        .map(PolicyDocuments::asDocument)
                        .collect(Collectors.joining())
                        .getBytes(StandardCharsets.UTF_8))
                .header(HttpHeaders.CONTENT_TYPE, PolicyBodies.YAML)
                .build();
          }
          return exchange.ok(
              kind.kind().collection(),
              Map.of(
                  kind.kind().element(),
                  present.stream()
                      .map(
                          each -> bodies.listed(exchange, each, stored.current(each).orElseThrow()))
                      .toList()));
        });
  }

  private static String asDocument(String yaml) {
    String plain = yaml.startsWith("\ufeff") ? yaml.substring(1) : yaml;
    return (plain.startsWith("---") ? "" : "---\n") + plain + (plain.endsWith("\n") ? "" : "\n");
  }

  /** One document. */
  Response get(Exchange exchange, String id, DocumentKind kind, String name) {
    exchange.onlyParameters(Parameters.reading(kind));
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          StoredPolicies stored = store.stored(network.id());
          Document document =
              named(exchange, stored, kind, name).orElseThrow(NotFoundException::new);
          return bodies.document(
              exchange, document, stored.current(document).orElseThrow(NotFoundException::new), OK);
        });
  }

  /** The revisions of a document, of one that was removed also. */
  Response revisions(Exchange exchange, String id, DocumentKind kind, String name) {
    exchange.onlyParameters(Parameters.reading(kind));
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> bodies.revisions(exchange, store.history(named(exchange, network, kind, name))));
  }

  /** One revision. */
  Response revision(Exchange exchange, String id, DocumentKind kind, String name, String number) {
    exchange.onlyParameters(Parameters.reading(kind));
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          Document document = named(exchange, network, kind, name);
          return bodies.revision(exchange, document, revision(document, number));
        });
  }

  /** What changed between two revisions; of the newest and the one before it where none is said. */
  Response diff(Exchange exchange, String id, DocumentKind kind, String name) {
    exchange.onlyParameters(Parameters.diff(kind));
    return CallersNetworks.withReadable(
        exchange,
        id,
        network -> {
          Document document = named(exchange, network, kind, name);
          int newest = store.stored(network.id()).newest(document).map(Revision::number).orElse(0);
          String to = exchange.parameter("to").orElse(String.valueOf(newest));
          Revision second = revision(document, to);
          String from = exchange.parameter("from").orElse(String.valueOf(second.number() - 1));
          if (from.equals("0")) {
            throw FaultException.operationFailed(
                BAD_REQUEST, "There is one revision only, and nothing to compare it with.");
          }
          return bodies.diff(exchange, document, revision(document, from), second);
        });
  }

  private Document named(
      Exchange exchange, CallersNetworks.Shown network, DocumentKind kind, String name) {
    return named(exchange, store.stored(network.id()), kind, name)
        .orElseThrow(NotFoundException::new);
  }

  private Revision revision(Document document, String number) {
    if (!number.matches("[0-9]{1,9}")) {
      throw FaultException.operationFailed(
          BAD_REQUEST, "A revision is a number, not \"" + number + "\".");
    }
    return store.revision(document, Integer.parseInt(number)).orElseThrow(NotFoundException::new);
  }
}
