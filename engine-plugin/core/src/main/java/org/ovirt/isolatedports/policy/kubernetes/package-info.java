// SPDX-License-Identifier: Apache-2.0
/** What the Kubernetes API takes, in its words. */
package org.ovirt.isolatedports.policy.kubernetes;
