// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.engine;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.enterprise.inject.Typed;
import jakarta.inject.Singleton;
import java.time.Clock;
import org.ovirt.isolatedports.engine.Clusters;
import org.ovirt.isolatedports.engine.EngineFeatures;
import org.ovirt.isolatedports.engine.EngineGate;
import org.ovirt.isolatedports.engine.EngineHttpClient;
import org.ovirt.isolatedports.engine.EngineLookup;
import org.ovirt.isolatedports.engine.HardenedSdk;
import org.ovirt.isolatedports.engine.JsonEngine;
import org.ovirt.isolatedports.engine.OpenProfiles;
import org.ovirt.isolatedports.engine.Permissions;
import org.ovirt.isolatedports.engine.ServiceAccount;
import org.ovirt.isolatedports.engine.ServiceEngine;
import org.ovirt.isolatedports.engine.SingleSignOn;
import org.ovirt.isolatedports.engine.VnicProfiles;
import org.ovirt.isolatedports.server.config.Settings;

/**
 * The engine client, put together for the container: one of each as long as the server runs.
 *
 * <p>Its classes know no container. {@code @Singleton} and not {@code @ApplicationScoped}, as a
 * singleton needs no proxy and so no constructor without parameters.
 */
@ApplicationScoped
public class EngineBeans {

  @Produces
  @Singleton
  EngineGate engineGate(Settings settings) {
    return new EngineGate(settings.engine(), settings.longestPause());
  }

  @Produces
  @Singleton
  EngineHttpClient engineHttpClient(Settings settings, EngineGate gate) {
    return new EngineHttpClient(settings.engine(), gate, settings.loginTimeout());
  }

  @Produces
  @Singleton
  HardenedSdk hardenedSdk(EngineHttpClient http, Settings settings) {
    return new HardenedSdk(http, settings.engine());
  }

  @Produces
  @Singleton
  JsonEngine jsonEngine(EngineHttpClient http) {
    return new JsonEngine(http);
  }

  @Produces
  @Singleton
  EngineLookup engineLookup(JsonEngine engine) {
    return new EngineLookup(engine);
  }

  @Produces
  @Singleton
  Clusters clusters(JsonEngine engine) {
    return new Clusters(engine);
  }

  @Produces
  @Singleton
  VnicProfiles vnicProfiles(HardenedSdk sdk) {
    return new VnicProfiles(sdk);
  }

  @Produces
  @Singleton
  OpenProfiles openProfiles(JsonEngine engine) {
    return new OpenProfiles(engine);
  }

  @Produces
  @Singleton
  Permissions permissions(HardenedSdk sdk) {
    return new Permissions(sdk);
  }

  @Produces
  @Singleton
  EngineFeatures engineFeatures(EngineHttpClient http) {
    return new EngineFeatures(http);
  }

  @Produces
  @Singleton
  ServiceEngine serviceEngine(EngineHttpClient http, ServiceAccount account) {
    return new ServiceEngine(http, account);
  }

  @Produces
  @Singleton
  ServiceAccount serviceAccount(SingleSignOn sso, Settings settings) {
    return new ServiceAccount(sso, settings.engine());
  }

  @Produces
  @Singleton
  EngineReader engineReader(ServiceEngine engine) {
    return new EngineReader(engine);
  }

  /**
   * Told of events by whoever runs the follower, before the others: so not a listener like them.
   */
  @Produces
  @Singleton
  @Typed(EngineMirror.class)
  EngineMirror engineMirror(EngineReader reader) {
    return new EngineMirror(reader, Clock.systemUTC());
  }

  @Produces
  @Singleton
  SingleSignOn singleSignOn(EngineHttpClient http) {
    return new SingleSignOn(http);
  }

  void close(@Disposes EngineGate gate) {
    gate.close();
  }

  void close(@Disposes EngineHttpClient client) {
    client.close();
  }
}
