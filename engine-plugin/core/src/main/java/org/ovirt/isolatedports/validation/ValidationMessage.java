// SPDX-License-Identifier: Apache-2.0
package org.ovirt.isolatedports.validation;

import java.util.Map;

/**
 * The message keys of our rules. Where the engine has the rule, key and wording are the engine's
 * ({@code AppErrors.properties} of ovirt-engine 4.5.8), so that an administrator meets one
 * language.
 */
public enum ValidationMessage {
  HOST_NOT_UP("Host ${host} is not Up (its status is ${status})."),
  HOST_UNKNOWN(
      "Host ${host} is not known to Isolated Ports yet; try again in a minute, and check the"
          + " connection of Isolated Ports to the engine if this stays."),
  HOST_FACTS_OUTDATED(
      "What is known of host ${host} is ${age} minutes old; check the connection of Isolated Ports"
          + " to the engine."),
  HOST_LIBVIRT_UNKNOWN(
      "Host ${host} does not say which libvirt it runs; isolated ports need libvirt ${minimum} or"
          + " newer: refresh the host's capabilities."),
  HOST_LIBVIRT_TOO_OLD(
      "Host ${host} runs libvirt ${libvirt}; isolated ports need libvirt ${minimum} or newer:"
          + " upgrade the host."),
  HOST_KERNEL_UNKNOWN(
      "Host ${host} does not say which kernel it runs; isolated ports need kernel ${minimum} or"
          + " newer: reinstall the package vdsm-hook-isolated-ports on it and refresh the host's"
          + " capabilities."),
  HOST_KERNEL_TOO_OLD(
      "Host ${host} runs kernel ${kernel}; isolated ports need kernel ${minimum} or newer: upgrade"
          + " the host."),
  HOST_REPORTS_NOTHING(
      "Host ${host} reports nothing of Isolated Ports: install the package"
          + " vdsm-hook-isolated-ports on it and refresh the host's capabilities."),
  HOST_REPORT_DAMAGED(
      "What host ${host} reports of Isolated Ports cannot be read: reinstall the package"
          + " vdsm-hook-isolated-ports on it and refresh the host's capabilities."),
  HOST_PART_VERSION_DIFFERS(
      "Host ${host} has the host part of Isolated Ports in version ${version}; this server needs"
          + " ${minimum} or newer of the same major version: upgrade the package on the host."),
  HOST_HOOK_MISSING(
      "Host ${host} lacks the isolated ports hook for ${events}: reinstall the package"
          + " vdsm-hook-isolated-ports on it."),
  HOST_HOOKS_DIFFER(
      "The isolated ports hooks of host ${host} are not all of one version: reinstall the package"
          + " vdsm-hook-isolated-ports on it."),
  HOST_FILTER_MISSING(
      "Host ${host} lacks the libvirt filter of Isolated Ports, so a port could come up open after"
          + " a migration or a resume: reinstall the package vdsm-hook-isolated-ports on it."),
  HOST_SERVICE_NOT_REPORTED(
      "Host ${host} does not report whether isolated-ports-host answers on it, as its package"
          + " vdsm-hook-isolated-ports is too old for that: upgrade the package on the host and"
          + " refresh the host's capabilities."),
  HOST_SERVICE_DOES_NOT_ANSWER(
      "On host ${host} isolated-ports-host did not answer, so a port that opens would stay open:"
          + " run systemctl restart isolated-ports-host on it and refresh the host's"
          + " capabilities."),
  HOST_BRIDGE_LIST_MISSING(
      "Host ${host} has no usable list of isolated bridges (${state}): restart isolated-ports-host"
          + " on it."),
  HOST_NETWORK_NOT_ATTACHED(
      "Network ${network} is not attached to host ${host}: attach it in Setup Host Networks."),
  HOST_NETWORK_NOT_BRIDGED(
      "Network ${network} has no bridge on host ${host}, or the host does not report whether it has"
          + " one (\"bridged\" of its network attachment): synchronize the host's networks."),
  HOST_NETWORK_NOT_ON_LINUX_BRIDGE(
      "Network ${network} is not on a Linux bridge on host ${host} (its switch, \"switch_type\" of the"
          + " cluster and \"switchType\" of the network attachment, is Open vSwitch or not known);"
          + " ports can be isolated on Linux bridges only."),
  HOST_CANNOT_FILTER_BRIDGED_FRAMES(
      "Host ${host} does not report nftables in the bridge family, which the rules of network"
          + " ${network} need."),
  HOST_CANNOT_TRACK_BRIDGED_CONNECTIONS(
      "Host ${host} does not report connection tracking on bridges, which the stateful rules of"
          + " network ${network} need."),
  GUARD_RULES_NOT_ENFORCED(
      "Host ${host} does not get the newest rules of network ${network}: ${reason}"),
  GUARD_LEVEL_GATE_UNREADABLE(
      "The level gate IsPortIsolationSupported cannot be read, so isolated networks cannot be"
          + " attached to clusters: check the database connections of Isolated Ports."),
  GUARD_SCHEDULER_ABSENT(
      "The oVirt engine does not know the filter isolated_ports, so VMs may start on hosts that"
          + " cannot isolate their ports: run isolated-ports-setup scheduler on, and restart"
          + " ovirt-engine."),
  GUARD_SCHEDULER_DISABLED(
      "The oVirt engine has disabled the filter isolated_ports, as Isolated Ports did not answer"
          + " when the engine started, so VMs may start on hosts that cannot isolate their ports:"
          + " restart ovirt-engine while Isolated Ports runs."),
  GUARD_SCHEDULER_SWITCHED_OFF(
      "The oVirt engine does not ask Isolated Ports where VMs may start: its external scheduling is"
          + " switched off, and no scheduling policy of a cluster has the filter isolated_ports."
          + " VMs may start on hosts that cannot isolate their ports: run isolated-ports-setup"
          + " scheduler on, and restart ovirt-engine."),
  GUARD_SCHEDULING_POLICY_WITHOUT_FILTER(
      "The scheduling policies of the clusters ${clusters}, which have isolated networks, do not"
          + " use the filter isolated_ports, so their VMs may start on hosts that cannot isolate"
          + " their ports: add it to them, or run isolated-ports-setup scheduler on."),
  GUARD_NETWORK_NOT_FOR_VMS(
      "Network ${network} is isolated but is no longer a VM network: make it a VM network again, or"
          + " remove it and create it anew without port isolation."),
  GUARD_NETWORK_EXTERNAL(
      "Network ${network} is isolated but has become an external network, whose ports no bridge of"
          + " the hosts isolates: move its VMs to another network."),
  GUARD_NETWORK_NOT_ISOLATED_IN_ENGINE(
      "Network ${network} was isolated by the oVirt engine, but the engine no longer says so, and"
          + " new ports on it would come up open: create an isolated network anew and move the VMs"
          + " there."),
  GUARD_NETWORK_IN_STORAGE_BOND(
      "Network ${network} is isolated but is used for storage in the iSCSI bond ${bond}: take it"
          + " out of the bond."),
  GUARD_CLUSTER_NOT_ON_LINUX_BRIDGES(
      "Network ${network} is isolated, but cluster ${cluster}, to which it is attached, has switch"
          + " type ${type}, where ports cannot be isolated: set the cluster's switch type back to"
          + " Linux Bridge, or detach the network from it."),
  GUARD_CLUSTER_LEVEL_UNSUPPORTED(
      "Network ${network} is isolated, but cluster ${cluster}, to which it is attached, has"
          + " compatibility level ${level}, for which port isolation is not supported: raise the"
          + " cluster to level ${minimum}, or detach the network from it."),
  GUARD_NETWORK_HAS_ROLE(
      "Network ${network} is isolated but is the ${role} network of cluster ${cluster}: give that"
          + " role to another network, as isolated ports do not reach it."),
  GUARD_PROFILE_PASS_THROUGH(
      "vNIC profile ${profile} of the isolated network ${network} is a passthrough profile, whose"
          + " vNICs bypass the bridge that isolates ports: remove the profile."),
  GUARD_PROFILE_PORT_MIRRORING(
      "vNIC profile ${profile} of the isolated network ${network} mirrors ports, so its VMs see the"
          + " frames of the others: switch port mirroring off on the profile."),
  GUARD_PROFILE_FAILOVER(
      "vNIC profile ${profile} of the isolated network ${network} has a failover vNIC profile, over"
          + " which VMs could leave their isolated port: remove the failover from the profile."),
  GUARD_PROFILE_WITHOUT_PROPERTY(
      "vNIC profile ${profile} of the isolated network ${network} lacks the property port_isolation"
          + " and the oVirt engine did not accept it: register the property with ${register},"
          + " restart ovirt-engine, or set port_isolation=true on the profile."),
  GUARD_PROFILE_WITHOUT_MAC_FILTER(
      "vNIC profile ${profile} of the isolated network ${network} has no network filter that holds"
          + " its vNICs to their own MAC addresses, so a VM on it can take the MAC address of"
          + " another VM or of the gateway and be sent their frames: set the network filter"
          + " vdsm-no-mac-spoofing on the profile, then update or restart its VMs."),
  GUARD_PROFILE_ROLE_FOR_EVERYONE(
      "vNIC profile ${profile} of the isolated network ${network} makes ports ${role}, and the"
          + " group Everyone may use it: remove that permission, so that no tenant can choose it."),
  GUARD_NETWORK_OPENED(
      "The isolation of network ${network} is switched off by ${user} until ${until}, so that its"
          + " VMs may reach each other. Reason: ${reason}"),
  GUARD_NIC_WHERE_GATE_IS_CLOSED(
      "vNIC ${nic} of VM ${vm} is on the isolated network ${network}, but the VM is in cluster"
          + " ${cluster} of compatibility level ${level}, for which port isolation is not"
          + " supported: move the VM to a cluster of level ${minimum}, or take the vNIC off the"
          + " network."),
  GUARD_NIC_ON_UNFIT_HOST(
      "VM ${vm} runs on host ${host}, which cannot enforce port isolation, so its vNIC ${nic} on"
          + " the isolated network ${network} may be open to other VMs: migrate the VM to a fit host,"
          + " or unplug the vNIC. ${reasons}"),
  GUARD_HOST_UNFIT(
      "Host ${host} cannot enforce port isolation, and its cluster has ${count} isolated"
          + " network(s): ${reasons}"),
  SCHEDULING_PARAMETER_UNREADABLE(
      "The scheduling policy's property ${parameter} is \"${value}\", which is not a version such"
          + " as 9.0.0: correct it in the scheduling policy or the cluster."),
  NON_VM_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION(
      "Port isolation can only be enabled on VM Networks."),
  EXTERNAL_NETWORK_CANNOT_SUPPORT_PORT_ISOLATION(
      "Port isolation cannot be enabled on External Networks."),
  ACTION_TYPE_FAILED_NETWORK_PORT_ISOLATION_CANNOT_BE_CHANGED(
      "Port isolation option cannot be updated after Network is defined."),
  ACTION_TYPE_FAILED_PORT_ISOLATION_UNSUPPORTED_CLUSTER_LEVEL(
      "Port isolation requires cluster compatibility level ${minimum} or higher."),
  ACTION_TYPE_FAILED_PORT_ISOLATION_INCOMPATIBLE_SWITCH_TYPE(
      "Port isolation requires Cluster Switch Type Linux Bridge."),
  ACTION_TYPE_FAILED_PASSTHROUGH_PROFILE_NOT_SUPPORTS_PORT_ISOLATION(
      "Networks with Port Isolation enabled are not supported on passthrough profiles."),
  PORT_ISOLATION_NOT_SUPPORTED_ON_ROLE_NETWORK(
      "Network ${network} has Port Isolation enabled and cannot have the ${role} role: the peers of"
          + " that role could not reach each other. Use another Network for the role."),
  PORT_MIRRORING_NOT_SUPPORTED_WITH_PORT_ISOLATION(
      "Networks with Port Isolation enabled are not supported on profiles with port mirroring: it"
          + " copies the frames of Network ${network} past the isolation. Leave port mirroring off"
          + " in vNIC profile ${profile}."),
  FAILOVER_TARGET_NOT_SUPPORTED_WITH_PORT_ISOLATION(
      "Networks with Port Isolation enabled are not supported as failover: vNIC profile ${profile}"
          + " would fail over to Network ${network}. Choose a failover vNIC profile of another"
          + " Network."),
  OPEN_PORT_PROFILE_USABLE_BY_EVERYONE(
      "vNIC profile ${profile} of Network ${network} makes ports ${role} and may be used by"
          + " Everyone, so that any user could reach the isolated ports. Take the permission of"
          + " Everyone away, or choose another role."),
  VNIC_CLAIMS_GATEWAY_MAC(
      "MAC Address ${mac} belongs to a gateway of Network ${network}, which has Port Isolation"
          + " enabled. Give the vNIC another MAC Address."),
  CLUSTER_OF_ISOLATED_PORT_UNKNOWN(
      "Whether Cluster ${cluster} supports Port Isolation, which Network ${network} needs, cannot"
          + " be read with your permissions. Ask an administrator of the Cluster."),
  EMERGENCY_REASON_MISSING(
      "Say why Network ${network} is to be opened, in up to ${longest} characters of the field"
          + " reason; it is written into the engine's event log."),
  EMERGENCY_NOT_CONFIRMED(
      "Confirm that the VMs of Network ${network} are to reach each other: the field confirm must"
          + " hold the name of the Network."),
  EMERGENCY_TIME_NOT_LIMITED(
      "Say for how many minutes Network ${network} is to be open, in the field minutes: from 1 to"
          + " ${most}."),
  EMERGENCY_NOT_BY_ENGINE(
      "The oVirt engine itself isolates the ports of Network ${network} (enforcement native): the"
          + " attribute cannot be changed after the Network is defined, and the engine writes it"
          + " into every VM it starts, so nothing can be opened. Put the vNICs of the VMs concerned"
          + " on another Network instead."),
  EMERGENCY_NOT_ISOLATED("Network ${network} is not isolated: there is nothing to open."),
  EMERGENCY_OPEN_ALREADY(
      "Network ${network} is open already, until ${until}. Close it first to open it for another"
          + " time."),
  EMERGENCY_WITHOUT_GUARD(
      "Nobody would close Network ${network} again: Isolated Ports has no account at the oVirt"
          + " engine of its own. Set isolated-ports.engine.user and"
          + " isolated-ports.engine.password."),
  TWIN_OF_NON_VM_NETWORK(
      "Network ${network} is not a VM network: there are no vNICs on it to isolate."),
  TWIN_OF_EXTERNAL_NETWORK(
      "Network ${network} is an external network, whose ports no bridge of the hosts isolates."),
  TWIN_OF_ISOLATED_NETWORK("Network ${network} is isolated already."),
  TWIN_IN_NO_CLUSTER(
      "None of the clusters that Network ${network} is attached to can isolate ports, so no vNIC"
          + " could move to the isolated twin."),
  TWIN_CLUSTER_LEVEL(
      "Cluster ${cluster} has compatibility level ${level}, for which port isolation is not"
          + " supported: the twin is not attached to it and the vNICs of its VMs stay. Raise the"
          + " cluster to level ${minimum} and prepare again."),
  TWIN_CLUSTER_SWITCH(
      "Cluster ${cluster} has switch type ${type}, where ports cannot be isolated: the twin is not"
          + " attached to it and the vNICs of its VMs stay. Set the switch type to Linux Bridge and"
          + " prepare again."),
  TWIN_ROLE_STAYS(
      "Network ${network} is the ${role} network of cluster ${cluster}. That role stays with it, as"
          + " an isolated network cannot have it, so keep the network after the move."),
  TWIN_PROFILE_PASS_THROUGH(
      "vNIC profile ${profile} is a passthrough profile, which an isolated network cannot have: its"
          + " vNICs stay. Put them on another profile of Network ${network} first."),
  TWIN_PROFILE_MIRRORING(
      "vNIC profile ${profile} mirrors ports, which copies frames past the isolation: its vNICs"
          + " stay. Put them on another profile of Network ${network} first."),
  TWIN_PROFILE_FAILOVER(
      "vNIC profile ${profile} fails over to a profile of Network ${network}, and goes on to do so:"
          + " its VMs reach that network past the isolation. Give it another failover."),
  TWIN_PERMISSIONS_STAY(
      "Permissions on the vNIC profiles of Network ${network} are not copied. Give those who may"
          + " choose its profiles the same on the twin's."),
  TWIN_LABEL_LATER(
      "Network ${network} has the label ${label}, which would make the engine put both networks on"
          + " the same NICs of the hosts. The label goes over to the twin with the step finish."),
  TWIN_HOST_NEEDS_NIC(
      "Host ${host} carries Network ${network} but not ${twin}, and cannot have both on one NIC or"
          + " bond (${why}). Either set ${twin} up in Setup Host Networks on another NIC or bond"
          + " that reaches the same segment, and running VMs can move; or migrate or stop the VMs"
          + " there, put ${twin} in the place of ${network}, move the vNICs of stopped VMs, and"
          + " start them."),
  TWIN_NAME_TAKEN(
      "The name ${name} is already used by another network of the same data center. Give another"
          + " one in the field name."),
  TWIN_ALREADY_PREPARED(
      "The isolated twin of Network ${network} is ${twin} already. Remove it first to have another"
          + " name."),
  TWIN_NOT_PREPARED("Network ${network} has no isolated twin yet: call the step prepare first."),
  TWIN_FINISHED(
      "Moving from Network ${network} to ${twin} is finished. Forget it with DELETE to begin"
          + " again."),
  TWIN_STILL_USED(
      "These vNICs are on Network ${network} still: ${vnics}. Move them, or take them off."),
  MOVE_STEP_UNKNOWN("The field step must be prepare, move, revoke or finish, not \"${step}\"."),
  MOVE_VNIC_UNKNOWN(
      "There is no vNIC or VM ${id} with a vNIC on Network ${network} that you may see."),
  MOVE_VNIC_ELSEWHERE(
      "vNIC ${nic} of VM ${vm} is neither on Network ${network} nor on ${twin} any more."),
  MOVE_PROFILE_WITHOUT_COUNTERPART(
      "The vNIC profile of vNIC ${nic} of VM ${vm} has no counterpart on Network ${other}; what"
          + " stands against it is said above. Put the vNIC on another profile first."),
  MOVE_CLUSTER_WITHOUT_NETWORK(
      "VM ${vm} is in a cluster that Network ${other} is not attached to."),
  MOVE_HOST_WITHOUT_NETWORK(
      "VM ${vm} runs on a host on which Network ${other} is not set up, so that vNIC ${nic} would"
          + " lose its connection. Set the network up there, migrate the VM to a host that has it,"
          + " or stop the VM."),
  MOVE_VM_BETWEEN_STATES("VM ${vm} is ${status}: vNIC ${nic} can be moved while it is up or down."),
  POLICY_ON_NON_VM_NETWORK(
      "Network ${network} is not a VM network: there are no vNICs on it that a policy could rule."),
  POLICY_ON_EXTERNAL_NETWORK(
      "Network ${network} is an external network, whose ports are on no bridge of the hosts. Write"
          + " policies for it at its provider."),
  POLICY_ON_ROLE_NETWORK(
      "Network ${network} has the role ${role} in cluster ${cluster}: hosts and the engine reach"
          + " each other over it, and a policy could cut them off. Put the VMs on a network without"
          + " that role, and write the policy there."),
  POLICY_ON_STORAGE_NETWORK(
      "Network ${network} carries storage (iSCSI bond ${bond}): a policy could cut hosts off from it."
          + " Put the VMs on another network, and write the policy there."),
  POLICY_ON_OTHER_SWITCH(
      "Network ${network} is attached to cluster ${cluster} with switch type ${type}; policies are"
          + " enforced on Linux bridges only. Detach the network from that cluster, or use another"
          + " network there."),
  ROLE_ON_NETWORK_WITH_POLICIES(
      "Network ${network} has ACLs or network policies and cannot have the ${role} role: a policy"
          + " could cut its peers off. Remove the policies first, or use another Network for the"
          + " role."),
  OTHER_SWITCH_FOR_NETWORK_WITH_POLICIES(
      "Network ${network} has ACLs or network policies, which are enforced on Linux bridges only,"
          + " and cluster ${cluster} has switch type ${type}. Remove the policies first, or use"
          + " another Network there."),
  VLAN_NEEDS_ISOLATION_ON_UPLINK_SWITCH(
      "Network ${network} is VLAN-tagged (${vlan}): its VMs on different hosts are kept apart only"
          + " if the uplink switch isolates the hosts' ports in this VLAN, or if its uplink is"
          + " limited to gateways.");

  private final String template;

  ValidationMessage(String template) {
    this.template = template;
  }

  /**
   * The message as a sentence.
   *
   * @param variables values by name; a place without a value stays as it is, so that it is seen
   */
  public String text(Map<String, String> variables) {
    String text = template;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      text = text.replace("${" + variable.getKey() + "}", variable.getValue());
    }
    return text;
  }
}
