// SPDX-License-Identifier: Apache-2.0
/** Opening an isolated network for a while: what may be opened, and when it is over. */
package org.ovirt.isolatedports.emergency;
