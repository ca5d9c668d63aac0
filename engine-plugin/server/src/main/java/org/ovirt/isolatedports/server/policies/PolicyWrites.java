// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.policy.evaluate.Flow;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.policy.inventory.Inventory;
import org.ovirt.isolatedports.server.http.Changes;
import org.ovirt.isolatedports.server.http.EntityLocks;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.http.fault.FaultException;
import org.ovirt.isolatedports.server.network.CallersNetworks;

/**
 * Writing what is stored under networks, for whoever may edit the network. One at a time for each
 * network, as a document is judged together with all others.
 */
@ApplicationScoped
public class PolicyWrites {

  private static final int OK = 200;
  private static final int CREATED = 201;
  private static final int BAD_REQUEST = 400;
  private static final int CONFLICT = 409;

  private final PolicyStore store;
  private final PolicyBodies bodies;
  private final PolicyPlaces places;
  private final NetworkInventories inventories;
  private final EnforcingHosts hosts;
  private final Sight sight;
  private final CallersNetworks networks;
  private final EntityLocks locks;
  private final JsonEngine engine;
  private final Event<PoliciesChanged> changed;

  @Inject
  PolicyWrites(
      PolicyStore store,
      PolicyBodies bodies,
      PolicyPlaces places,
      NetworkInventories inventories,
      EnforcingHosts hosts,
      Sight sight,
      CallersNetworks networks,
      EntityLocks locks,
      JsonEngine engine,
      Event<PoliciesChanged> changed) {
    this.store = store;
    this.bodies = bodies;
    this.places = places;
    this.inventories = inventories;
    this.hosts = hosts;
    this.sight = sight;
    this.networks = networks;
    this.locks = locks;
    this.engine = engine;
    this.changed = changed;
  }

  /** What a request would store, or goes back to. */
  private record Wanted(
      Optional<String> content,
      Mode mode,
      Optional<Map<String, String>> pins,
      Optional<Integer> restoredFrom) {}

  /** A writer in the middle of a request. */
  private record Writer(
      Exchange exchange, CallersNetworks.Shown network, String user, String action, Asked asked) {}

  private interface Step {
    Response with(Writer writer, StoredPolicies stored);
  }

  private Response write(
      Exchange exchange, String id, DocumentKind kind, String what, Asked asked, Step step) {
    return networks.withEditable(
        exchange,
        id,
        (network, user) -> {
          String action = what + " of Network " + network.name();
          // Before anything is stored: who can take no answer of ours changes nothing.
          if (!kind.isPolicy() || !exchange.prefersYaml()) {
            exchange.answerFormat();
          }
          return locks.exclusively(
              "policies:" + network.id(),
              () ->
                  step.with(
                      new Writer(
                          exchange, network, userName(exchange.token(), user), action, asked),
                      store.stored(network.id())));
        });
  }

  /** Adds or changes the document that the path names. */
  Response put(Exchange exchange, String id, DocumentKind kind, String name, byte[] body) {
    String what = "Cannot edit " + kind.title() + (name.isEmpty() ? "" : " " + name);
    Asked asked = Asked.of(exchange, kind, body, what);
    return write(
        exchange,
        id,
        kind,
        what,
        asked,
        (writer, stored) -> {
          Document document = document(writer, stored, kind, name);
          Optional<Revision> now = stored.current(document);
          if (asked.content().isEmpty() && now.isEmpty()) {
            throw new NotFoundException();
          }
          if (asked.content().isEmpty()) {
            // The text that stays is part of the answer.
            bodies.requireSeen(document, now.get());
          }
          return store(
              writer,
              stored,
              document,
              new Wanted(
                  asked.content().or(() -> now.flatMap(Revision::content)),
                  asked.mode().or(() -> now.map(Revision::mode)).orElse(Mode.ENFORCE),
                  asked.content().isPresent() ? Optional.empty() : now.map(Revision::pins),
                  Optional.empty()));
        });
  }

  /** Adds a network policy that is not there yet, under the name that its text gives it. */
  Response add(Exchange exchange, String id, byte[] body) {
    String what = "Cannot add NetworkPolicy";
    Asked asked = Asked.of(exchange, DocumentKind.NETWORK_POLICY, body, what);
    return write(
        exchange,
        id,
        DocumentKind.NETWORK_POLICY,
        what,
        asked,
        (writer, stored) -> {
          Document document = document(writer, stored, DocumentKind.NETWORK_POLICY, "");
          if (stored.current(document).isPresent()) {
            throw FaultException.operationFailed(
                CONFLICT,
                writer.action()
                    + ". "
                    + document.title()
                    + " is there already. Change it with PUT, or give this one another name.");
          }
          return store(
              writer,
              stored,
              document,
              new Wanted(
                  asked.content(),
                  asked.mode().orElse(Mode.ENFORCE),
                  Optional.empty(),
                  Optional.empty()));
        });
  }

  /** Removes a document; its revisions stay. */
  Response remove(Exchange exchange, String id, DocumentKind kind, String name) {
    String what = "Cannot remove " + kind.title() + (name.isEmpty() ? "" : " " + name);
    Asked asked = Asked.withoutBody(exchange, kind, what);
    return write(
        exchange,
        id,
        kind,
        what,
        asked,
        (writer, stored) -> {
          Document document =
              PolicyDocuments.named(exchange, stored, kind, name)
                  .filter(each -> stored.current(each).isPresent())
                  .orElseThrow(NotFoundException::new);
          return store(
              writer,
              stored,
              document,
              new Wanted(Optional.empty(), Mode.ENFORCE, Optional.of(Map.of()), Optional.empty()));
        });
  }

