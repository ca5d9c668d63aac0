// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.server.http;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/** The REST API under {@code /ovirt-isolated-ports/api}, in the form of the engine's API v4. */
@ApplicationPath("api")
public class IsolatedPortsApi extends Application {}
