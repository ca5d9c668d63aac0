-- SPDX-License-Identifier: Apache-2.0

-- Counts the writes that went through us, so that two clients that write the same do not both win.
CREATE TABLE entity_version (
    entity  varchar(200) PRIMARY KEY,
    version bigint       NOT NULL
);

-- Written before the engine is asked for a change that also concerns our store, and removed when both
-- have it. What is found here at start was cut short: see docs/design/server.md.
CREATE TABLE engine_change (
    change_id      uuid         PRIMARY KEY,
    kind           varchar(8)   NOT NULL CHECK (kind IN ('add', 'follow')),
    data_center_id uuid,
    name           text,
    network_id     uuid,
    enforcement    varchar(8)   CHECK (enforcement IN ('native', 'hook')),
    started_at     timestamptz  NOT NULL,
    CHECK (network_id IS NOT NULL OR (kind = 'add' AND data_center_id IS NOT NULL AND name IS NOT NULL))
);

-- How an isolated network reaches the outside: see "Across hosts" in the design. No row: open.
CREATE TABLE network_uplink (
    network_id uuid       PRIMARY KEY REFERENCES isolated_network ON DELETE CASCADE,
    mode       varchar(8) NOT NULL CHECK (mode IN ('open', 'gateways'))
);

CREATE TABLE network_gateway (
    network_id uuid        NOT NULL REFERENCES network_uplink ON DELETE CASCADE,
    mac        varchar(17) NOT NULL,
    PRIMARY KEY (network_id, mac)
);
