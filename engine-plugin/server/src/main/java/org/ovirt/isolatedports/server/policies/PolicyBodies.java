// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.policies;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ovirt.isolatedports.body.BodyFormat;
import org.ovirt.isolatedports.body.TreeWriter;
import org.ovirt.isolatedports.policy.finding.Finding;
import org.ovirt.isolatedports.server.http.EntityTags;
import org.ovirt.isolatedports.server.http.Exchange;
import org.ovirt.isolatedports.server.http.Sight;
import org.ovirt.isolatedports.server.http.fault.FaultException;

/** What callers are shown of documents, and the tags of it. */
@ApplicationScoped
public class PolicyBodies {

  static final String YAML = "application/yaml";
  private static final String DEFAULT_NAMESPACE = "default";
  private static final String OPERATION_FAILED = "Operation Failed";
  private static final int FORBIDDEN = 403;

  private final Sight sight;
  private final NetworkInventories inventories;

  @Inject
  PolicyBodies(Sight sight, NetworkInventories inventories) {
    this.sight = sight;
    this.inventories = inventories;
  }

  // --- tags ---

  /** The tag of what a document says now: its revision, in one of three forms. */
  private static String tag(char form, Optional<Revision> newest) {
    return "\"" + form + "-r" + newest.map(Revision::number).orElse(0) + "\"";
  }

  /** Whether a caller who said so in {@code If-Match} has read what a document says now. */
  static boolean hasRead(Exchange exchange, Optional<Revision> newest) {
    Optional<List<String>> wanted = exchange.header("If-Match").map(EntityTags::parse);
    boolean present = newest.filter(revision -> !revision.isRemoval()).isPresent();
    return wanted.isEmpty()
        || (present && wanted.get().contains("*"))
        || Stream.of('x', 'j', 'y').anyMatch(form -> wanted.get().contains(tag(form, newest)));
  }

  // --- single documents ---

  /**
   * A document, in YAML if the caller wants that.
   *
   * @throws FaultException if it names VMs that the caller may not see
   */
  Response document(Exchange exchange, Document document, Revision revision, int status) {
    requireSeen(document, revision);
    if (document.kind().isPolicy() && exchange.prefersYaml()) {
      return Response.status(status)
          .entity(revision.content().orElse("").getBytes(StandardCharsets.UTF_8))
          .header(HttpHeaders.CONTENT_TYPE, YAML)
          .header(HttpHeaders.ETAG, tag('y', Optional.of(revision)))
          .build();
    }
    return tagged(exchange, document, revision, status, tree(exchange, document, revision));
  }

  /** The answer to a write: the document, and what is odd about it. */
  Response written(
      Exchange exchange, Document document, Revision revision, List<Finding> warnings, int status) {
    if (document.kind().isPolicy() && exchange.prefersYaml()) {
      return document(exchange, document, revision, status);
    }
    Map<String, Object> tree = tree(exchange, document, revision);
    putWarnings(tree, warnings);
    return tagged(exchange, document, revision, status, tree);
  }

  private static Response tagged(
      Exchange exchange,
      Document document,
      Revision revision,
      int status,
      Map<String, Object> tree) {
    BodyFormat format = exchange.answerFormat();
    Response.ResponseBuilder answer =
        Response.status(status)
            .entity(TreeWriter.write(format, document.kind().kind().element(), tree))
            .header(HttpHeaders.CONTENT_TYPE, format.contentType())
            .header(
                HttpHeaders.ETAG, tag(format == BodyFormat.XML ? 'x' : 'j', Optional.of(revision)));
    if (status == Response.Status.CREATED.getStatusCode()) {
      answer.header(HttpHeaders.LOCATION, href(exchange, document));
    }
    return answer.build();
  }

  /** A document that the caller may see; of one that names other VMs there is no content in it. */
  Map<String, Object> listed(Exchange exchange, Document document, Revision revision) {
    Map<String, Object> tree = tree(exchange, document, revision);
    if (!isSeen(revision)) {
      tree.remove("yaml");
      tree.remove("ports");
    }
    return tree;
  }

