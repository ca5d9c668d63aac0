// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.lab;

import java.util.Map;
import java.util.Optional;

/**
 * What a host reports about itself, as far as the engine passes it on.
 *
 * @param libvirt version such as 9.0.0; empty where namespaces stand for guests
 * @param kernel release of the running kernel
 * @param hooks event, then name of the script, then its attributes, among them {@code checksum},
 *     the script's SHA-256
 */
public record Capabilities(
    Optional<String> libvirt, String kernel, Map<String, Map<String, Map<String, String>>> hooks) {}
