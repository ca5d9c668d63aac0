-- SPDX-License-Identifier: Apache-2.0

-- Isolated networks that somebody opened for a while. "opening" is written before the engine is asked;
-- "closing" until the engine and the running VMs have it; see docs/design/emergency.md.
CREATE TABLE emergency (
    emergency_id uuid         PRIMARY KEY,
    network_id   uuid         NOT NULL REFERENCES isolated_network ON DELETE CASCADE,
    network_name text NOT NULL,
    reason       text NOT NULL,
    opened_by    text NOT NULL,
    opened_at    timestamptz  NOT NULL,
    until        timestamptz  NOT NULL,
    status       varchar(8)   NOT NULL CHECK (status IN ('opening', 'open', 'closing', 'closed')),
    closed_by    text,
    closed_at    timestamptz,
    version      bigint       NOT NULL
);

-- A network is opened once at a time.
CREATE UNIQUE INDEX emergency_open ON emergency (network_id) WHERE status <> 'closed';
CREATE INDEX emergency_network ON emergency (network_id, opened_at);