  private Map<String, Object> tree(Exchange exchange, Document document, Revision revision) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("href", href(exchange, document));
    if (document.kind() == DocumentKind.NETWORK_POLICY) {
      tree.put("name", document.plainName());
      tree.put("namespace", document.namespace());
    } else if (document.kind() != DocumentKind.ACLS) {
      tree.put("name", document.name());
    }
    putContent(tree, document, revision);
    tree.put("revision", revision(exchange, revision));
    return tree;
  }

  private static void putContent(Map<String, Object> tree, Document document, Revision revision) {
    String content = revision.content().orElse("");
    switch (document.kind()) {
      case ACLS, NETWORK_POLICY -> {
        tree.put("mode", revision.mode().text());
        tree.put("yaml", content);
      }
      case ADDRESS_SET -> tree.put("addresses", Map.of("address", StoredPolicies.entries(content)));
      case PORT_GROUP -> tree.put("ports", Map.of("port", StoredPolicies.entries(content)));
    }
  }

  private static String href(Exchange exchange, Document document) {
    String base =
        exchange.base() + "networks/" + document.networkId() + "/" + document.kind().path();
    return switch (document.kind()) {
      case ACLS -> base;
      case NETWORK_POLICY ->
          base
              + "/"
              + encoded(document.plainName())
              + (document.namespace().equals(DEFAULT_NAMESPACE)
                  ? ""
                  : "?namespace=" + encoded(document.namespace()));
      default -> base + "/" + encoded(document.name());
    };
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  // --- revisions ---

  private static Map<String, Object> revision(Exchange exchange, Revision revision) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("number", revision.number());
    tree.put("author", revision.author());
    tree.put("time", TreeWriter.time(revision.time(), exchange.faultFormat()));
    if (!revision.comment().isEmpty()) {
      tree.put("comment", revision.comment());
    }
    revision.restoredFrom().ifPresent(number -> tree.put("restored_from", number));
    if (revision.isRemoval()) {
      tree.put("removed", "true");
    }
    return tree;
  }

  /** The revisions of a document without what it said. */
  Response revisions(Exchange exchange, List<Revision> revisions) {
    return exchange.ok(
        "revisions",
        Map.of("revision", revisions.stream().map(each -> revision(exchange, each)).toList()));
  }

  /** One revision with what the document said then. */
  Response revision(Exchange exchange, Document document, Revision revision) {
    requireSeen(document, revision);
    if (document.kind().isPolicy() && exchange.prefersYaml()) {
      return Response.ok(revision.content().orElse("").getBytes(StandardCharsets.UTF_8))
          .header(HttpHeaders.CONTENT_TYPE, YAML)
          .build();
    }
    Map<String, Object> tree = new LinkedHashMap<>(revision(exchange, revision));
    if (!revision.isRemoval()) {
      putContent(tree, document, revision);
    }
    return exchange.ok("revision", tree);
  }

  /** What changed from one revision to another. */
  Response diff(Exchange exchange, Document document, Revision from, Revision to) {
    requireSeen(document, from);
    requireSeen(document, to);
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("from", from.number());
    tree.put("to", to.number());
    if (from.mode() != to.mode()) {
      tree.put("from_mode", from.mode().text());
      tree.put("to_mode", to.mode().text());
    }
    tree.put(
        "diff",
        LineDiff.unified(
            document.file() + " (revision " + from.number() + ")",
            from.content().orElse(""),
            document.file() + " (revision " + to.number() + ")",
            to.content().orElse("")));
    return exchange.ok("revision_diff", tree);
  }

  // --- what callers may see ---

  /** A VM that is gone from the engine is no secret any more, or nobody could read its name. */
  boolean isSeen(Revision revision) {
    Set<String> unseen = new HashSet<>(revision.pins().values());
    unseen.removeAll(sight.vms(unseen));
    return unseen.isEmpty() || !inventories.hasAny(unseen);
  }

  void requireSeen(Document document, Revision revision) {
    if (!isSeen(revision)) {
      throw FaultException.operationFailed(
          FORBIDDEN,
          document.title() + " names VMs that you may not see, so its text is not shown to you.");
    }
  }

  // --- findings ---

  static Map<String, Object> finding(Finding finding) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("file", finding.location().file());
    tree.put("line", finding.location().line());
    tree.put("column", finding.location().column());
    tree.put("message", finding.message());
    if (!finding.kind().isEmpty()) {
      tree.put("kind", finding.kind());
    }
    return tree;
  }

  static void putWarnings(Map<String, Object> tree, List<Finding> findings) {
    List<Map<String, Object>> warnings = new ArrayList<>();
    findings.stream().filter(f -> !f.isError()).map(PolicyBodies::finding).forEach(warnings::add);
    if (!warnings.isEmpty()) {
      tree.put("warnings", Map.of("warning", warnings));
    }
  }

  /** The fault of what would not be stored, with every finding besides its text. */
  static Response refused(Exchange exchange, int status, String action, List<Finding> findings) {
    List<Finding> errors = findings.stream().filter(Finding::isError).toList();
    String text =
        errors.stream()
            .map(error -> error.location() + ": " + error.message())
            .collect(Collectors.joining(" "));
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("detail", "[" + action + ". " + text + "]");
    tree.put("reason", OPERATION_FAILED);
    tree.put("errors", Map.of("error", errors.stream().map(PolicyBodies::finding).toList()));
    putWarnings(tree, findings);
    BodyFormat format = exchange.faultFormat();
    return Response.status(status)
        .entity(TreeWriter.write(format, "fault", tree))
        .header(HttpHeaders.CONTENT_TYPE, format.contentType())
        .build();
  }
}
