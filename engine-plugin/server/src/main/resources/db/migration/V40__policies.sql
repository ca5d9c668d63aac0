-- SPDX-License-Identifier: Apache-2.0

-- What administrators wrote for a network: its ACLs, network policies, address sets and port groups; see
-- docs/design/policies-server.md. Rows are only added: the newest of a document is what it says now, one without
-- content says that it was removed. version orders the changes of all documents.
CREATE TABLE policy_revision (
    version       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network_id    uuid        NOT NULL,
    kind          varchar(14) NOT NULL CHECK (kind IN ('acls', 'network_policy', 'address_set', 'port_group')),
    name          text        NOT NULL,
    revision      integer     NOT NULL CHECK (revision > 0),
    content       text,
    mode          varchar(7)  NOT NULL CHECK (mode IN ('enforce', 'audit')),
    author        text        NOT NULL,
    written_at    timestamptz NOT NULL,
    comment       text        NOT NULL,
    restored_from integer,
    UNIQUE (network_id, kind, name, revision)
);

-- The VMs that a revision names, by the names they bore when it was written.
CREATE TABLE policy_pin (
    version bigint NOT NULL REFERENCES policy_revision ON DELETE CASCADE,
    vm_name text   NOT NULL,
    vm_id   text   NOT NULL,
    PRIMARY KEY (version, vm_name)
);
