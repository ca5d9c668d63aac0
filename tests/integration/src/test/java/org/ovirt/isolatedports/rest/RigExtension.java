// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.rest;

import java.lang.annotation.Annotation;
import org.jboss.arquillian.core.api.Instance;
import org.jboss.arquillian.core.api.InstanceProducer;
import org.jboss.arquillian.core.api.annotation.ApplicationScoped;
import org.jboss.arquillian.core.api.annotation.Inject;
import org.jboss.arquillian.core.api.annotation.Observes;
import org.jboss.arquillian.core.api.event.ManagerStarted;
import org.jboss.arquillian.core.api.event.ManagerStopping;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.arquillian.test.spi.enricher.resource.ResourceProvider;

/**
 * Starts the {@link Rig} before Arquillian reads its configuration, which names the rig's ports,
 * and gives it to tests that ask for it.
 */
public class RigExtension implements LoadableExtension {

  @Override
  public void register(ExtensionBuilder builder) {
    builder.observer(Starter.class).service(ResourceProvider.class, Provider.class);
  }

  /** Holds the rig for as long as Arquillian runs. */
  public static class Starter {

    @Inject @ApplicationScoped private InstanceProducer<Rig> rig;

    /** Before the configuration is read, which observes the same event with precedence 0. */
    public void start(@Observes(precedence = 100) ManagerStarted event) {
      rig.set(Rig.start());
    }

    /** After the container is stopped. */
    public void stop(@Observes(precedence = -100) ManagerStopping event) {
      rig.get().close();
    }
  }

  /** Gives the rig to fields with {@link ArquillianResource}. */
  public static class Provider implements ResourceProvider {

    @Inject private Instance<Rig> rig;

    @Override
    public boolean canProvide(Class<?> type) {
      return type == Rig.class;
    }

    @Override
    public Object lookup(ArquillianResource resource, Annotation... qualifiers) {
      return rig.get();
    }
  }
}
