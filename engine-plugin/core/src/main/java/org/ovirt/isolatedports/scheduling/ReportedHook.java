// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.scheduling;

/**
 * One hook a host reports, as {@code /hosts/{id}/hooks} shows it.
 *
 * @param event VDSM's event, such as {@code before_vm_start}
 * @param name file name of the script, such as {@code 60_isolated_ports}
 * @param checksum what the engine calls {@code md5}: a SHA-256 on today's hosts, an MD5 on older
 *     ones, any text in our own report; empty where the host gives none
 */
public record ReportedHook(String event, String name, String checksum) {}
