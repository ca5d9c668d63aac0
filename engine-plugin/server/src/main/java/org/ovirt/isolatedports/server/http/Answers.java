// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.ovirt.isolatedports.body.ApiBody;
import org.ovirt.isolatedports.engine.EngineAnswer;
import org.ovirt.isolatedports.server.config.Settings;

/** Makes the engine's answers ours: what only we know is merged in, links lead to us. */
@ApplicationScoped
public class Answers {

  private static final int CREATED = 201;

  private final NetworkFields fields;
  private final EntityTags tags;
  private final String enginePrefix;

  @Inject
  public Answers(NetworkFields fields, EntityTags tags, Settings settings) {
    this.fields = fields;
    this.tags = tags;
    this.enginePrefix = settings.engine().url().getRawPath() + "/api/";
  }

  /** A list. */
  public Response list(Exchange exchange, Kind kind, EngineAnswer answer) {
    if (!answer.isSuccess()) {
      return Exchange.pass(answer);
    }
    ApiBody body = Exchange.parse(answer, kind.collection());
    merge(exchange, body, Optional.empty());
    return Exchange.pass(answer, body.toBytes()).build();
  }

  /** One entity, with its tag unless the answer holds more than the entity. */
  public Response entity(Exchange exchange, EntityRef ref, EngineAnswer answer) {
    if (!answer.isSuccess()) {
      return Exchange.pass(answer);
    }
    ApiBody body = Exchange.parse(answer, ref.kind().element());
    Optional<String> tag =
        exchange.wantsMore()
            ? Optional.empty()
            : Optional.of(tags.of(ref, body, exchange.answerFormat()));
    merge(exchange, body, Optional.of(ref.kind()));
    Response.ResponseBuilder response = Exchange.pass(answer, body.toBytes());
    tag.ifPresent(value -> response.header(HttpHeaders.ETAG, value));
    if (answer.status() == CREATED) {
      // Its own link: the engine's Location doubles the path.
      body.text("href").ifPresent(href -> response.header(HttpHeaders.LOCATION, href));
    }
    return response.build();
  }

  /** The root, whose links lead to what we serve. */
  public Response root(Exchange exchange, EngineAnswer answer) {
    if (!answer.isSuccess()) {
      return Exchange.pass(answer);
    }
    ApiBody body = Exchange.parse(answer, "api");
    merge(exchange, body, Optional.empty());
    return Exchange.pass(answer, body.toBytes()).build();
  }

  private void merge(Exchange exchange, ApiBody body, Optional<Kind> root) {
    List<ApiBody> networks = new ArrayList<>(body.everywhere(Kind.NETWORK.element()));
    root.filter(Kind::isNetwork).ifPresent(kind -> networks.add(body));
    fields.mergeInto(networks);
    body.changeHrefs(new Hrefs(enginePrefix, exchange.base())::ours);
  }
}
