// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.io.ByteArrayInputStream;
import org.apache.http.HttpResponse;
import org.apache.http.HttpStatus;
import org.apache.http.HttpVersion;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.entity.ByteArrayEntity;
import org.apache.http.message.BasicHttpResponse;
import org.ovirt.api.metamodel.runtime.xml.XmlReader;
import org.ovirt.engine.sdk4.Connection;
import org.ovirt.engine.sdk4.ConnectionBuilder;
import org.ovirt.engine.sdk4.HttpClient;
import org.ovirt.engine.sdk4.internal.xml.XmlFaultReader;
import org.ovirt.engine.sdk4.types.Fault;

/**
 * ovirt-engine-sdk-java on our own HTTP client.
 *
 * <p>As it comes, SDK 4.4.5 has no read timeout, expands XML entities, turns a 401 into a password
 * login and says a status only in its message text. Handing it another {@link HttpClient} mends all
 * four.
 */
public class HardenedSdk {

  private final EngineHttpClient http;
  private final String url;

  public HardenedSdk(EngineHttpClient http, EngineSettings settings) {
    this.http = http;
    this.url = settings.url() + "/api";
  }

  /**
   * A connection with the token of a caller or of the service account.
   *
   * <p>It holds no resource of its own and must not be closed: {@code close()} would log the owner
   * of the token out.
   */
  public Connection connection(String token) {
    return new Builder(new Client(http)).url(url).token(token).insecure(true).build();
  }

  private static final class Builder extends ConnectionBuilder {

    private final HttpClient client;

    Builder(HttpClient client) {
      this.client = client;
    }

    @Override
    protected HttpClient createHttpClient() {
      return client;
    }
  }

  /** Buffers each answer, refuses what {@link XmlText} does, and throws for a status from 400. */
  private record Client(EngineHttpClient http) implements HttpClient {

    @Override
    public HttpResponse execute(HttpUriRequest request) {
      EngineAnswer answer = http.answer(request);
      answer.requireFromEngine();
      XmlText.requireHarmless(answer);
      if (answer.status() >= HttpStatus.SC_BAD_REQUEST) {
        throw new EngineException(
            EngineException.Kind.REFUSED, answer.status(), faultDetail(answer));
      }
      HttpResponse response =
          new BasicHttpResponse(HttpVersion.HTTP_1_1, answer.status(), "engine");
      ByteArrayEntity entity = new ByteArrayEntity(answer.body());
      answer.contentType().ifPresent(entity::setContentType);
      response.setEntity(entity);
      answer.contentType().ifPresent(type -> response.setHeader("Content-Type", type));
      return response;
    }

    private static String faultDetail(EngineAnswer answer) {
      if (answer.contentType().filter(type -> type.startsWith("application/xml")).isEmpty()
          || answer.body().length == 0) {
        return "The oVirt engine answered with status " + answer.status() + ".";
      }
      try (XmlReader reader = new XmlReader(new ByteArrayInputStream(answer.body()))) {
        Fault fault = XmlFaultReader.readOne(reader);
        return fault == null || fault.detail() == null
            ? "The oVirt engine answered with status " + answer.status() + "."
            : fault.detail();
      } catch (RuntimeException e) {
        return "The oVirt engine answered with status " + answer.status() + ".";
      }
    }

    @Override
    public void close() {
      // The client below is shared by all connections and closed with the server.
    }
  }
}
