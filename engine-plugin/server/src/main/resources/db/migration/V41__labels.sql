-- SPDX-License-Identifier: Apache-2.0

-- What administrators said of VMs and vNICs, for policies to select by. vnic_id is the VM's own id where it is said
-- of the VM. No row: nothing was said.
CREATE TABLE vm_said (
    vm_id     uuid NOT NULL,
    vnic_id   uuid NOT NULL,
    namespace text,
    PRIMARY KEY (vm_id, vnic_id)
);

CREATE TABLE vm_label (
    vm_id   uuid NOT NULL,
    vnic_id uuid NOT NULL,
    name    text NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (vm_id, vnic_id, name),
    FOREIGN KEY (vm_id, vnic_id) REFERENCES vm_said ON DELETE CASCADE
);

CREATE TABLE vnic_address (
    vm_id   uuid NOT NULL,
    vnic_id uuid NOT NULL,
    address text NOT NULL,
    PRIMARY KEY (vm_id, vnic_id, address),
    FOREIGN KEY (vm_id, vnic_id) REFERENCES vm_said ON DELETE CASCADE
);
