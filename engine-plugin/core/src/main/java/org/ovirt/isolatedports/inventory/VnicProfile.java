// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.inventory;

import java.util.Optional;

/**
 * What our rules need to know of a vNIC profile, as it is or as it is asked for.
 *
 * @param name the name an administrator knows it by
 * @param passThrough whether its vNICs are virtual functions of a physical card
 * @param portMirroring whether its vNICs get copies of the network's frames
 * @param portRole the value of its custom property {@code port_isolation}, such as {@code
 *     community:blue}; empty where the profile has none
 */
public record VnicProfile(
    String name, Stated passThrough, Stated portMirroring, Optional<String> portRole) {}