  /** Goes back to an old revision, which makes a new one that equals it. */
  Response restore(Exchange exchange, String id, DocumentKind kind, String name, String number) {
    String what = "Cannot edit " + kind.title() + (name.isEmpty() ? "" : " " + name);
    Asked asked = Asked.withoutBody(exchange, kind, what);
    return write(
        exchange,
        id,
        kind,
        what,
        asked,
        (writer, stored) -> {
          Document document =
              PolicyDocuments.named(exchange, stored, kind, name)
                  .orElseThrow(NotFoundException::new);
          if (!number.matches("[0-9]{1,9}")) {
            throw new NotFoundException();
          }
          Revision old =
              store
                  .revision(document, Integer.parseInt(number))
                  .orElseThrow(NotFoundException::new);
          bodies.requireSeen(document, old);
          return store(
              writer,
              stored,
              document,
              new Wanted(
                  old.content(), old.mode(), Optional.of(old.pins()), Optional.of(old.number())));
        });
  }

  /** Which document a writer means: a new network policy is named by its text. */
  private Document document(Writer writer, StoredPolicies stored, DocumentKind kind, String name) {
    if (kind != DocumentKind.NETWORK_POLICY) {
      return new Document(stored.networkId(), kind, name);
    }
    Exchange exchange = writer.exchange();
    Optional<Document> byText =
        writer
            .asked()
            .content()
            .flatMap(
                yaml ->
                    Review.identify(
                        inventories.without(writer.network()), stored.networkId(), yaml));
    if (byText.isEmpty() && writer.asked().content().isEmpty()) {
      return PolicyDocuments.named(exchange, stored, kind, name)
          .orElseThrow(NotFoundException::new);
    }
    String namespace =
        exchange
            .parameter("namespace")
            .or(() -> byText.map(Document::namespace))
            .orElse(Inventory.DEFAULT_NAMESPACE);
    String plain = name.isEmpty() ? byText.map(Document::plainName).orElse("policy") : name;
    return Document.networkPolicy(stored.networkId(), namespace, plain);
  }

  private Response store(Writer writer, StoredPolicies stored, Document document, Wanted wanted) {
    Exchange exchange = writer.exchange();
    Optional<Revision> newest = stored.newest(document);
    if (!PolicyBodies.hasRead(exchange, newest)) {
      throw Changes.changedSince(document.title() + " of Network " + writer.network().name());
    }
    boolean removes = wanted.content().isEmpty();
    if (!removes) {
      places.check(writer.network(), writer.action());
    }
    Inventory seen = inventories.seen(writer.network());
    Revision draft = revision(writer, newest, wanted, Map.of());
    Review review =
        Review.of(seen, stored.with(document, draft), document, wanted.pins(), bodies::isSeen);
    if (review.hasErrors()) {
      return PolicyBodies.refused(exchange, BAD_REQUEST, writer.action(), review.findings());
    }
    Revision revision = revision(writer, newest, wanted, review.pins());
    List<Finding> findings = new ArrayList<>(review.findings());
    findings.addAll(
        new HostsReview(seen, stored, document, revision, hosts.of(writer.network().id()))
            .findings(() -> sight.hosts().keySet()));
    if (findings.stream().anyMatch(Finding::isError)) {
      return PolicyBodies.refused(exchange, CONFLICT, writer.action(), findings);
    }
    if (writer.asked().dryRun()) {
      return preview(exchange, seen, stored, document, revision, findings);
    }
    store.add(document, revision);
    changed.fire(new PoliciesChanged(writer.network().id()));
    if (removes) {
      return Response.ok().build();
    }
    boolean isNew = newest.filter(each -> !each.isRemoval()).isEmpty();
    return bodies.written(exchange, document, revision, findings, isNew ? CREATED : OK);
  }

  private Revision revision(
      Writer writer, Optional<Revision> newest, Wanted wanted, Map<String, String> pins) {
    return new Revision(
        newest.map(Revision::number).orElse(0) + 1,
        wanted.content(),
        wanted.mode(),
        pins,
        writer.user(),
        Instant.now().truncatedTo(ChronoUnit.MILLIS),
        writer.asked().comment(),
        wanted.restoredFrom());
  }

  private String userName(String token, UUID user) {
    return engine
        .find(token, "/users/" + user)
        .flatMap(found -> found.text("user_name"))
        .orElse(user.toString());
  }

  /** What a write would do. A policy in audit is shown as if it were in force. */
  private static Response preview(
      Exchange exchange,
      Inventory seen,
      StoredPolicies stored,
      Document document,
      Revision revision,
      List<Finding> findings) {
    Flow flow = FlowParameters.between(exchange);
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("verdict", "accepted");
    tree.put("mode", revision.mode().text());
    PolicyBodies.putWarnings(tree, findings);
    tree.put(
        "reachability",
        Preview.changes(
            seen, stored.inForce(), stored.with(document, revision.inForce()).inForce(), flow));
    return Exchange.ok(exchange.faultFormat(), "dry_run", tree);
  }
}
