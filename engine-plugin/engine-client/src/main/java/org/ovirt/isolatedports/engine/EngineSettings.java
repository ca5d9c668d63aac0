// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.engine;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the engine is and who asks it.
 *
 * @param url the engine, such as {@code https://engine.example.com/ovirt-engine}
 * @param timeout how long one request may take in all
 * @param user the account for what no caller asks for
 * @param password the password of that account
 * @param caFile the PEM file with the certificates that vouch for the engine's, such as {@code
 *     /etc/pki/ovirt-engine/ca.pem}; empty to trust whom the JVM trusts
 */
public record EngineSettings(
    URI url,
    Duration timeout,
    Optional<String> user,
    Optional<String> password,
    Optional<Path> caFile) {}
